# SPDX-License-Identifier: ISC
# Helpers for tests with offloads on, on top of copies.sh: a path that has
# room for a full frame in VXLAN over IPv4 and for no byte more, and checks of
# all that arrives.
#
# offload_lab            the lab of copies.sh with MTU 1550 between source and
#                        target; an iperf3 server in client
# offload_start          mirror_start with a ring for bursts, and for a daemon
#                        that waits seconds for a CPU; all offloads on
# stream MBYTES ADDRESS [OPTION...]
#                        iperf3 from source to client, paced
# offload_stop           once the last packet has arrived, mirror_stop
# offload_check          of all copies: wire frames, none missing, none
#                        doubled, and nothing was lost on the way
# streamed FIELD         of what offload_check has counted
# reference              an interface ref1 in source that shows what the kernel
#                        makes of the traffic for a wire without offloads
# snmp NS FIELD          a counter of the namespace's stack, as IpReasmReqds

snaplen=1600
ring_kib=131072
retransmitted=0

offload_lab() {
	for tool in ethtool iperf3; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	lab
	ip -n source link set dev eth1 mtu 1550
	ip -n target link set dev eth0 mtu 1550
	in_ns client iperf3 --server --daemon --pidfile "$T/iperf.pid" \
	    --logfile "$T/iperf.log"
	wait_until 5 test -s "$T/iperf.pid" || error "iperf3 does not start"
}

snmp() {
	in_ns "$1" cat /proc/net/snmp /proc/net/snmp6 | awk -v want="$2" '
	/:/ && !($1 in head) { head[$1] = $0; next }
	/:/ {
		n = split(head[$1], name)
		for (i = 2; i <= n; i++)
			if (substr($1, 1, length($1) - 1) name[i] == want)
				print $i
	}
	$1 == want { print $2 }'
}

# What the stacks have sent again is on the wire again.
resent() {
	echo $(($(snmp source TcpRetransSegs) + $(snmp client TcpRetransSegs)))
}

offload_start() {
	retransmitted=$(resent)
	mirror_start '' 'ring-size = 256MiB'
}

stream() {
	stream_size=$1
	stream_to=$2
	shift 2
	in_ns source iperf3 --client "$stream_to" --bytes "${stream_size}M" \
	    --bitrate 200M "$@" >"$T/stream.log" 2>&1 || error "iperf3 fails"
}

# A ping of its own length, sent last, ends the copies.
last_has_come() {
	[ "$(capture_count "$copies" 'icmp and len = 342')" -ge 2 ]
}

offload_stop() {
	in_ns source ping -q -c 1 -W 5 -s 300 10.0.0.1 >/dev/null ||
		error "no ping from source to client"
	wait_until 20 last_has_come || fail "the last ping is not copied"
	mirror_stop
}

offload_check() {
	expect_eq "frames lost in the ring" "$(counter ring_dropped_packets)" 0
	expect_eq "superframes copied whole" "$(counter unsegmented_packets)" 0
	expect_eq "copies" "$(counter copied_packets)" \
	    "$(counter captured_packets)"
	expect_eq "copies that arrived" "$(capture_count "$copies")" \
	    "$(counter copied_packets)"
	expect_eq "outer fragments" "$(snmp target IpReasmReqds)" 0
	"$tools/streamcheck" -r $(($(resent) - retransmitted)) 1500 \
	    "$copies" >"$T/streams.log" || fail "the copies are no wire frames"
	expect_eq "fragments" "$(streamed fragments)" 0
}

streamed() {
	sed -n "s/.*\<$1=\([0-9]*\).*/\1/p" "$T/streams.log" | tail -n 1
}

# clsact hands a clone of every packet to a veth that can do nothing itself.
reference() {
	command -v tc >/dev/null || skip "tc is not installed"
	ip -n source link add dev ref0 type veth peer name ref1
	in_ns source ethtool -K ref0 tx off sg off tso off gso off \
	    tx-udp-segmentation off >/dev/null
	ip -n source link set dev ref0 up
	ip -n source link set dev ref1 up
	wait_until 5 link_is_up source ref1 || error "ref1 is not up"
	in_ns source tc qdisc add dev eth0 clsact
	for hook in ingress egress; do
		in_ns source tc filter add dev eth0 "$hook" protocol all u32 \
		    match u32 0 0 action mirred egress mirror dev ref0 ||
			skip "no act_mirred and cls_u32 in this kernel"
	done
}
