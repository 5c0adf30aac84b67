#!/bin/sh
# SPDX-License-Identifier: ISC
# The copies are, bit for bit, the frames that the kernel itself makes of the
# same traffic for an interface without offloads.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

# frames FILE: in no order, as two senders have none
frames() {
	hex "$1" | sort
}

# Superframes of more than 64 KiB (BIG TCP), if there are such things.
big_tcp() {
	for ns in source client; do
		ip -n "$ns" link set dev eth0 gso_max_size 190000 \
		    gro_max_size 190000 2>/dev/null || :
	done
}

offload_lab
big_tcp
reference
offload_start
capture_start source ref1 "$T/wire.pcap"
stream 2 10.0.0.1
stream 2 10.0.0.1 --reverse
stream 2 fd00::1
stream 2 fd00::1 --reverse
for size in 1452 1199 16; do
	in_ns source "$tools/gsosend" -d 10.0.0.1 -p 10000 -n 200 -s "$size" \
	    -l 15 >/dev/null
	in_ns client "$tools/gsosend" -d fd00::14 -p 10000 -n 200 -s "$size" \
	    -l 15 >/dev/null
done
offload_stop
capture_stop "$T/wire.pcap"
offload_check
frames "$T/wire.pcap" >"$T/wire"
frames "$copies" >"$T/copied"
diff "$T/wire" "$T/copied" >"$T/diff" || {
	head -c 4000 "$T/diff"
	fail "$(grep -c '^[<>]' "$T/diff") frames differ"
}
[ "$(counter segmented_packets)" -gt 5000 ] ||
	fail "only $(counter segmented_packets) segments were cut"
