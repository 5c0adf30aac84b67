#!/bin/sh
# SPDX-License-Identifier: ISC
# ERSPAN copies, type II and III, over IPv4 and IPv6, as a dissector of others
# reads them. It needs no hint: the protocol in the GRE header is enough.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v tshark >/dev/null || skip "tshark is not installed"

lab 4

# From 10.0.0.1 port 20000 to 10.0.0.14 port 30000, 4 bytes.
udp='0800 45000020 00000000 4011 66bf 0a000001 0a00000e
    4e20 7530 000c 0000 74616773'

# frames DESTINATION SOURCE: without a tag; VLAN 100, priority 5, drop
# eligible; VLAN 200 around VLAN 100
frames() {
	for tags in "" 8100b064 88a800c881000064; do
		echo "$1$2$tags$udp" | tr -d ' \n'
		echo
	done
}
to_source="02000000010b 02000000010a"
to_client="02000000010a 02000000010b"

# fields FILE FIELD...: one line for each frame
fields() {
	file=$1
	shift
	format=
	for field; do
		format="$format -e $field"
	done
	# shellcheck disable=SC2086 # several words
	tshark -n -r "$file" -T fields -E occurrence=f -E separator=/s \
	    $format 2>>"$T/tshark.log" | sed 's/True/1/g; s/False/0/g'
}

# nano COMMAND...: with captures in nanoseconds
nano() {
	micro=$tcpdump
	tcpdump="$tcpdump --time-stamp-precision=nano"
	"$@"
	tcpdump=$micro
}

# copy ENCAP ADDRESS MIRROR: three frames from the client, then three to it;
# the kernels answer that nobody listens at the port
copy() {
	address=$2
	mirror_start "encap = $1" "bpf = \"not icmp\" $3" eth0 "proto 47"
	seen=$T/seen$captures.pcap
	nano capture_start source eth0 "$seen" "not icmp"
	# shellcheck disable=SC2086 # two words
	frames $to_source | in_ns client "$tools/framesend" eth0
	wait_until 5 capture_has "$copies" 3 || fail "$1: no copies"
	# shellcheck disable=SC2086
	frames $to_client | in_ns source "$tools/framesend" eth0
	mirror_stop 6
	capture_stop "$seen"
	expect_eq "$1: copied" "$(counter copied_packets)" 6
	case $2 in
	*:*) ip=54 ;;
	*) ip=34 ;;
	esac
}

# inside WHAT BYTES: behind so many bytes of headers are the frames
inside() {
	hex "$copies" | cut -c "$((2 * (ip + $2) + 1))-" >"$T/got.log"
	hex "$seen" >"$T/want.log"
	cmp "$T/got.log" "$T/want.log" || fail "$1: other frames than seen"
	tshark -n -r "$copies" -Y '_ws.expert || _ws.malformed' -V \
	    >"$T/complaints.log" 2>>"$T/tshark.log" || error "tshark fails"
	expect_eq "$1: complaints" \
	    "$(grep -i 'expert\|malformed' "$T/complaints.log")" ""
}

# Protocol, flags, sequence; version, VLAN, COS, En, T, session; the rest.
check2() {
	copy erspan "$1" "session-id = $2"
	expect_eq "erspan to $1" "$(fields "$copies" gre.proto \
	    gre.flags_and_version gre.sequence_number erspan.version \
	    erspan.vlan erspan.cos erspan.encap erspan.truncated \
	    erspan.spanid erspan.reserved erspan.index)" \
	    "0x88be 0x1000 0 1 0 0 0 0 $2 0 0
0x88be 0x1000 1 1 100 5 3 0 $2 0 0
0x88be 0x1000 2 1 200 0 3 0 $2 0 0
0x88be 0x1000 3 1 0 0 0 0 $2 0 0
0x88be 0x1000 4 1 100 5 3 0 $2 0 0
0x88be 0x1000 5 1 200 0 3 0 $2 0 0"
	inside "erspan to $1" 16
}

# Protocol, flags, sequence; version, VLAN, COS, BSO, T, session; SGT, P, FT,
# HwID, D, Gra, O.
check3() {
	copy erspan3 "$1" "session-id = $2"
	expect_eq "erspan3 to $1" "$(fields "$copies" gre.proto \
	    gre.flags_and_version gre.sequence_number erspan.version \
	    erspan.vlan erspan.cos erspan.bso erspan.truncated erspan.spanid \
	    erspan.sgt erspan.p erspan.ft erspan.hw erspan.direction \
	    erspan.gra erspan.o)" \
	    "0x22eb 0x1000 0 2 0 0 0 0 $2 0 1 0 0 0 2 0
0x22eb 0x1000 1 2 100 5 0 0 $2 0 1 0 0 0 2 0
0x22eb 0x1000 2 2 200 0 0 0 $2 0 1 0 0 0 2 0
0x22eb 0x1000 3 2 0 0 0 0 $2 0 1 0 0 1 2 0
0x22eb 0x1000 4 2 100 5 0 0 $2 0 1 0 0 1 2 0
0x22eb 0x1000 5 2 200 0 0 0 $2 0 1 0 0 1 2 0"
	inside "erspan3 to $1" 20
	expect_eq "time stamps" "$(fields "$copies" erspan.timestamp)" \
	    "$(fields "$seen" frame.time_epoch | sed 's/.*\.0*\(.\)/\1/')"
}

check2 10.0.9.11 0
check2 '"fd00:9::b"' 1023
check3 10.0.9.11 1023
check3 '"fd00:9::b"' 1

# 46 bytes are the frame without a tag.
for encap in erspan erspan3; do
	copy $encap 10.0.9.11 "truncate = 46"
	expect_eq "$encap: truncated" \
	    "$(fields "$copies" erspan.truncated | tr '\n' ' ')" "0 1 1 0 1 1 "
	expect_eq "$encap: VLAN" \
	    "$(fields "$copies" erspan.vlan | tr '\n' ' ')" \
	    "0 100 200 0 100 200 "
done
