#!/bin/sh
# SPDX-License-Identifier: ISC
# Rules that are too many for the kernel are matched in userspace, and so are
# those that it has no room for, with a warning: the same packets.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab

# rules N: one for each even port from 10000 on
rules() {
	echo "filter = any"
	port=10000
	while [ "$port" -lt $((10000 + 2 * $1)) ]; do
		echo "rule p$port { protocol = udp  src = 10.0.0.14/31" \
		    "dst = { 10.0.0.1, \"fd00::1\" }  dst-port = $port }"
		port=$((port + 2))
	done
}

# 100 packets to each of 50 ports, IPv4 in both directions and IPv6; pings.
traffic() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 5000 -n 5000 \
	    -r 50000 >/dev/null
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 5000 -n 5000 \
	    -r 50000 >/dev/null
	in_ns source "$tools/flowgen" -6 -d fd00::1 -f 5000 -n 5000 \
	    -r 50000 >/dev/null
	in_ns source ping -q -c 3 -i 0.01 10.0.0.1 >"$T/ping.log"
}

warning='mirror "m": the kernel refuses a filter of this size'

# check RULES PLACE [WARNS]: half of the ports that are sent to have a rule
check() {
	mirror_start "" "$1"
	in_ns source "$top_builddir/trafmirrord" -n -c "$T/m.conf" 2>"$T/n.err"
	if [ "${3-}" = warns ]; then
		log_says "$warning" || fail "no warning in the log"
		grep -q "$warning" "$T/n.err" || fail "no warning from -n"
	else
		! log_says "$warning" || fail "a warning in the log"
		! grep -q "$warning" "$T/n.err" || fail "a warning from -n"
	fi
	traffic
	mirror_stop 2500
	expect_eq "filter" "$(counter filter)" "$2"
	expect_eq "captured" "$(counter captured_packets)" 2500
	expect_eq "copied" "$(counter copied_packets)" 2500
	expect_eq "copies" "$(capture_count "$copies")" 2500
	expect_eq "copies that match" "$(capture_count "$copies" \
	    "ip dst host 10.0.0.1 and udp[3] & 1 = 0")" 2500
}

check "$(rules 250)" userspace
check "$(rules 25)" kernel

# The kernel charges programs to this, which is one for each namespace.
in_ns source sh -c 'echo 8192 >/proc/sys/net/core/optmem_max' ||
	skip "net.core.optmem_max cannot be set in a namespace here"
check "$(rules 25)" userspace warns
