#!/bin/sh
# SPDX-License-Identifier: ISC
# Each offload off and on again, on the source interface, its peer and the
# egress, while packets flow: the copies stay what the wire carries.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"
. "$(dirname "$0")/offload.sh"

offloads='tx|rx|sg|tso|gso|gro|txvlan|rxvlan|tx-udp-segmentation'
offloads="$offloads|tx-gso-partial|tx-gso-list|rx-gro-list"
offloads="$offloads|rx-udp-gro-forwarding|tx-scatter-gather-fraglist"
sent=0
changes=0

# switches NS IFACE: those it has and lets go, each with its state
switches() {
	in_ns "$1" ethtool -k "$2" | sed -n 's/^[[:space:]]*//
	    s/scatter-gather:/sg:/
	    s/generic-\(.\).*-offload:/g\1o:/
	    s/tcp-segmentation-offload:/tso:/
	    s/\([rt]x\)-checksumming:/\1:/
	    s/\([rt]x\)-vlan-offload:/\1vlan:/
	    s/^\([a-z-]*\): \(o[nf]*\)$/\1 \2/p' |
		grep -E "^($offloads) "
}

# burst NS ADDRESS...: datagrams of a size that changes, to each
burst() {
	burst_ns=$1
	shift
	# shellcheck disable=SC2016 # to be expanded in there
	in_ns "$burst_ns" sh -c 'gsosend=$1 size=$2 first=$3
	shift 3
	for to; do
		"$gsosend" -d "$to" -p 10000 -n 50 -f "$first" -s "$size" \
		    -l 77 >/dev/null || exit 1
		first=$((first + 50))
	done' sh "$tools/gsosend" $((1000 + changes)) "$sent" "$@" ||
		error "gsosend fails"
	sent=$((sent + 50 * $#))
}

# toggle NS IFACE: one offload after the other
toggle() {
	switches "$1" "$2" >"$T/switches"
	while read -r offload was; do
		case $was in
		on) other=off ;;
		*) other=on ;;
		esac
		for state in "$other" "$was"; do
			in_ns "$1" ethtool -K "$2" "$offload" "$state" \
			    >/dev/null 2>&1 || error "$2: $offload $state"
			changes=$((changes + 1))
			burst source 10.0.0.1 fd00::1
			burst client 10.0.0.14 fd00::14
		done
	done <"$T/switches"
}

offload_lab
offload_start
ip netns exec source iperf3 --client 10.0.0.1 --bidir --time 100 \
    --bitrate 20M >"$T/stream.log" 2>&1 &
iperf=$!
toggle source eth0
toggle client eth0
toggle source eth1
kill -INT "$iperf"
wait "$iperf" || :
offload_stop
offload_check
# shellcheck disable=SC2086 # tcpdump is several words
$tcpdump -r "$copies" -w "$T/datagrams.pcap" 'udp dst port 10000' 2>/dev/null
"$tools/seqcheck" "$sent" "$T/datagrams.pcap" ||
	fail "datagrams are missing or doubled"
[ "$changes" -ge 40 ] || fail "only $changes changes were possible"
[ "$(streamed tcp_bytes)" -gt 1000000 ] || fail "there was hardly any stream"
