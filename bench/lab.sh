# SPDX-License-Identifier: ISC
# The lab of bench/run, on top of tests/netns/lib.sh:
#
#	generator gen0 -- eth0 source eth1 -- eth0 sink
#
# Frames come out of the generator on one core. They are addressed to nobody,
# as on a monitoring port: source drops them right behind its taps, and so
# does the sink with the copies, so that neither answers or costs more than a
# network card would. What has arrived, the counters of the interfaces know.
#
# lab                    makes it
# frames_ready           every copy is a frame of its own on the wire
# streams_ready HOW      for TCP between generator and source; the sink takes
#                        VXLAN apart. HOW: software or offload
# trial MIX MS [RATE]    runs the generator, as fast as it can or at RATE,
#                        until all copies are through; sets sent, arrived,
#                        gen_ns and gen_cpu (ns), mirror_cpu (ns)
# stream SECONDS in|out  runs iperf3; sets goodput (kbit/s), share (ppm of the
#                        bytes of TCP that are in the copies)
# zero_loss MIX MS STEPS RATE   sets best: the highest rate up to RATE that
#                        loses nothing, by STEPS bisections

generator_cpu=0
nobody=02:00:00:00:00:99
service=10.0.0.14
targets_max=16

# Bytes of headers in front of the payload of TCP, which has time stamps:
# IPv4 and TCP; a vxlan device does not count the Ethernet header.
tcp_headers=52
ether_header=14

target_address() {
	echo "10.0.9.$((10 + $1))"
}

# neighbours MAC: who has the addresses of all targets
neighbours() {
	n=1
	while [ "$n" -le "$targets_max" ]; do
		ip -n source neighbour replace "$(target_address "$n")" \
		    lladdr "$1" dev eth1 nud permanent
		n=$((n + 1))
	done
}

lab() {
	ns_new generator source sink
	link generator gen0 10.0.0.1/24 source eth0 "$service/24"
	link source eth1 10.0.9.1/24 sink eth0 "$(target_address 1)/24" 9000
	vxlan_dev sink copies 1 4789 "$(target_address 1)"
}

# segmentation UDP TUNNEL: on or off, at the way out of source
segmentation() {
	in_ns source ethtool -K eth1 tx-udp-segmentation "$1" \
	    tx-udp_tnl-segmentation "$2" tx-udp_tnl-csum-segmentation "$2" ||
		error "ethtool cannot switch segmentation $1 and $2"
}

frames_ready() {
	neighbours "$nobody"
	segmentation off on
}

streams_ready() {
	neighbours "$(in_ns sink cat /sys/class/net/eth0/address)"
	case $1 in
	software) segmentation off off ;;
	offload) segmentation on on ;;
	esac
}

# ---- measuring -------------------------------------------------------------

# count NS IFACE COUNTER
count() {
	in_ns "$1" cat "/sys/class/net/$2/statistics/$3"
}

# Time on a CPU of all threads of the mirror, which may be in the kernel.
cpu_time() {
	[ -n "$mirror_pid" ] || {
		echo 0
		return
	}
	cat "/proc/$mirror_pid"/task/*/schedstat |
		awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Until no more copies come, but three seconds at the most.
settle() {
	settle_tries=15
	settle_before=-1
	settle_now=$(count sink eth0 rx_packets)
	while [ "$settle_tries" -gt 0 ] &&
	    [ "$settle_now" -ne "$settle_before" ]; do
		sleep 0.2
		settle_before=$settle_now
		settle_now=$(count sink eth0 rx_packets)
		settle_tries=$((settle_tries - 1))
	done
}

trial() {
	sent=$(count source eth0 rx_packets)
	arrived=$(count sink eth0 rx_packets)
	mirror_cpu=$(cpu_time)
	taskset -c "$generator_cpu" ip netns exec generator \
	    "$generator" -i gen0 -m "$nobody" -s "$1" -t "$2" ${3:+-r "$3"} \
	    >"$T/generator" || error "the generator failed"
	read -r _ gen_ns gen_cpu <"$T/generator"
	settle
	sent=$(($(count source eth0 rx_packets) - sent))
	arrived=$((settle_now - arrived))
	mirror_cpu=$(($(cpu_time) - mirror_cpu))
}

zero_loss() {
	best=0
	steps_left=$3
	lossy=$4
	while [ "$steps_left" -gt 0 ]; do
		trial "$1" "$2" $(((best + lossy) / 2))
		if [ "$arrived" -ge "$sent" ]; then
			best=$((sent * 1000000000 / gen_ns))
		else
			lossy=$(((best + lossy) / 2))
		fi
		steps_left=$((steps_left - 1))
	done
}

# payload NS IFACE RX|TX HEADERS: bytes of TCP that passed there
payload() {
	echo $(($(count "$1" "$2" "$3_bytes") - \
	    $(count "$1" "$2" "$3_packets") * $4))
}

stream_bytes() {
	echo $(($(payload source eth0 rx $((tcp_headers + ether_header))) + \
	    $(payload source eth0 tx $((tcp_headers + ether_header)))))
}

copied_bytes() {
	case $mirror in
	tc | trafmirrord) payload sink copies rx "$tcp_headers" ;;
	*) payload sink eth0 rx $((tcp_headers + ether_header)) ;;
	esac
}

iperf3_listens() {
	grep -q 'Server listening' "$T/iperf3-server"
}

stream() {
	stream_before=$(stream_bytes)
	copied_before=$(copied_bytes)
	case $2 in
	in) reverse= ;;
	out) reverse=-R ;;
	esac
	: >"$T/iperf3-server"
	taskset -c "$mirror_cpus" ip netns exec source \
	    iperf3 -s -1 --forceflush >"$T/iperf3-server" 2>&1 &
	server_pid=$!
	wait_until 5 iperf3_listens || error "iperf3 -s does not start"
	taskset -c "$mirror_cpus" ip netns exec generator \
	    timeout $(($1 + 10)) \
	    iperf3 -c "$service" -t "$1" -f k $reverse >"$T/iperf3" 2>&1 ||
		error "iperf3 failed: $(tail -n 1 "$T/iperf3")"
	wait "$server_pid" || :
	settle
	goodput=$(awk '/receiver$/ { printf "%.0f\n", $7 }' "$T/iperf3")
	share=$((($(copied_bytes) - copied_before) * 1000000 / \
	    ($(stream_bytes) - stream_before)))
}
