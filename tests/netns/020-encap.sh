#!/bin/sh
# SPDX-License-Identifier: ISC
# What stands around a copy: VXLAN and GRE, over IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v tshark >/dev/null || skip "tshark is not installed"
command -v ethtool >/dev/null || skip "ethtool is not installed"

pings=5
lab
vxlan_dev target copies6 1 4789 fd00:9::b
in_ns source ethtool -K eth1 tx off >"$T/ethtool.log"

# fields FIELD...: of the outermost headers of all copies, one line for each
# kind of line there is
fields() {
	format=
	for field; do
		format="$format -e $field"
	done
	# shellcheck disable=SC2086 # several words
	tshark -n -r "$copies" -o udp.check_checksum:TRUE \
	    -d udp.port==4790,vxlan -T fields -E occurrence=f \
	    -E separator=/s $format 2>"$T/tshark.log"
}

# pings_out IPV: copied by the mirror
pings_out() {
	case $1 in
	4) in_ns source ping -q -c "$pings" -i 0.01 10.0.0.1 ;;
	6) in_ns source ping -q -c "$pings" -i 0.01 fd00::1 ;;
	esac >"$T/ping.log"
}

# check TARGET MIRROR FILTER: as many copies as pings
check() {
	mirror_start "$1" "direction = out bpf = \"icmp[0] = 8\" $2" eth0 "$3"
	pings_out 4
	mirror_stop "$pings"
	expect_eq "$1 $2: copies" "$(capture_count "$copies")" "$pings"
	expect_eq "$1 $2: counted" "$(counter copied_packets)" "$pings"
}

# all_are WHAT WANT FIELD...: in each copy
all_are() {
	what=$1
	want=$2
	shift 2
	expect_eq "$what: $*" "$(fields "$@" | sort -u)" "$want"
}

# header FROM TO WANT: bytes of each frame, counted from 1
header() {
	expect_eq "bytes $1 to $2" \
	    "$(hex "$copies" | cut -c "$((2 * $1 - 1))-$((2 * $2))" | sort -u)" \
	    "$3"
}

# The counter is the sum of the outer packets.
bytes_sent() {
	expect_eq "copied_bytes" "$(counter copied_bytes)" \
	    "$(hex "$copies" | awk '{ n += length($0) / 2 - 14 } END { print n }')"
}

# ---- VXLAN ----

# Into the kernel's devices, which refuse what is not exactly as it must be.
for address in 10.0.9.11 fd00:9::b; do
	case $address in
	*:*) dev=copies6 address=\"$address\" ;;
	*) dev=copies ;;
	esac
	mirror_start "" "direction = out" "$dev"
	pings_out 4
	pings_out 6
	mirror_stop $((2 * pings))
	for filter in "icmp[0] = 8" "icmp6 and ip6[40] = 128"; do
		expect_eq "$dev: $filter" \
		    "$(capture_count "$copies" "$filter")" "$pings"
	done
	for n in rx_errors rx_dropped rx_frame_errors; do
		expect_eq "$dev: $n" "$(in_ns target cat \
		    "/sys/class/net/$dev/statistics/$n")" 0
	done
done

address=10.0.9.11
check "" "session-id = 16777215" "udp port 4789"
header 43 50 08000000ffffff00
all_are "defaults" "64 0 0 10.0.9.1 4789 1 16777215" ip.ttl ip.dsfield.dscp \
    ip.dsfield.ecn ip.src udp.dstport udp.checksum.status vxlan.vni
bytes_sent

ip -n source address add 10.0.9.2/24 dev eth1
check "ttl = 9 dscp = 46 port = 4790 source-address = 10.0.9.2" \
    "session-id = 4096" "udp port 4790"
header 43 50 0800000000100000
all_are "all set" "9 46 0 10.0.9.2 4790 1 4096" ip.ttl ip.dsfield.dscp \
    ip.dsfield.ecn ip.src udp.dstport udp.checksum.status vxlan.vni

address='"fd00:9::b"'
ip -n source address add fd00:9::2/64 dev eth1 nodad
check 'ttl = 9 dscp = 46 port = 4790 source-address = "fd00:9::2"' "" \
    "udp port 4790"
header 63 70 0800000000000100
all_are "all set" "9 46 0 fd00:9::2 4790 1" ipv6.hlim ipv6.tclass.dscp \
    ipv6.tclass.ecn ipv6.src udp.dstport udp.checksum.status
bytes_sent

# A route that the option overrules.
address=10.0.9.11
link source eth2 10.0.8.1/24 target eth1 10.0.8.11/24
ip -n source route add 10.0.9.11/32 dev eth2
check "interface = eth1" "" "udp port 4789"
ip -n source route del 10.0.9.11/32 dev eth2

# ---- GRE ----

check "encap = gre" "session-id = 4294967295" "ip proto 47"
header 35 42 20006558ffffffff
all_are "defaults" "64 0 0x6558 0xffffffff" ip.ttl ip.dsfield.dscp \
    gre.proto gre.key
bytes_sent

check "encap = gre sequence = true ttl = 9 dscp = 46
	source-address = 10.0.9.2" "session-id = 7" "ip proto 47"
header 35 42 3000655800000007
all_are "all set" "9 46 0 10.0.9.2 0x00000007" ip.ttl ip.dsfield.dscp \
    ip.dsfield.ecn ip.src gre.key
expect_eq "sequence numbers" "$(fields gre.sequence_number | tr '\n' ' ')" \
    "0 1 2 3 4 "

address='"fd00:9::b"'
check 'encap = gre ttl = 9 dscp = 46 sequence = true
	source-address = "fd00:9::1"' "session-id = 7" \
    "ip6 proto 47"
header 55 62 3000655800000007
all_are "all set" "9 46 0 fd00:9::1 0x6558 0x00000007" ipv6.hlim \
    ipv6.tclass.dscp ipv6.tclass.ecn ipv6.src gre.proto gre.key
bytes_sent

# ---- source ports ----

# flows IPV SOURCE CLIENT: 10,000, a packet in each direction of each
flows() {
	in_ns source "$tools/flowgen" "-$1" -d "$3" -f 10000 -n 10000 \
	    -r 100000 -s 20000 >/dev/null
	in_ns client "$tools/flowgen" "-$1" -d "$2" -f 10000 -n 10000 \
	    -r 100000 -s 20000 >/dev/null
}

# "PORTS FLOWS SPLIT LOW": ports used, flows seen, flows with more than one
# port, ports below 49152
summary() {
	capture_show "$copies" -t | awk '
	/VXLAN/ { port = $2; sub(/.*\./, "", port); next }
	{
		to = $4
		sub(/:$/, "", to)
		flow = $2 < to ? $2 " " to : to " " $2
		if (!(flow in of))
			flows++
		else if (of[flow] != port)
			split_flows++
		of[flow] = port
		if (!(port in used))
			ports++
		used[port] = 1
		low += port < 49152
	}
	END { print ports + 0, flows + 0, split_flows + 0, low + 0 }'
}

# check_ports IPV SOURCE CLIENT PORTS OPTION
check_ports() {
	mirror_start "$5" "bpf = \"udp\"" eth0 "udp port 4789"
	flows "$1" "$2" "$3"
	mirror_stop 20000
	expect_eq "$5: ring_dropped" "$(counter ring_dropped_packets)" 0
	expect_eq "$5: ports, flows, split flows, ports below 49152" \
	    "$(summary)" "$4 10000 0 0"
}

address=10.0.9.11
check_ports 4 10.0.0.14 10.0.0.1 8 ""
address='"fd00:9::b"'
check_ports 6 fd00::14 fd00::1 64 "source-ports = 64"
