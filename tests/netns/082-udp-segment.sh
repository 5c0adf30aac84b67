#!/bin/sh
# SPDX-License-Identifier: ISC
# What a QUIC server sends with UDP_SEGMENT arrives as the datagrams that it
# meant, each with its length and checksum, none missing or doubled.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

sent=0
port=10000
wanted=$T/wanted

# burst NS ADDRESS SIZE LAST: 2000 datagrams of SIZE, the last of each send
# of LAST bytes, to a port of their own
burst() {
	port=$((port + 1))
	numbers=$(in_ns "$1" "$tools/gsosend" -d "$2" -p "$port" -n 2000 \
	    -f "$sent" -s "$3" -l "$4") || error "gsosend fails"
	sent=$((sent + 2000))
	echo "$port $3 ${numbers% *}" >>"$wanted"
	[ "${numbers#* }" -eq 0 ] || echo "$port $4 ${numbers#* }" >>"$wanted"
}

# sizes NS ADDRESS LONGEST: one burst of each size
sizes() {
	burst "$1" "$2" "$3" 15
	burst "$1" "$2" 1200 1200
	burst "$1" "$2" 1199 1198
	burst "$1" "$2" 333 16
	burst "$1" "$2" 16 15
}

# The copies by port and payload, as burst has written down what it sent.
arrived() {
	capture_show "$1" -q |
		sed -n 's/.*\.\([0-9]*\): UDP, length \([0-9]*\)$/\1 \2/p' |
		sort | uniq -c | awk '{ print $2, $3, $1 }' | sort
}

offload_lab
offload_start
sizes source 10.0.0.1 1472
sizes source fd00::1 1452
sizes client 10.0.0.14 1472
sizes client fd00::14 1452
offload_stop
offload_check
# Without the ICMP errors, which quote datagrams that nobody waits for.
# shellcheck disable=SC2086 # tcpdump is several words
$tcpdump -r "$copies" -w "$T/datagrams.pcap" 'udp portrange 10001-10100' \
    2>/dev/null
"$tools/seqcheck" "$sent" "$T/datagrams.pcap" || fail "datagrams are missing or doubled"
arrived "$T/datagrams.pcap" >"$T/arrived"
sort "$wanted" | diff - "$T/arrived" || fail "datagrams are cut wrongly"
[ "$(counter segmented_packets)" -gt $((sent * 9 / 10)) ] ||
	fail "only $(counter segmented_packets) segments were cut"
