#!/bin/sh
# SPDX-License-Identifier: ISC
# With all offloads on, copies are the frames of the wire: no larger than the
# MTU, every checksum good, no byte of a stream missing.
. "$(dirname "$0")/lib.sh"

command -v iperf3 >/dev/null || skip "iperf3 is not installed"
command -v tshark >/dev/null || skip "tshark is not installed"

snaplen=1600
ns_new client source target
link client eth0 10.0.0.1/24,fd00::1/64 source eth0 10.0.0.14/24,fd00::14/64
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24 1600

cat >"$T/trafmirrord.conf" <<'END'
user = root
target ids { address = 10.0.9.11 }
mirror all {
	sources = { eth0 }
	targets = { ids }
	ring-size = 128MiB
}
END
vxlan_dev target copies 1 4789 10.0.9.11
daemon_start source "$T/trafmirrord.conf"
in_ns client iperf3 --server --daemon --pidfile "$T/iperf.pid" \
    --logfile "$T/iperf.log"
wait_until 5 test -s "$T/iperf.pid" || error "iperf3 does not start"

# A ping of its own length, sent last, ends a stream.
stream_ended() {
	[ "$(capture_count "$pcap" 'icmp and greater 300')" -ge 2 ]
}

# stream NAME ADDRESS [OPTION...]: 8 MB through the mirror
stream() {
	pcap=$T/$1.pcap
	address=$2
	shift 2
	capture_start target copies "$pcap"
	in_ns source iperf3 --client "$address" --bytes 8M --bitrate 200M "$@" \
	    >"$T/stream.log" 2>&1 || error "iperf3 fails"
	in_ns source ping -q -c 1 -s 400 10.0.0.1 >/dev/null
	wait_until 10 stream_ended || fail "the last ping is not copied"
	capture_stop "$pcap"
	check "$pcap"
}

# frames PCAP FILTER: how many frames match
frames() {
	tshark -n -r "$1" -o ip.check_checksum:TRUE \
	    -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
	    -Y "$2" -T fields -e frame.number 2>/dev/null | wc -l
}

check() {
	expect_eq "frames above the MTU" "$(frames "$1" 'frame.len > 1514')" 0
	expect_eq "bad checksums" "$(frames "$1" 'ip.checksum.status == 0 ||
	    tcp.checksum.status == 0 || udp.checksum.status == 0')" 0
	expect_eq "missing segments" "$(frames "$1" \
	    'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment')" 0
	[ "$(frames "$1" 'tcp.len == 1448 || tcp.len == 1428 ||
	    udp.length > 1000')" -gt 1000 ] || fail "$1 lacks full segments"
}

stream tcp4-out 10.0.0.1
stream tcp4-in 10.0.0.1 --reverse
stream tcp6-out fd00::1
stream tcp6-in fd00::1 --reverse
stream udp4 10.0.0.1 --udp --length 1400

daemon_counters >"$T/counters.log"
segmented=$(sed -n 's/.* segmented_packets=\([0-9]*\) .*/\1/p' \
    "$T/counters.log")
[ "$segmented" -gt 10000 ] || fail "only $segmented frames were segmented"
expect_eq "superframes copied whole" "$(sed -n \
    's/.*unsegmented_packets=\([0-9]*\) .*/\1/p' "$T/counters.log")" 0
grep -q ' ring_dropped_packets=0 .* dropped_send-error=0 ' \
    "$T/counters.log" || fail "packets were lost"
received() {
	ip -n target -s link show dev copies | awk '/RX:/ { getline; print $2 }'
}
copied=$(sed -n 's/.*state=.* copied_packets=\([0-9]*\) .*/\1/p' \
    "$T/counters.log")
expect_eq "copies that the receiver took" "$(received)" "$copied"
daemon_stop
