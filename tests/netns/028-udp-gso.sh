#!/bin/sh
# SPDX-License-Identifier: ISC
# Joined copies (udp-gso): nobody gets them in one piece who did not ask for
# it, none is lost, and those of a flow keep their order.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v ethtool >/dev/null || skip "ethtool is not installed"

packets=5000

lab 4

# send: numbered packets of 100 flows, of two sizes
send() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 100 -n "$packets" \
	    -r 40000 -l 200 >/dev/null
}

# Datagrams on the wire that hold more than one copy.
joined() {
	capture_count "$copies" 'udp port 4789 and greater 400'
}

arrived() {
	capture_has "$copies" "$packets" 'udp portrange 10000-10099'
}

# all_there MESSAGE: every number once, and a counter that says the same
all_there() {
	"$tools/seqcheck" "$packets" "$copies" || fail "$1: numbers"
	expect_eq "$1: copied" "$(counter copied_packets)" "$packets"
}

only='bpf = "udp portrange 10000-10099"'

# ---- auto: a veth hands on what it gets, so copies leave one by one ----

mirror_start "" "$only" eth0
log_says 'target "ids": copies leave one by one: eth1 is virtual' ||
	fail "the log does not say why"
send
mirror_stop "$packets"
expect_eq "joined over a veth" "$(joined)" 0
all_there "auto over a veth"

# ---- auto: a bridge hands on, too, and the change is noticed ----

mirror_start "" "$only" eth0
ip -n source link add dev br0 type bridge
ip -n source link set dev br0 address 02:00:00:00:00:bb up
ip -n source address add 10.0.9.2/24 dev br0
log_mark
ip -n source route replace 10.0.9.11/32 dev br0
daemon_reload
log_new | grep 'leave joined' && fail "joined behind a bridge"
ip -n source link del dev br0
mirror_stop

# ---- auto: noticed while running, the kernel cuts before the device ----

mirror_start "" "$only" eth0
log_mark
in_ns source ethtool -K eth1 tx-udp-segmentation off
log_wait 5 'leave joined \(udp-gso\): the kernel cuts .* before eth1' ||
	fail "the change is not noticed"
send
mirror_stop "$packets"
expect_eq "joined before a device that cannot cut" "$(joined)" 0
all_there "auto with the feature off"
in_ns source ethtool -K eth1 tx-udp-segmentation on

# ---- off ----

mirror_start "udp-gso = off" "$only" eth0
log_says 'copies leave one by one: udp-gso = off' || fail "off is not logged"
send
mirror_stop "$packets"
expect_eq "joined with off" "$(joined)" 0
all_there "off"

# ---- on: joined on the wire, single again behind the vxlan device ----

mirror_start "udp-gso = on" "$only" eth0
send
mirror_stop
[ "$(joined)" -gt 0 ] || fail "no copies were joined with on"
expect_eq "copied with on" "$(counter copied_packets)" "$packets"

mirror_start "udp-gso = on" "$only"
send
wait_until 10 arrived || :
mirror_stop
expect_eq "behind the vxlan device" "$(capture_count "$copies")" "$packets"
all_there "on, behind the vxlan device"

# ---- order: 4 flows, both directions, 3 sizes, in one go ----

# Frames that differ in a number at the end of their UDP payload.
awk 'BEGIN {
	for (i = 0; i < 1000; i++) {
		len = i * 7 % 5 == 0 ? 1000 : i % 3 == 0 ? 400 : 60
		flow = i * 11 % 4
		there = "0a0000010a00000e" sprintf("%04x0050", 1000 + flow)
		back = "0a00000e0a000001" sprintf("0050%04x", 1000 + flow)
		ends = i % 2 ? there : back
		printf "02000000010b02000000010a0800"
		printf "4500%04x00000000401100000", len - 14
		sub(/^0/, "", ends)
		printf "%s%04x0000", ends, len - 34
		for (n = 42; n < len - 4; n++)
			printf "00"
		printf "%08x\n", flow * 65536 + i
	}
}' >"$T/frames"

# The last 8 digits of each frame, flow by flow.
numbers() {
	sed 's/.*\(........\)$/\1/' "$@" | sort -s -k 1.1,1.4
}

mirror_start "udp-gso = on  source-ports = 1" 'direction = in'
in_ns client "$tools/framesend" eth0 <"$T/frames"
mirror_stop 1000
hex "$copies" >"$T/arrived"
expect_eq "frames" "$(wc -l <"$T/arrived")" 1000
numbers "$T/frames" >"$T/want"
numbers "$T/arrived" | diff "$T/want" - || fail "a flow lost its order"
