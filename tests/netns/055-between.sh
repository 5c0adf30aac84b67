#!/bin/sh
# SPDX-License-Identifier: ISC
# A bridge that others' traffic crosses: copies of another trafmirrord to the
# same target, by any encapsulation, with another session-id and in fragments,
# are left out; what else goes to and from the target, and an overlay network
# that looks like copies but for its address, is mirrored.
#
#	other eth0 -- port1 host (br0) port2 -- eth0 target
. "$(dirname "$0")/lib.sh"

packets=500
pings=5
ns_new client other host target
link client eth0 10.0.0.1/24 other eth1 10.0.0.14/24
link other eth0 10.0.9.2/24 host port1 none
link host port2 none target eth0 10.0.9.11/24,10.0.9.12/24
ip -n host link add dev br0 address 02:00:00:00:09:01 type bridge \
    mcast_snooping 0
ip -n host link set dev port1 master br0
ip -n host link set dev port2 master br0
ip -n host link set dev br0 up
ip -n host address add 10.0.9.1/24 dev br0
mac=02:00:00:00:03:0b
ip -n other neighbour add 10.0.9.11 lladdr $mac dev eth0 nud permanent
ip -n other neighbour add 10.0.9.12 lladdr $mac dev eth0 nud permanent
ip -n other neighbour add 10.0.0.99 lladdr 02:00:00:00:01:0a dev eth1
ip -n host neighbour add 10.0.9.11 lladdr $mac dev br0 nud permanent
ip -n target neighbour add 10.0.9.2 lladdr 02:00:00:00:02:0a dev eth0 \
    nud permanent
# The overlay network: the first session-id, the port of copies.
ip -n other link add dev overlay type vxlan id 1 dstport 4789 \
    local 10.0.9.2 remote 10.0.9.12 nolearning
ip -n other link set dev overlay addrgenmode none up
ip -n other address add 10.77.0.1/24 dev overlay
ip -n other neighbour add 10.77.0.2 lladdr 02:00:00:00:77:02 dev overlay
vxlan_dev target overlay 1 4789 10.0.9.12

# write NAME SOURCE SESSION ENCAP EXCLUDE
write() {
	cat >"$T/$1.conf" <<END
user = root
control-socket = ""
target ids { address = 10.0.9.11  encap = $4 }
mirror m {
	sources         = { $2 }
	targets         = { ids }
	session-id      = $3
	exclude-targets = $5
}
END
}

# check ENCAP EXCLUDE WANT
check() {
	write other eth1 77 "$1" true
	write host port1 1 vxlan "$2"
	daemon_log=$T/other.log
	daemon_start other "$T/other.conf"
	other_pid=$daemon_pid
	daemon_log=$T/host.log
	daemon_start host "$T/host.conf"
	host_pid=$daemon_pid
	in_ns other "$tools/flowgen" -4 -d 10.0.0.99 -f 10 -n "$packets" \
	    -r 2000 -l 1440 >"$T/sent"
	in_ns other "$tools/flowgen" -4 -d 10.77.0.2 -f 10 -n "$packets" \
	    -r 2000 >"$T/sent"
	in_ns other ping -q -c "$pings" -i 0.02 -s 2000 10.0.9.11 \
	    >"$T/ping.log" || fail "no answer from the target"
	daemon_log=$T/other.log
	daemon_pid=$other_pid
	daemon_stop
	expect_eq "copies of the other ($1)" "$(counter m copied_packets)" \
	    "$packets"
	[ "$(counter m fragmented_packets)" -gt 0 ] ||
		error "no copy was fragmented"
	daemon_log=$T/host.log
	daemon_pid=$host_pid
	daemon_stop
	expect_eq "captured beside $1, exclude-targets $2" \
	    "$(counter m captured_packets)" "$3"
	counters_add_up m
	echo "$1, exclude-targets $2: $packets copies of the other left" \
	    "out, $3 packets mirrored"
}

# A ping is two fragments each way.
for encap in vxlan geneve gre erspan; do
	check "$encap" false $((packets + 4 * pings))
	check "$encap" true "$packets"
done
