#!/bin/sh
# SPDX-License-Identifier: ISC
# A flow sensor reading the kernel's vxlan device on the target counts the
# same packets and bytes per flow as one on the source would on the wire.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

command -v softflowd >/dev/null || skip "softflowd is not installed"

# flows FILE: packets and bytes of each. tcpdump reads the device, as softflowd
# itself keeps the last packets in its ring until others push them out; and
# its control socket would have it wait for somebody to connect.
flows() {
	softflowd -D -r "$1" -p "$T/sensor.pid" -c none >"$T/sensor.log" 2>&1 ||
		error "softflowd fails"
	sed -n 's/^EXPIRED: seq:[0-9]* \(.*\) start:.*/\1/p' "$T/sensor.log" |
		sort
}

offload_lab
reference
offload_start
capture_start source ref1 "$T/wire.pcap"
stream 10 10.0.0.1
stream 10 fd00::1 --reverse
stream 10 10.0.0.1 --reverse --udp --length 1400
in_ns source "$tools/gsosend" -d fd00::1 -p 10000 -n 1000 -s 1200 -l 77 \
    >/dev/null
in_ns client "$tools/gsosend" -d 10.0.0.14 -p 10001 -n 1000 -s 999 -l 77 \
    >/dev/null
offload_stop
offload_check
capture_stop "$T/wire.pcap"
flows "$T/wire.pcap" >"$T/wire.flows"
flows "$copies" >"$T/copies.flows"
diff "$T/wire.flows" "$T/copies.flows" || fail "the flows differ"
[ "$(wc -l <"$T/copies.flows")" -ge 8 ] || fail "there are hardly any flows"
