#!/bin/sh
# SPDX-License-Identifier: ISC
# What is copied and how much of it: truncate, sample, exclude-targets, and
# copies larger than the path.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v tshark >/dev/null || skip "tshark is not installed"

lab

# counts NAME...: the counters' values, in a row
counts() {
	for name; do
		printf '%s ' "$(counter "$name")"
	done
}

# ---- truncate ----

# 42 bytes of headers; 58 bytes of payload make a frame of 100.
mirror_start "" 'truncate = 100  bpf = "udp"  direction = out'
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 5 -n 10 -r 0 -l 1000 >/dev/null
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 5 -n 10 -r 0 -l 58 >/dev/null
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 5 -n 10 -r 0 -l 59 >/dev/null
mirror_stop 30
expect_eq "copied, truncated" \
    "$(counts copied_packets truncated_packets)" "30 20 "
expect_eq "frames longer than 100 bytes" \
    "$(capture_count "$copies" "greater 101")" 0
for len in 1028 86 87; do
	expect_eq "frames of 100 bytes with an IP length of $len" \
	    "$(capture_count "$copies" "ip[2:2] = $len and greater 100")" 10
done

# ---- sample ----

# In both directions: from 100 ports to 100 ports, 10,000 flows.
flows() {
	in_ns source "$tools/flowgen" "-$1" -d "$3" -f 10000 -n 10000 \
	    -r 100000 -s 20000 >/dev/null
	in_ns client "$tools/flowgen" "-$1" -d "$2" -f 10000 -n 10000 \
	    -r 100000 -s 20000 >/dev/null
}

# "FLOWS HALF": flows seen, flows seen in one direction only
summary() {
	capture_show "$copies" -t | awk '
	{
		to = $4
		sub(/:$/, "", to)
		seen[$2 < to ? $2 " " to : to " " $2]++
	}
	END {
		for (flow in seen) {
			flows++
			half += seen[flow] != 2
		}
		print flows + 0, half + 0
	}'
}

# check_sample IPV SOURCE CLIENT N
check_sample() {
	mirror_start "" "sample = $4 bpf = \"udp\""
	flows "$1" "$2" "$3"
	mirror_stop $((16000 / $4))
	expect_eq "captured, dropped in the ring" \
	    "$(counts captured_packets ring_dropped_packets)" "20000 0 "
	copied=$(counter copied_packets)
	expect_eq "sampled out and copied" \
	    $(($(counter sampled_out_packets) + copied)) 20000
	expect_eq "flows seen, of these in one direction only" \
	    "$(summary)" "$((copied / 2)) 0"
	off=$((copied * $4 - 20000))
	[ "${off#-}" -le 2000 ] || fail "copied $copied of 20000 / $4"
}

check_sample 4 10.0.0.14 10.0.0.1 4
check_sample 6 fd00::14 fd00::1 10

# ---- exclude-targets ----

# A mirror of the interface that the copies leave by.
sources=eth1

# From 10.0.9.1 to port 22 of 10.0.9.11.
tcp='02000000020b 02000000020a 0800 45000028 00000000 4006 54c0 0a000901
    0a00090b 4e20 0016 00000001 00000000 5002 ffff 0000 0000'

# With the target, and (IPv6) with an address of it that is not the target.
talk() {
	in_ns source "$tools/flowgen" -4 -d 10.0.9.11 -f 5 -n 10 -r 0 \
	    -s 22 >/dev/null
	in_ns target "$tools/flowgen" -4 -d 10.0.9.1 -f 5 -n 10 -r 0 \
	    -s 23 >/dev/null
	echo "$tcp" | tr -d '\n' | in_ns source "$tools/framesend" eth1 10
	in_ns source ping -q -c 5 -i 0.01 10.0.9.11 >"$T/ping.log"
	in_ns source ping -q -c 5 -i 0.01 fd00:9::b >"$T/ping.log"
}

# check_exclude VALUE WANT: so many packets of each kind of talk
check_exclude() {
	mirror_start "" "exclude-targets = $1"
	talk
	mirror_stop $((4 * $2 + 10))
	for filter in "ip and udp dst port 22" "ip and udp dst port 23" \
	    "tcp dst port 22" "icmp[0] = 0 or icmp[0] = 8"; do
		expect_eq "exclude-targets = $1: $filter" \
		    "$(capture_count "$copies" "$filter")" "$2"
	done
	expect_eq "exclude-targets = $1: others" \
	    "$(capture_count "$copies" "icmp6 and ip6[40] >= 128 and
	    ip6[40] <= 129")" 10
	expect_eq "exclude-targets = $1: copies of copies" \
	    "$(capture_count "$copies" "udp port 4789")" 0
	expect_eq "exclude-targets = $1: copied" "$(counter copied_packets)" \
	    "$(counter captured_packets)"
}

check_exclude true 0
check_exclude false 10

# ---- copies larger than the path ----

sources=eth0
ip -n source link set dev eth1 mtu 1500
ip -n target link set dev eth0 mtu 1500

# 100 full-size packets, each copy in two fragments
check_fragments() {
	mirror_start "" 'direction = out  bpf = "udp"' eth0
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 10 -n 100 -r 0 \
	    -l 1472 >/dev/null
	wait_until 5 capture_has "$copies" 200 || :
	mirror_stop
	expect_eq "copied, dropped" "$(counts copied_packets \
	    dropped_send-error dropped_oversize)" "100 0 0 "
	expect_eq "fragments" "$(capture_count "$copies" \
	    "ip[6:2] & 0x3fff != 0 or ip6[6] = 44")" 200
	tshark -n -r "$copies" -Y 'vxlan && udp.length == 1480' -T fields \
	    -e ip.len >"$T/tshark.out" 2>"$T/tshark.log"
	expect_eq "reassembled" "$(wc -l <"$T/tshark.out")" 100
	"$tools/seqcheck" 100 "$copies" || fail "not every packet once"
}

check_fragments
address='"fd00:9::b"'
vxlan_dev target copies6 1 4789 fd00:9::b # no port unreachable
check_fragments
