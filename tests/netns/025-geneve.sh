#!/bin/sh
# SPDX-License-Identifier: ISC
# GENEVE copies, over IPv4 and IPv6, as a dissector of others reads them.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v tshark >/dev/null || skip "tshark is not installed"
command -v ethtool >/dev/null || skip "ethtool is not installed"

pings=3
lab
in_ns source ethtool -K eth1 tx off >"$T/ethtool.log"

# fields FIELD...: of the first header that has them, or the last
fields() {
	format=
	for field; do
		format="$format -e $field"
	done
	# shellcheck disable=SC2086 # several words
	tshark -n -r "$copies" -o udp.check_checksum:TRUE \
	    -d "udp.port==$port,geneve" -T fields -E "occurrence=$which" \
	    -E separator=/s $format 2>"$T/tshark.log" | sort -u
}

# header: the eight bytes behind UDP
header() {
	case $address in
	*:*) from=62 ;;
	*) from=42 ;;
	esac
	hex "$copies" | cut -c "$((2 * from + 1))-$((2 * from + 16))" | sort -u
}

# check ADDRESS PORT TARGET MIRROR VNI: as many copies as pings, and all alike
check() {
	address=$1
	port=$2
	mirror_start "encap = geneve $3" \
	    "direction = out bpf = \"icmp[0] = 8\" $4" eth0 "udp port $port"
	in_ns source ping -q -c "$pings" -i 0.01 10.0.0.1 >"$T/ping.log"
	mirror_stop "$pings"
	expect_eq "$1 $3: copies" "$(capture_count "$copies")" "$pings"
	expect_eq "$1 $3: counted" "$(counter copied_packets)" "$pings"
	which=f
	expect_eq "$1 $3: UDP" "$(fields udp.dstport udp.checksum.status)" \
	    "$port 1"
	expect_eq "$1 $3: GENEVE" "$(fields geneve.version geneve.proto_type \
	    geneve.vni geneve.options)" "0 0x6558 0x$5 "
	expect_eq "$1 $3: header" "$(header)" "00006558${5}00"
	which=l
	expect_eq "$1 $3: inside" "$(fields eth.src eth.dst ip.src ip.dst \
	    icmp.type)" \
	    "02:00:00:00:01:0b 02:00:00:00:01:0a 10.0.0.14 10.0.0.1 8"
	expect_eq "$1 $3: malformed" "$(tshark -n -r "$copies" \
	    -d "udp.port==$port,geneve" -Y _ws.malformed 2>"$T/tshark.log")" ""
}

check 10.0.9.11 6081 "" "" 000001
check '"fd00:9::b"' 6081 "" "session-id = 16777215" ffffff
check 10.0.9.11 6082 "port = 6082" "session-id = 4096" 001000
check '"fd00:9::b"' 6082 "port = 6082" "" 000001
