#!/bin/sh
# SPDX-License-Identifier: ISC
# Direction in, out and all: exactly the frames of it, each once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

pings=5
lab

# The hop-by-hop header is that of multicast reports, which come and go.
all='not (ip6 and ip6[6] = 0)'

# count WHAT FILTER WANT
count() {
	expect_eq "$direction: $1" "$(capture_count "$copies" "$2")" "$3"
}

# check DIRECTION SOURCES OUT IN HOST4 HOST6: pings to the hosts, whose
# requests go out OUT times and whose replies come in IN times
check() {
	direction="direction = $1, sources = $2"
	sources=$2
	mirror_start "" "direction = $1"
	in_ns source ping -q -c "$pings" -i 0.01 "$5" >"$T/ping.log"
	in_ns source ping -q -c "$pings" -i 0.01 "$6" >"$T/ping.log"
	mirror_stop $((2 * ($3 + $4)))
	count "echo requests" 'icmp[0] = 8' "$3"
	count "echo replies" 'icmp[0] = 0' "$4"
	count "IPv6 echo requests" 'icmp6 and ip6[40] = 128' "$3"
	count "IPv6 echo replies" 'icmp6 and ip6[40] = 129' "$4"
	count "all" "$all" $((2 * ($3 + $4)))
}

check out eth0 "$pings" 0 10.0.0.1 fd00::1
check in eth0 0 "$pings" 10.0.0.1 fd00::1
check all eth0 "$pings" "$pings" 10.0.0.1 fd00::1

# What lo sends it receives: two frames for each packet, of which "all" wants
# one.
for lo_direction in all in out; do
	check "$lo_direction" lo "$pings" "$pings" 127.0.0.1 ::1
done
