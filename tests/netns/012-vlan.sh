#!/bin/sh
# SPDX-License-Identifier: ISC
# VLAN tags: the kernel takes the outer one out of a frame that is received,
# the copy has it again, and rules see through tags.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4

# To source and from it, by the MAC addresses of the link.
to_source='02000000010b02000000010a'
to_client='02000000010a02000000010b'

# From 10.0.0.1 port 20000 to 10.0.0.14 port 5000, 4 bytes; IPv6 likewise.
udp4='0800 45000020 00000000 4011 66bf 0a000001 0a00000e
    4e20 1388 000c 0000 74616773'
tcp4='0800 4500002c 00000000 4006 66be 0a000001 0a00000e
    4e20 1388 00000001 00000000 5002 ffff 0000 0000 74616773'
udp6='86dd 60000000 000c 1140 fd000000000000000000000000000001
    fd000000000000000000000000000014 4e20 1388 000c 0000 74616773'

# Priority 5 and DEI are part of a tag: b.
q='8100 0064' qp='8100 b064' ad='88a8 0064' old='9100 00c8' q200='8100 00c8'

# frames ADDRESSES: "KIND hexadecimal" for each
frames() {
	for tags in "" "$q" "$qp" "$q200" "$ad" "$old" "$ad $q200" "$q $q200" \
	    "$ad $ad" "$old $q"; do
		for kind in udp4 tcp4 udp6; do
			eval "rest=\$$kind"
			echo "$kind $1$tags$rest" | tr -d '\n' |
				sed 's/ //2g; s/$/\n/'
		done
	done
}

# send NS ADDRESSES [KIND]: and keep what is to arrive
send() {
	frames "$2" | grep "${3-}" | cut -d ' ' -f 2 >"$T/want"
	frames "$2" | cut -d ' ' -f 2 | in_ns "$1" "$tools/framesend" eth0
}

# One source port: copies keep their order across flows.
begin() {
	mirror_start "source-ports = 1" "$1" eth0 "udp port 4789"
}

# arrived WHAT: the copies are the frames wanted, byte for byte, in order
arrived() {
	mirror_stop "$(wc -l <"$T/want")"
	inner "udp port 4789" >"$T/got.log"
	cmp -s "$T/want" "$T/got.log" || {
		cp "$T/want" "$T/want.log"
		fail "$1: copies differ from what was sent"
	}
	expect_eq "$1: copied" "$(counter copied_packets)" \
	    "$(wc -l <"$T/want")"
}

begin "direction = in"
send client "$to_source"
arrived "received frames"
expect_eq "frames" "$(wc -l <"$T/want")" 30

begin "direction = out"
send source "$to_client"
arrived "sent frames"

for kind in udp4 tcp4 udp6; do
	case $kind in
	udp4) rules='rule a { protocol = udp  dst = 10.0.0.14 }' ;;
	tcp4) rules='rule a { protocol = tcp  dst-port = 5000 }' ;;
	udp6) rules='rule a { dst-port = 5000  src = "fd00::/16" }' ;;
	esac
	begin "direction = in $rules"
	send client "$to_source" $kind
	arrived "$rules"
	expect_eq "filter" "$(counter filter)" kernel
done

# An expression about tags wants the frame as the wire has it.
log_mark
begin 'direction = in  bpf = "vlan 100 and udp"'
log_says 'bpf looks at VLAN tags' || fail "no warning"
send client "$to_source"
frames "$to_source" | grep '^udp' | cut -d ' ' -f 2 |
	grep -E "^$to_source(8100[0-9a-f]064|88a80064)(0800|86dd)" >"$T/want"
arrived "vlan 100 and udp"
expect_eq "frames" "$(wc -l <"$T/want")" 6
expect_eq "filter" "$(counter filter)" userspace
