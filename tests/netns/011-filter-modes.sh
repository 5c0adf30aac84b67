#!/bin/sh
# SPDX-License-Identifier: ISC
# Rules: filter = all, any and first, IPv4 and IPv6; what a rule does not
# match does not arrive.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

each=3
lab

# A TCP segment to port 5000, from 02::1:0a to 02::1:0b.
tcp='02000000010a 02000000010b 0800 45000028 00000000 4006 26c2 0a00000e
    0a000001 4e20 1388 00000001 00000000 5002 ffff 0000 0000'

# udp HOST PORT: from port 20000
udp() {
	in_ns source "$tools/flowgen" "-$1" -d "$2" -f 1 -n "$each" -r 0 \
	    -s "$3" >/dev/null
}

# Eight kinds of packets, "each" of each kind, in this order: IPv4 and IPv6
# datagrams to three ports, pings, and TCP.
send_all() {
	for port in 5000 5001 8000; do
		udp 4 10.0.0.1 "$port"
		udp 6 fd00::1 "$port"
	done
	in_ns source ping -q -c "$each" -i 0.01 10.0.0.1 >"$T/ping.log"
	in_ns source ping -q -c "$each" -i 0.01 fd00::1 >"$T/ping.log"
	echo "$tcp" | tr -d '\n' | in_ns source "$tools/framesend" eth0 "$each"
}

kinds='u4-5000 u4-5001 u4-8000 u6-5000 u6-5001 u6-8000 p4 p6 t4'

kind_filter() {
	case $1 in
	u4-*) echo "ip and udp dst port ${1#u4-}" ;;
	u6-*) echo "ip6 and udp dst port ${1#u6-}" ;;
	p4) echo 'icmp' ;;
	p6) echo 'icmp6 and ip6[40] = 128' ;;
	t4) echo 'tcp dst port 5000' ;;
	esac
}

# check MIRROR KIND...: these kinds arrive, the others do not
check() {
	mirror_start "" "direction = out $1"
	send_all
	what=$1
	shift
	mirror_stop $((each * $#))
	for kind in $kinds; do
		case " $* " in
		*" $kind "*) want=$each ;;
		*) want=0 ;;
		esac
		got=$(capture_count "$copies" "$(kind_filter "$kind")")
		expect_eq "$what: $kind" "$got" "$want"
	done
	expect_eq "$what: filter" "$(counter filter)" kernel
	[ -z "${exact-}" ] ||
		expect_eq "$what: all" "$(capture_count "$copies")" \
		    $((each * $#))
}

# shellcheck disable=SC2086 # several words
check "" $kinds

exact=yes
check "filter = all
	rule udp  { protocol = udp }
	rule net  { dst = 10.0.0.0/8 }
	rule from { src = 10.0.0.14 }" u4-5000 u4-5001 u4-8000
check "filter = all
	rule net   { dst = { fd00::/64, 10.0.0.0/24 } }
	rule ports { dst-port = { 5000, 8000-8999 } }" \
    u4-5000 u4-8000 u6-5000 u6-8000 t4
check "filter = any
	rule udp   { protocol = udp  dst-port = 5000 }
	rule ping6 { protocol = icmp6  dst = \"fd00::1\" }" u4-5000 u6-5000 p6
check "filter = any
	rule low  { dst-port = 5000-5001 }
	rule ping { protocol = icmp }
	rule none { src = 10.0.0.15  dst = 10.0.0.1 }" \
    u4-5000 u4-5001 u6-5000 u6-5001 t4 p4
check "filter = any
	rule from { src = \"fd00::14\"  protocol = 17  src-port = 20000-20001 }
	rule tcp  { protocol = tcp  src-port = 20000 }" \
    u6-5000 u6-5001 u6-8000 t4
check "filter = first
	rule quiet { action = drop  protocol = udp  dst-port = 5000-5001 }
	rule udp   { protocol = udp }" u4-8000 u6-8000
check "filter = first
	rule one  { protocol = udp  dst-port = 5000  dst = 10.0.0.1 }
	rule six  { action = drop  dst = \"fd00::/16\" }
	rule ping { action = drop  protocol = icmp }
	rule rest { }" u4-5000 u4-5001 u4-8000 t4

# An expression says "and", whatever the mode.
check "filter = any  bpf = \"not port 5001\"
	rule udp  { protocol = udp }
	rule ping { protocol = icmp }" u4-5000 u4-8000 u6-5000 u6-8000 p4
check "filter = first  bpf = \"ip6 or tcp\"
	rule ping { action = drop  protocol = icmp6 }
	rule rest { }" u6-5000 u6-5001 u6-8000 t4
check "bpf = \"udp port 8000 and ip\"" u4-8000

# Replies: from port 5000 or 5001 of the client to port 20000.
replies() {
	mirror_start "" "filter = any $1"
	for port in 5000 5001; do
		udp 4 10.0.0.1 "$port"
		udp 6 fd00::1 "$port"
		in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 1 -n "$each" \
		    -r 0 -s 20000 -p "$port" >/dev/null
		in_ns client "$tools/flowgen" -6 -d fd00::14 -f 1 -n "$each" \
		    -r 0 -s 20000 -p "$port" >/dev/null
	done
	mirror_stop $((each * $2))
	for filter in "ip and udp dst port 5000" "ip6 and udp dst port 5000" \
	    "ip and udp src port 5000" "ip6 and udp src port 5000" ""; do
		shift
		expect_eq "$filter" "$(capture_count "$copies" "$filter")" \
		    $((each * ${2-0}))
	done
}

replies "rule dns { protocol = udp  dst-port = 5000 }" 2 1 1 0 0 2
replies "rule dns { protocol = udp  dst-port = 5000  bidirectional = true }" \
    4 1 1 1 1 4
replies "rule dns { protocol = udp  src = 10.0.0.14  dst = 10.0.0.0/30
	    dst-port = 5000  bidirectional = true }" 2 1 0 1 0 2
