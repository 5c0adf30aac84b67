#!/bin/sh
# SPDX-License-Identifier: ISC
# Interfaces that come, go, and come again, and all the ways to name them.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf

ns_new source target
link source eth9 10.0.9.1/24 target eth0 10.0.9.11/24

# write SOURCES
write() {
	cat >"$conf" <<END
user = root
target ids { address = 10.0.9.11 }
mirror demo {
	sources = { $1 }
	targets = { ids }
}
END
}

frame='ffffffffffff 020000000001 0800 4500001c00000000401100000a000001 0a000002'

# add IFACE: one side of a cable within the namespace
add() {
	ip -n source link add dev "$1" type veth peer name "$1-far"
	ip -n source link set dev "$1-far" up
	ip -n source link set dev "$1" up
}

# mirrored IFACE: whether a frame out of it arrives as a copy
mirrored() {
	before=$(capture_count "$T/copies.pcap")
	echo "$frame 00010002 0008 0000" |
		in_ns source "$tools/framesend" "$1" || return 1
	wait_until 2 capture_has "$T/copies.pcap" $((before + 1))
}

expect_mirrored() {
	mirrored "$1" || fail "no copy of what $1 sends"
}

start() {
	daemon_start source "$conf"
}

capturing() {
	log_wait 3 "mirror \"demo\": $1: capturing"
}

gone() {
	log_wait 3 "mirror \"demo\": $1: interface is gone"
}

has_state() {
	counters_get
	[ "$(counter demo state)" = "$1" ]
}

# Within a second the daemon has seen what is up.
state() {
	wait_until 1 has_state "$1" || :
	expect_eq "state of the mirror" "$(counter demo state)" "$1"
}

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'

# By name: it does not exist yet; comes, goes, comes again.
write eth1
start
log_says 'interface eth1 does not exist yet' || fail "no warning at the start"
state waiting
log_mark
add eth1
capturing eth1
expect_mirrored eth1
state collecting
log_mark
ip -n source link delete dev eth1
gone eth1
state waiting
log_mark
add eth1
capturing eth1
expect_mirrored eth1

# Down and up it is captured again; under another name it is another.
ip -n source link set dev eth1 down
ip -n source link set dev eth1 up
expect_mirrored eth1
log_mark
ip -n source link set dev eth1 down
ip -n source link set dev eth1 name eth5
log_wait 3 'mirror "demo": eth1: interface is called eth5 now, and is no source'
ip -n source link set dev eth5 name eth1
ip -n source link set dev eth1 up
capturing eth1
expect_mirrored eth1

# Deleted and made again at once: the name is the same, the interface is not.
log_mark
ip -n source link delete dev eth1
add eth1
capturing eth1
expect_mirrored eth1
daemon_stop
copies=$(capture_count "$T/copies.pcap")
expect_eq "copied packets" "$(counter demo copied_packets)" "$copies"
counters_add_up demo

# By address: an interface has it, then another.
write 10.0.1.14
ip -n source address add 10.0.1.14/24 dev eth1
add eth2
start
expect_mirrored eth1
log_mark
ip -n source address delete 10.0.1.14/24 dev eth1
log_wait 3 'mirror "demo": eth1: no source any more'
ip -n source address add 10.0.1.14/24 dev eth2
capturing eth2
expect_mirrored eth2
daemon_stop

# By glob: what fits, and no more, also later.
write '"eth[1-3]"'
start
counters_get
expect_eq "sources" "$(grep -c 'source eth' "$T/counters")" 2
log_mark
add eth3
capturing eth3
for i in 1 2 3; do
	expect_mirrored "eth$i"
done
daemon_stop

# All: without lo, and without whatever owns the address of a target.
ip -n source address add 10.0.9.12/24 dev eth2-far
write all
sed -i 's/^mirror/target own { address = 10.0.9.12 }\n&/' "$conf"
sed -i 's/{ ids }/{ ids, own }/' "$conf"
start
counters_get
expect_eq "sources of all" "$(grep -o 'source [^:]*' "$T/counters" |
	cut -d ' ' -f 2 | tr '\n' ' ')" \
    "eth1 eth1-far eth2 eth3 eth3-far eth9 "
daemon_stop
