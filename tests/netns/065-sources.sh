#!/bin/sh
# SPDX-License-Identifier: ISC
# Names, patterns, addresses and "all" as interfaces change their names and
# addresses under traffic.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
rate=1000

ns_new client source target
link client eth1 10.0.1.1/24 source eth1 10.0.1.14/24
link client eth2 10.0.2.1/24 source eth2 10.0.2.14/24
link source eth9 10.0.9.1/24 target eth0 10.0.9.11/24

# write SOURCES
write() {
	cat >"$conf" <<END
user = root
target ids { address = 10.0.9.11 }
target own { address = 10.0.2.99 }
mirror demo {
	sources   = { $1 }
	direction = in
	bpf       = "udp and dst portrange 10000-10099"
	targets   = { ids, own }
	balance   = replicate
}
END
}

start() {
	write "$1"
	daemon_start source "$conf"
}

# stream N LINK: numbered packets by that link, in the background
stream() {
	in_ns client "$tools/flowgen" -4 -d "10.0.$2.14" -f 10 -n "$1" \
	    -r "$rate" >/dev/null &
	stream_pid=$!
}

# captured [IFACE]
captured() {
	counters_get
	counter demo captured_packets ${1:+source "$1"}
}

sources() {
	counters_get
	sed -n 's/.*: source \([^ ]*\): .* state=/\1 /p' "$T/counters" |
		sort | tr '\n' ' '
}

has_sources() {
	[ "$(sources)" = "$1" ]
}

# expect_sources "NAME STATE ...": soon, as a line of the log comes first
expect_sources() {
	wait_until 3 has_sources "$1 " || fail "sources: $(sources), want $1"
}

# has_captured N [IFACE]
has_captured() {
	[ "$(captured ${2:+"$2"})" -ge "$1" ]
}

rename() {
	ip -n source link set dev "$1" name "$2"
}

ip -n source link set dev eth1 name eth1x 2>/dev/null &&
	ip -n source link set dev eth1x name eth1 && live=yes || live=

# Names may change while an interface is up since Linux 6.2.
rename_under_traffic() {
	[ -n "$live" ] || ip -n source link set dev "$1" down
	rename "$1" "$2"
	[ -n "$live" ] || ip -n source link set dev "$2" up
}

# ---- a new name that is a source too: nothing is lost, each name counts ----

start '"eth[12]*"'
stream 2000 1
has_some() {
	has_captured 200 eth1
}
wait_until 5 has_some || fail "eth1 is not captured"
log_mark
rename_under_traffic eth1 eth1new
log_wait 3 'mirror "demo": eth1: interface is called eth1new now'
wait "$stream_pid" || error "flowgen fails"
wait_until 3 has_captured 2000 || :
lost=$((2000 - $(captured)))
echo "renamed under a pattern: $lost of 2000 packets lost"
[ -z "$live" ] || expect_eq "packets lost by a new name" "$lost" 0
# On a busy machine all may have come before the new name was seen.
total=$((2000 - lost + 100))
stream 100 1
wait "$stream_pid" || error "flowgen fails"
wait_until 3 has_captured "$total" || :
after=$(captured eth1new)
[ "$after" -ge 100 ] || fail "only $after of 100 packets count for eth1new"
expect_sources "eth1new up eth2 up"
log_mark
rename_under_traffic eth1new eth1
log_wait 3 'mirror "demo": eth1new: interface is called eth1 now'
expect_eq "counter of eth1, as it is called again" "$(captured eth1)" \
    $((total - after))
# Two that change their names with each other. Who looks only then has rings
# that go on; who looks in between finds one called tmp, which is no source,
# and opens a ring for it later. Each name counts on, whoever has it.
# rename_line IFACE NAME: for a batch of ip
rename_line() {
	[ -n "$live" ] || echo "link set dev $1 down"
	echo "link set dev $1 name $2"
	[ -n "$live" ] || echo "link set dev $2 up"
}
swap() {
	{
		rename_line eth1 tmp
		rename_line eth2 eth1
		rename_line tmp eth2
	} | ip -n source -batch -
}
# has_both N N: what was captured as eth1, and as eth2
has_both() {
	first=$(captured eth1)
	second=$(captured eth2)
	[ "$first" = "$1" ] && [ "$second" = "$2" ]
}
# both_count_on N N: by the links that are called eth1 and eth2 at present
both_count_on() {
	expect_sources "eth1 up eth2 up"
	had_first=$first
	had_second=$second
	has_both "$first" "$second" ||
		fail "eth1 has $first packets now, not $had_first;" \
		    "eth2 $second, not $had_second"
	stream 30 "$1"
	wait "$stream_pid" || error "flowgen fails"
	stream 100 "$2"
	wait "$stream_pid" || error "flowgen fails"
	total=$((total + 130))
	wait_until 3 has_both $((had_first + 30)) $((had_second + 100)) ||
		fail "eth1 has $first packets now, not $had_first and 30;" \
		    "eth2 $second, not $had_second and 100"
	expect_eq "all packets" "$(captured)" "$total"
}
has_both $((total - after)) 0 || fail "eth1 has $first packets, eth2 $second"
both_count_on 1 2
log_mark
swap
log_wait 3 'eth1: interface is called eth2 now|eth2: capturing'
both_count_on 2 1
log_mark
rename_under_traffic eth1 tmp
log_wait 3 'eth1: interface is called tmp now, and is no source'
rename_under_traffic eth2 eth1
log_wait 3 'eth2: interface is called eth1 now'
rename_under_traffic tmp eth2
log_wait 3 'eth2: capturing'
both_count_on 1 2
daemon_stop

# ---- by name: what it is called decides ----

start eth1
log_mark
rename_under_traffic eth1 eth7
log_wait 3 'mirror "demo": eth1: interface is called eth7 now, and is no source'
expect_sources "eth1 missing"
expect_eq "state of the mirror" "$(counter demo state)" waiting
log_mark
rename_under_traffic eth7 eth1
stream 1500 1
wait "$stream_pid" || error "flowgen fails"
wait_until 3 has_captured $((1500 - rate)) ||
	fail "called eth1 again: $(captured) of 1500 packets captured"
echo "name returns: captured again after $((1500 - $(captured))) ms"
expect_sources "eth1 up"
daemon_stop

# ---- an address moves from one interface to another ----

ip -n source address add 10.0.3.14/32 dev eth1
start 10.0.3.14
expect_sources "eth1 up"
log_mark
ip -n source address delete 10.0.3.14/32 dev eth1
log_wait 3 'mirror "demo": eth1: no source any more: its addresses'
expect_sources "10.0.3.14 missing"
ip -n source address add 10.0.3.14/32 dev eth2
stream 1500 2
wait "$stream_pid" || error "flowgen fails"
wait_until 3 has_captured $((1500 - rate)) ||
	fail "address moved: $(captured) of 1500 packets captured"
echo "address moved: captured there after $((1500 - $(captured))) ms"
expect_sources "eth2 up"
daemon_stop
ip -n source address delete 10.0.3.14/32 dev eth2

# ---- all: not what owns the address of a target, also if it comes later ----

start all
expect_sources "eth1 up eth2 up eth9 up"
log_mark
ip -n source address add 10.0.2.99/24 dev eth2
log_wait 3 'mirror "demo": eth2: no source any more: its addresses'
expect_sources "eth1 up eth9 up"
log_mark
ip -n source address delete 10.0.2.99/24 dev eth2
log_wait 3 'mirror "demo": eth2: capturing'
expect_sources "eth1 up eth2 up eth9 up"
counters_add_up demo
daemon_stop
