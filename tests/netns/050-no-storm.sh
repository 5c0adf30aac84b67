#!/bin/sh
# SPDX-License-Identifier: ISC
# Copies that come along a source themselves are not mirrored again.
. "$(dirname "$0")/lib.sh"

packets=1000
pings=5
conf=$T/trafmirrord.conf

# write ENCAP EXCLUDE TARGET SOURCES
write() {
	cat >"$conf" <<END
user = root
target ids { address = $3 encap = $1 }
mirror demo {
	sources         = { $4 }
	targets         = { ids }
	exclude-targets = $2
}
END
}

# send NS TARGET: packets that nobody answers, and pings to the target
send() {
	expect_eq "sent" "$(in_ns "$1" "$tools/flowgen" -4 -d 10.0.0.99 \
	    -f 100 -n "$packets" -r 2000)" "$packets"
	in_ns "$1" ping -q -c "$pings" -i 0.02 "$2" >"$T/ping.log" ||
		fail "no answer from the target"
}

# check NAME NS TARGET COPIES: packets meanwhile, and after an orderly stop,
# which takes what is in the rings along
check() {
	capture_start target eth0 "$T/$1.pcap" \
	    "dst host $3 and (udp port 4789 or proto 47)"
	daemon_start "$2" "$conf"
	send "$2" "$3"
	wait_until 10 capture_has "$T/$1.pcap" "$4" || :
	daemon_stop
	capture_stop "$T/$1.pcap"
	expect_eq "copies of $1" "$(capture_count "$T/$1.pcap")" "$4"
	expect_eq "captured packets of $1" \
	    "$(counter demo captured_packets)" "$4"
	"$tools/seqcheck" "$packets" "$T/$1.pcap" || fail "copies of $1"
}

# Copies leave where they were captured. No program listens at the target: its
# kernel answers each copy, as far as it does not limit itself.
ns_new target source
link target eth0 10.0.0.1/24,10.0.0.11/24 source eth0 10.0.0.14/24
ip -n source neighbour add 10.0.0.99 lladdr 02:00:00:00:01:0a dev eth0
for encap in vxlan gre; do
	write "$encap" true 10.0.0.11 eth0
	check "$encap-true" source 10.0.0.11 "$packets"
	write "$encap" false 10.0.0.11 eth0
	check "$encap-false" source 10.0.0.11 $((packets + 2 * pings))
done
ip netns delete target
ip netns delete source

# The copies pass through another namespace, where they lose their mark, and
# come back through a port of the host's own bridge:
# source eth1 -- outside (bridge) -- port1 source (bridge) port2 -- target
bridge() {
	ip -n "$1" link add dev br0 type bridge mcast_snooping 0
	ip -n "$1" link set dev "$2" master br0
	ip -n "$1" link set dev "$3" master br0
	ip -n "$1" link set dev br0 up
}

ns_new client source outside target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 outside eth0 none
link outside eth1 none source port1 none
link source port2 none target eth0 10.0.9.11/24
bridge outside eth0 eth1
bridge source port1 port2
ip -n source neighbour add 10.0.0.99 lladdr 02:00:00:00:02:0a dev eth0
ip -n source neighbour replace 10.0.9.11 lladdr 02:00:00:00:05:0b dev eth1 \
    nud permanent
ip -n target neighbour replace 10.0.9.1 lladdr 02:00:00:00:03:0a dev eth0 \
    nud permanent
for encap in vxlan gre; do
	write "$encap" false 10.0.9.11 eth0,port1
	check "$encap-bridge" source 10.0.9.11 $((packets + 2 * pings))
done
