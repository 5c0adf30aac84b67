#!/bin/sh
# SPDX-License-Identifier: ISC
# trafmirrord -r: a saved capture through the rules of a mirror.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v editcap >/dev/null || skip "editcap is not installed"

lab
rules='filter = any
	rule udp  { protocol = udp  dst-port = 10000-10001 }
	rule ping { protocol = icmp }'
wanted='udp dst portrange 10000-10001 or icmp'

capture_start source eth0 "$T/in.pcap"
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 300 -n 900 -r 0 \
    -l 1000 >/dev/null
in_ns source "$tools/flowgen" -6 -d fd00::1 -f 300 -n 900 -r 0 >/dev/null
in_ns client ping -q -c 5 -i 0.01 10.0.0.14 >"$T/ping.log"
in_ns client ping -q -c 5 -i 0.01 fd00::14 >"$T/ping.log"
capture_stop "$T/in.pcap"

# feed FILE [MIRROR]: its exit status in $status, what it says in feed.log
feed() {
	status=0
	in_ns source "$top_builddir/trafmirrord" -c "$T/m.conf" \
	    -m "${2:-m}" -r "$1" >"$T/feed.log" 2>&1 || status=$?
}

counter() {
	sed -n "s/.*mirror \"m\": state=.* $1=\([^ ]*\).*/\1/p" "$T/feed.log"
}

# check FILE TARGET MIRROR FILTER: the frames of FILE that FILTER matches
# arrive, byte for byte
check() {
	copies=$T/$(basename "$1").copies
	hex "$T/in.pcap" "$4" >"$T/want"
	want=$(wc -l <"$T/want")
	mirror_conf "source-ports = 1 $2" "$3"
	capture_start target eth0 "$copies" "udp port 4789"
	feed "$1"
	wait_until 5 capture_has "$copies" "$want" || :
	capture_stop "$copies"
	expect_eq "status" "$status" 0
	inner >"$T/got"
	cmp "$T/want" "$T/got" || fail "copies differ from what was read"
	expect_eq "copied" "$(counter copied_packets)" "$want"
	expect_eq "captured" "$(counter captured_packets)" "$want"
	grep -q ": $(capture_count "$T/in.pcap") packets read" "$T/feed.log" ||
		fail "not the number of packets read"
}

check "$T/in.pcap" "" "$rules" "$wanted"
[ "$want" -gt 1200 ] || fail "only $want frames"
editcap -F pcapng "$T/in.pcap" "$T/in.pcapng"
check "$T/in.pcapng" "" "$rules" "$wanted"
check "$T/in.pcap" "" "" ""

# A capture of the beginnings of frames: rules match what is there.
editcap -s 60 "$T/in.pcap" "$T/short.pcap"
mirror_conf "" "$rules"
feed "$T/short.pcap"
expect_eq "short.pcap: status" "$status" 0
expect_eq "short.pcap: copied" "$(counter copied_packets)" \
    "$(capture_count "$T/in.pcap" "$wanted")"
expect_eq "short.pcap: truncated" "$(counter truncated_packets)" \
    "$(capture_count "$T/in.pcap" "($wanted) and greater 61")"
mirror_conf "" ""

# refused FILE REGEX [MIRROR]: status 1 and a reason
refused() {
	feed "$1" "${3:-m}"
	grep -Eq "$2" "$T/feed.log" || fail "$1: no reason that says '$2'"
	expect_eq "$1: status" "$status" 1
}

refused "$T/in.pcap" 'there is no mirror "n"' n
refused "$T/missing.pcap" 'missing\.pcap: No such file'
echo "neither pcap nor pcapng, but long enough to be one" >"$T/text.pcap"
refused "$T/text.pcap" 'text\.pcap: unknown file format'

# pcap_head LINKTYPE-IN-OCTAL: of a file that is in this machine's order
pcap_head() {
	if [ "$(printf '\1\0' | od -An -d | tr -d ' ')" = 1 ]; then
		printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0'
		printf '%b\0\0\0' "\\0$1"
	else
		printf '\241\262\303\324\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0'
		printf '\0\0\0%b' "\\0$1"
	fi
}

pcap_head 145 >"$T/raw.pcap"
refused "$T/raw.pcap" 'raw\.pcap: link type RAW, only Ethernet'
pcap_head 1 >"$T/none.pcap"
feed "$T/none.pcap"
expect_eq "none.pcap: status" "$status" 0

# A file that ends in a packet: those before it are copied.
head -c 24 "$T/in.pcap" >"$T/cut.pcap"
tail -c +25 "$T/in.pcap" | head -c 10000 >>"$T/cut.pcap"
refused "$T/cut.pcap" 'cut\.pcap: packet [0-9]+: truncated dump file'
[ "$(counter copied_packets)" -gt 0 ] || fail "cut.pcap: nothing is copied"

# A frame that no datagram can hold.
{
	pcap_head 1
	printf '\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\0'
	head -c 131072 /dev/zero
} >"$T/large.pcap"
refused "$T/large.pcap" 'dropped_oversize=1'

address=192.0.2.1
mirror_conf "" "$rules"
refused "$T/in.pcap" 'target "ids": send: Network is unreachable'
expect_eq "dropped" "$(counter dropped_send-error)" \
    "$(counter captured_packets)"
[ "$(counter captured_packets)" -gt 1200 ] || fail "only captured some"
