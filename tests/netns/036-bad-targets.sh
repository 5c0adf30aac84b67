#!/bin/sh
# SPDX-License-Identifier: ISC
# Targets that nobody answers for, and one whose line is full: what they lose
# is counted and said, and a good one gets every copy.
. "$(dirname "$0")/lib.sh"

packets=4000
conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl

ns_new client source good bad slow
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.1.1/24 good eth0 10.0.1.2/24
link source eth2 10.0.2.1/24,fd00:2::1/64 bad eth0 10.0.2.2/24,fd00:2::2/64
link source eth3 10.0.3.1/24 slow eth0 10.0.3.2/24
tc -n source qdisc add dev eth3 root tbf rate 1mbit burst 5k limit 10k

# The kernel asks three times who has the address, with a second in between,
# and counts its reports among the 1000 errors a second of all the host.
in_ns source sh -c 'for v in 4 6; do
	echo 50 >/proc/sys/net/ipv$v/neigh/eth2/retrans_time_ms
done
echo 0 >/proc/sys/net/ipv4/icmp_ratemask'

cat >"$conf" <<'END'
user = root
target good  { address = 10.0.1.2 }
target lost4 { address = 10.0.2.99 }
target lost6 { address = "fd00:2::99" }
target gre   { address = 10.0.2.98  encap = gre }
target slow  { address = 10.0.3.2 }
mirror demo {
	sources   = { eth0 }
	direction = out
	targets   = { good, lost4, lost6, gre, slow }
	balance   = replicate
	rule udp { protocol = udp }
}
END

all_counted() {
	counters_get
	[ "$(counter demo captured_packets)" -eq "$packets" ]
}

undelivered_at_least() {
	counters_get
	[ "$(counter demo undelivered_packets target "$1")" -ge "$2" ]
}

status_is_same() {
	counters_get
	[ "$("$ctl" status demo | sed -n 's/^undelivered_packets=//p')" = \
	    "$(counter demo undelivered_packets)" ]
}

capture_start good eth0 "$T/good.pcap" 'udp port 4789'
daemon_start source "$conf"
log_mark
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 100 -n "$packets" -r 4000 \
    >/dev/null
wait_until 10 all_counted || fail "packets were not captured"
wait_until 10 capture_has "$T/good.pcap" "$packets" || :
capture_stop "$T/good.pcap"
"$tools/seqcheck" "$packets" "$T/good.pcap" || fail "copies to the good one"

for t in lost4 lost6 gre; do
	log_from=1
	log_wait 5 "target \"$t\": copies do not arrive: No route to host"
	wait_until 10 undelivered_at_least "$t" 3 || fail "$t: nothing counted"
	echo "$t: $(counter demo undelivered_packets target "$t") of" \
	    "$(counter demo copied_packets target "$t") known to be lost"
done
for t in good slow; do
	expect_eq "undelivered of $t" \
	    "$(counter demo undelivered_packets target "$t")" 0
done
full=$(counter demo dropped_packets target slow)
echo "slow: $full dropped"
[ "$full" -gt 0 ] || fail "the line is not full"
expect_eq "dropped, of all targets" "$(counter demo dropped_send-error)" "$full"
expect_eq "copied and dropped" "$(($(counter demo copied_packets) + full))" \
    $((5 * packets))
wait_until 5 status_is_same || fail "the status says something else"
daemon_stop
