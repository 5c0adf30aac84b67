#!/bin/sh
# SPDX-License-Identifier: ISC
# 100 MB each way with all offloads on: the target sees wire frames with good
# checksums, and every byte of the streams once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

command -v tshark >/dev/null || skip "tshark is not installed"
frames=20000 # that are shown to tshark, too

# second_opinion: tshark's, of the checksums
second_opinion() {
	expect_eq "frames with bad checksums for tshark" "$(tshark -n \
	    -c "$frames" -r "$copies" -o ip.check_checksum:TRUE \
	    -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
	    -Y 'ip.checksum.status == 0 || tcp.checksum.status == 0 ||
	        udp.checksum.status == 0 || frame.len > 1514' \
	    -T fields -e frame.number 2>/dev/null | wc -l)" 0
}

# run ADDRESS: 100 MB there, and back at the same time
run() {
	offload_start
	stream 100 "$1" --bidir
	offload_stop
	offload_check
	[ "$(streamed tcp_bytes)" -ge 200000000 ] || fail "bytes are missing"
	[ "$(counter segmented_packets)" -gt 120000 ] ||
		fail "only $(counter segmented_packets) segments were cut"
	second_opinion
	rm "$copies"
}

offload_lab
run 10.0.0.1
run fd00::1
