#!/bin/sh
# SPDX-License-Identifier: ISC
# A third mirror takes the copies apart at their target and sends what was in
# them back, under a VXLAN network identifier, a port and an address that are
# nobody's: no filter knows them. The breaker of the mirror does.
. "$(dirname "$0")/lib.sh"

packets=2000
rate=500
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24 9000
ip -n source neighbour add 10.0.0.99 lladdr 02:00:00:00:01:0a dev eth0
vxlan_dev target copies 1 4789 10.0.9.11
ip -n target link set dev copies mtu 8900
ip -n target link add dev back type vxlan id 42 dstport 8472 \
    local 10.0.9.12 remote 10.0.9.1 nolearning
ip -n target link set dev back mtu 8900 up
# Somebody who listens, so that nobody answers with errors.
vxlan_dev source sink 42 8472 10.0.9.1

cat >"$conf" <<END
user = root
target ids { address = 10.0.9.11 }
mirror m {
	sources = { eth0, eth1 }
	targets = { ids }
}
END

returned() {
	in_ns target cat /sys/class/net/back/statistics/tx_packets
}

traffic() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.99 -f 100 -n "$packets" \
	    -r "$rate" >"$T/sent"
}

# Nothing goes round any more, once there is no traffic.
is_quiet() {
	quiet_before=$quiet_now
	quiet_now=$(returned)
	[ "$quiet_now" = "$quiet_before" ]
}

quiet() {
	quiet_now=
	wait_until 5 is_quiet || fail "it still goes round: $(returned)"
}

in_ns target tc qdisc add dev copies clsact &&
	in_ns target tc filter add dev copies ingress protocol all u32 \
	    match u32 0 0 action mirred egress mirror dev back ||
	skip "no tc, or the kernel has no clsact, u32 or mirred"
daemon_start source "$conf"
log_mark
traffic
log_wait 5 'mirror "m": its copies come back to it'
quiet
before=$(returned)
counters_get
[ "$(counter m dropped_loop)" -gt 0 ] || fail "nothing was dropped"

# A packet comes back as one tunnel, two and three; three are known.
traffic
quiet
after=$(returned)
echo "$packets packets at $rate/s: $before came back with the breaker" \
    "closed at first, then $((after - before))"
[ "$before" -le $((packets * 4)) ] || fail "it has grown for too long"
[ $((after - before)) -le $((packets * 3)) ] || fail "it is not held"

# The cause goes, and the breaker closes.
log_mark
in_ns target tc qdisc del dev copies clsact
since=$(date +%s)
log_wait 20 'mirror "m": no more copies come back .*dropped_loop='
echo "closed again after $(($(date +%s) - since)) s"
counters_get
dropped=$(counter m dropped_loop)
traffic
daemon_stop
counters_add_up m
expect_eq "dropped after the end" "$(counter m dropped_loop)" "$dropped"
