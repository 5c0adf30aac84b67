#!/bin/sh
# SPDX-License-Identifier: ISC
# From the copies of a transfer with all offloads on tcpflow rebuilds the
# file; and streamcheck, which the other tests rely on, is not easily pleased.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

for tool in socat tcpflow; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
size=5000000

listens() {
	in_ns "$1" cat /proc/net/tcp /proc/net/tcp6 | grep -q ':1F90 .* 0A '
}

# transfer SERVER CLIENT SOCAT-ADDRESS FAMILY: a new file from SERVER's port
# 8080
transfer() {
	head -c "$size" /dev/urandom >"$T/file"
	ip netns exec "$1" socat -u "OPEN:$T/file" \
	    "TCP$4-LISTEN:8080,reuseaddr" &
	server=$!
	wait_until 5 listens "$1" || error "socat does not listen"
	in_ns "$2" socat -u "TCP$4:$3:8080" "CREATE:$T/got" ||
		error "no download"
	wait "$server" || error "the server fails"
	cmp "$T/file" "$T/got" || error "the download is not the file"
}

rebuilt() {
	rm -rf "$T/flows"
	tcpflow -r "$copies" -o "$T/flows" 2>"$T/tcpflow.err"
	expect_eq "sha256 of the rebuilt file" \
	    "$(cat "$T"/flows/*.08080-* | sha256sum)" "$(sha256sum <"$T/file")"
}

# download SERVER CLIENT ADDRESS FAMILY
download() {
	offload_start
	transfer "$@"
	offload_stop
	offload_check
	[ "$(streamed tcp_bytes)" -ge "$size" ] || fail "bytes are missing"
	rebuilt
}

# finds FIELD FILE: streamcheck's complaint about a capture
finds() {
	if "$tools/streamcheck" 1500 "$2" >"$T/streams.log"; then
		fail "streamcheck overlooks $1"
	fi
	[ "$(streamed "$1")" -gt 0 ] || fail "streamcheck does not say $1"
}

# without FILTER: bad.pcap, which lacks what matches
without() {
	# shellcheck disable=SC2086 # tcpdump is several words
	$tcpdump -r "$copies" -w "$T/bad.pcap" "not ($1)" 2>/dev/null
}

offload_lab
download source client '10.0.0.14' 4
download client source '[fd00::1]' 6
download source client '[fd00::14]' 6
download client source '10.0.0.1' 4

# A segment from the middle: lost, doubled, changed, too long.
middle=$(capture_show "$copies" 'tcp src port 8080 and len = 1514' -S -v |
	sed -n 's/.* seq \([0-9]*\):.*/\1/p' | sed -n 1000p)
without "tcp[4:4] = $middle"
finds missing "$T/bad.pcap"
without "not tcp[4:4] = $middle"
tail -c +25 "$T/bad.pcap" | cat "$copies" - >"$T/doubled.pcap"
finds doubled "$T/doubled.pcap"
{
	head -c -1 "$T/bad.pcap"
	tail -c 1 "$T/bad.pcap" | tr '\000-\377' '\001-\377\000'
} >"$T/changed.pcap"
finds bad_checksum "$T/changed.pcap"
without "tcp[13] & tcp-syn != 0"
finds unfinished "$T/bad.pcap"
if "$tools/streamcheck" 1499 "$copies" >"$T/streams.log"; then
	fail "streamcheck overlooks long frames"
fi
expect_eq "other faults" "$(streamed bad_length)" 0
[ "$(streamed too_long)" -gt 3000 ] || fail "long frames are not counted"
