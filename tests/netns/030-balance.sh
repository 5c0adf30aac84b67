#!/bin/sh
# SPDX-License-Identifier: ISC
# Flows over targets: none is split, shares follow weights, and a flow keeps
# its target when another target leaves, after a restart, and on another host.
. "$(dirname "$0")/lib.sh"

flows=10000
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 \
    10.0.9.11/24,10.0.9.12/24,10.0.9.13/24,10.0.9.14/24
link client eth1 10.0.8.1/24 target eth1 10.0.8.2/24
ip -n client route add 10.0.9.0/24 via 10.0.8.2

# write TARGET=WEIGHT...: target idsN has the address 10.0.9.N
write() {
	targets=
	echo "user = root" >"$conf"
	for word; do
		n=${word%=*}
		targets=${targets:+$targets, }ids$n
		echo "target ids$n { address = 10.0.9.$n weight = ${word#*=} }"
	done >>"$conf"
	cat >>"$conf" <<END
mirror demo {
	sources = { eth0 }
	targets = { $targets }
	rule udp { protocol = udp }
}
END
}

# send NS DESTINATION SOURCE-PORT DESTINATION-PORT
send() {
	expect_eq "sent" "$(in_ns "$1" "$tools/flowgen" -4 -d "$2" -p "$3" \
	    -s "$4" -f "$flows" -n "$flows" -r 20000)" "$flows"
}

# map_flows FILE: lines of both ends of a flow, in one order, and its target.
# A copy is two lines of tcpdump's, the outer header first.
map_flows() {
	capture_show "$1" | awk '
	    $2 == "IP" { target = $5; sub(/\.4789:$/, "", target); next }
	    { sub(/:$/, "", $4) }
	    { print ($2 < $4 ? $2 " " $4 : $4 " " $2), target }' | sort -u
}

# measure NAME IFACE both|one: traffic, and where the copies went: $T/NAME.map
measure() {
	capture_start target "$2" "$T/$1.pcap" 'udp port 4789'
	copies=$flows
	send source 10.0.0.1 20000 10000
	if [ "$3" = both ]; then
		copies=$((2 * flows))
		send client 10.0.0.14 10000 20000
	fi
	wait_until 10 capture_has "$T/$1.pcap" "$copies" || :
	capture_stop "$T/$1.pcap"
	expect_eq "copies" "$(capture_count "$T/$1.pcap")" "$copies"
	map_flows "$T/$1.pcap" >"$T/$1.map"
	expect_eq "pairs of flow and target in $1" "$(wc -l <"$T/$1.map")" \
	    "$flows"
}

# expect_share NAME N PERCENT: what ids N has in the map, within 5 %
expect_share() {
	got=$(grep -c " 10\.0\.9\.$2\$" "$T/$1.map")
	want=$((flows * $3 / 100))
	if [ "$((100 * got))" -lt "$((95 * want))" ] ||
	    [ "$((100 * got))" -gt "$((105 * want))" ]; then
		fail "$1: ids$2 has $got of $flows flows, want about $want"
	fi
}

same_map() {
	cmp -s "$T/$1.map" "$T/$2.map" || fail "flows of $1 and $2 differ"
}

write 11=1 12=1
daemon_start source "$conf"
measure even eth0 both
expect_share even 11 50
expect_share even 12 50

write 11=1 12=3
daemon_reload
measure weighted eth0 both
expect_share weighted 11 25
expect_share weighted 12 75

write 11=1 12=1 13=1 14=1
daemon_reload
measure four eth0 one
for n in 11 12 13 14; do
	expect_share four "$n" 25
done

write 11=1 12=1 14=1
daemon_reload
measure three eth0 one
moved=$(comm -23 "$T/four.map" "$T/three.map")
expect_eq "targets of the flows that moved" \
    "$(echo "$moved" | cut -d ' ' -f 3 | sort -u)" 10.0.9.13
expect_eq "flows that moved" "$(echo "$moved" | wc -l)" \
    "$(grep -c ' 10\.0\.9\.13$' "$T/four.map")"

# In the file the order does not matter either.
daemon_stop
write 14=1 12=1 11=1
daemon_start source "$conf"
measure restarted eth0 one
same_map three restarted
daemon_stop

# The other end of the same conversations.
daemon_start client "$conf"
measure elsewhere eth1 one
same_map three elsewhere
daemon_stop
