#!/bin/sh
# SPDX-License-Identifier: ISC
# What each rule has collected is counted, in the kernel and in userspace, and
# goes on being counted after a reload.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4

# send PORT N: N datagrams
send() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 1 -n "$2" -r 0 \
	    -s "$1" >/dev/null
}

# filler N: rules that nothing matches
filler() {
	seq "$1" | sed 's/.*/rule none& { src = 10.77.0.0\/16 dst-port = & }/'
}

# matched RULE: in $T/counters
matched() {
	sed -n "s/.*mirror \"m\": rule \"$1\": matched_packets=//p" \
	    "$T/counters"
}

mirror_counter() {
	sed -n "s/.*mirror \"m\": state=.* $1=\([^ ]*\).*/\1/p" "$T/counters"
}

captured_is() {
	counters_get
	[ "$(mirror_counter captured_packets)" -eq "$1" ]
}

# expect CAPTURED RULE=N...
expect() {
	for round in 1 2 3 4 5 6 7 8; do
		! captured_is "$1" || break
	done
	expect_eq "captured packets in round $round" \
	    "$(mirror_counter captured_packets)" "$1"
	shift
	for pair; do
		expect_eq "${pair%=*}" "$(matched "${pair%=*}")" "${pair#*=}"
	done
}

reload() {
	mirror_conf "" "direction = out $1"
	daemon_reload
	log_says 'reload: done' || fail "no reload"
}

# check FILLER PLACE: the same counts with so many rules that match nothing
check() {
	none=$(filler "$1")
	mirror_start "" "direction = out  filter = first
		$none
		rule quiet { protocol = udp  dst-port = 5001  action = drop }
		rule one   { protocol = udp  dst-port = 5000 }
		rule net   { dst = 10.0.0.0/24 }"
	send 5000 5
	send 5001 7
	send 5002 11
	expect 16 quiet=0 one=5 net=11 none1=0
	expect_eq "filter" "$(mirror_counter filter)" "$2"

	# In another order, one renamed; only the names count.
	reload "filter = any
		rule all { dst = 10.0.0.0/24  protocol = udp }
		$none
		rule one { protocol = udp  dst-port = 5000 }"
	send 5000 3
	expect 19 all=3 one=5
	expect_eq "a rule that is gone" "$(matched net)" ""

	# Each has all of them.
	reload "filter = all
		rule one { protocol = udp  dst-port = 5000 }
		rule two { protocol = udp }"
	send 5000 2
	send 5002 2
	expect 21 one=7 two=2
	mirror_stop 21
}

check 3 kernel
check 2000 userspace
