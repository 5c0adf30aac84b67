#!/bin/sh
# SPDX-License-Identifier: ISC
# Copies larger than the path MTU are fragmented, truncated or dropped, as
# oversize says; the path is followed as it changes.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v ethtool >/dev/null || skip "ethtool is not installed"

n=200

lab
# A joined copy on the wire would be larger than any MTU.
in_ns source ethtool -K eth1 tx-udp-segmentation off

# mtu BYTES: of the path
mtu() {
	ip -n source link set dev eth1 mtu "$1"
}

# send PAYLOAD: n packets; the outer IP packet is 78 bytes larger over IPv4
send() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 20 -n "$n" -r 20000 \
	    -l "$1" >/dev/null
}

# results WHAT WANT: copied, fragmented, truncated, dropped
results() {
	expect_eq "$1: copied fragmented truncated dropped" \
	    "$(counter copied_packets) $(counter fragmented_packets)\
 $(counter truncated_packets) $(counter dropped_oversize)" "$2"
}

only='bpf = "udp portrange 10000-10099"'
fragment='ip[6:2] & 0x3fff != 0'

# all_modes GSO: a copy of 1500 bytes fits, one of 1501 does not
all_modes() {
	mtu 1500

	mirror_start "udp-gso = $1" "$only oversize = fragment"
	send 1422
	send 1423
	mirror_stop $((2 * n))
	results "fragment, gso $1" "$((2 * n)) $n 0 0"
	expect_eq "whole copies" "$(capture_count "$copies" 'greater 1465')" "$n"

	mirror_start "udp-gso = $1" "$only oversize = truncate" eth0
	send 1422
	send 1423
	send 1472
	mirror_stop $((3 * n))
	results "truncate, gso $1" "$((3 * n)) 0 $((2 * n)) 0"
	expect_eq "fragments" "$(capture_count "$copies" "$fragment")" 0
	expect_eq "full copies" "$(capture_count "$copies" 'ip[2:2] = 1500')" \
	    $((3 * n))
	# The copied IP header says how long the packet was.
	for len in 1450 1451 1500; do
		expect_eq "inner length $len" "$(capture_count "$copies" \
		    "udp[32:2] = $len")" "$n"
	done

	mirror_start "udp-gso = $1" "$only oversize = drop" eth0
	send 1422
	send 1423
	mirror_stop "$n"
	results "drop, gso $1" "$n 0 0 $n"
	expect_eq "fragments" "$(capture_count "$copies" "$fragment")" 0
	mtu 9000
}

all_modes on
all_modes off

# ---- the link's MTU is lowered, and raised, at run time ----

# now NAME: a counter of the running daemon
now() {
	daemon_counters >/dev/null
	counter "$1"
}

# grows NAME: whether n packets of 1378 bytes as copies change a counter
grows() {
	before=$(now "$1")
	send 1300
	[ "$(now "$1")" -gt "$before" ]
}

until_grows() {
	tries=50
	until grows "$1"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
	done
}

# changes OVERSIZE COUNTER
changes() {
	mirror_start "udp-gso = on" "$only oversize = $1"
	send 1000
	mtu 1300
	send 1000
	until_grows "$2" || fail "$1: the smaller MTU is not noticed"
	mtu 9000
	tries=50
	while grows "$2"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "$1: the larger MTU is not noticed"
	done
	mirror_stop
	expect_eq "$1: lost" \
	    "$(counter dropped_oversize) $(counter dropped_send-error)" "0 0"
	expect_eq "$1: copies" "$(capture_count "$copies")" \
	    "$(counter copied_packets)"
}

changes fragment fragmented_packets

# With DF the kernel refuses what is too large by now: it tells the MTU, and
# costs the copies of that moment.
mirror_start "udp-gso = off" "$only oversize = truncate"
send 1300
mtu 1300
until_grows truncated_packets ||
	fail "truncate: the smaller MTU is not noticed"
mirror_stop
expect_eq "captured" "$(counter captured_packets)" \
    "$(($(counter copied_packets) + $(counter dropped_oversize)))"
mtu 9000

# ---- the interface goes and comes back while nothing is sent ----

mirror_start "udp-gso = off" "$only oversize = drop"
send 1000
ip -n source link set dev eth1 down
ip -n source link set dev eth1 up
mac=$(in_ns target cat /sys/class/net/eth0/address)
ip -n source neigh replace 10.0.9.11 lladdr "$mac" dev eth1
until_grows copied_packets || fail "nothing is sent after a flap of the link"
mirror_stop

# ---- the path is narrower than the link: learned from a router ----

ns_new router sensor
link source eth2 10.0.8.1/24,fd00:8::1/64 router eth0 10.0.8.2/24,fd00:8::2/64 9000
link router eth1 10.0.7.2/24,fd00:7::2/64 sensor eth0 10.0.7.11/24,fd00:7::b/64 1300
ip -n source route add 10.0.7.0/24 via 10.0.8.2
ip -n source route add fd00:7::/64 via fd00:8::2
ip -n sensor route add default via 10.0.7.2
ip -n sensor route add default via fd00:7::2
in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# learns ADDRESS OVERSIZE COUNTER
learns() {
	address=$1
	mirror_start "" "$only oversize = $2"
	until_grows "$3" || fail "$1: the path MTU is not learned"
	mirror_stop
}

learns 10.0.7.11 truncate truncated_packets
learns fd00:7::b truncate truncated_packets
learns fd00:7::b fragment fragmented_packets
