#!/bin/sh
# SPDX-License-Identifier: ISC
# Whatever happens to the way to the target, each packet is counted once, and
# copies flow again by themselves when it is over.
. "$(dirname "$0")/lib.sh"

rate=2000
ns_new client source target
link client eth0 10.0.0.1/24,fd00::1/64 source eth0 10.0.0.14/24,fd00::14/64
link source eth1 10.0.9.1/24,fd00:9::1/64 target eth0 10.0.9.11/24,fd00:9::11/64
ip -n source address add 10.0.9.2/24 dev eth1
ip -n source route add 10.0.8.0/24 via 10.0.9.11
ip -n target address add 10.0.8.8/32 dev lo

cat >"$T/trafmirrord.conf" <<'END'
user = root
target plain { address = 10.0.9.11 }
target bound { address = 10.0.9.11  source-address = 10.0.9.2  port = 4790 }
target device { address = 10.0.9.11  interface = eth1  port = 4791 }
target routed { address = 10.0.8.8  port = 4792 }
target six { address = "fd00:9::11"  interface = eth1  port = 4793 }
target gre { address = 10.0.9.11  encap = gre  interface = eth1 }
mirror all {
	sources   = { eth0 }
	direction = out
	targets   = { plain, bound, device, routed, six, gre }
	balance   = replicate
	bpf       = "udp"
}
END
daemon_start source "$T/trafmirrord.conf"

traffic() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 10 -n "$1" -r "$rate" \
	    >/dev/null || error "flowgen fails"
}

field() {
	sed -n "s/.*$1.* $2=\([0-9]*\).*/\1/p" "$T/counters.log" | tail -n 1
}

is_balanced() {
	daemon_counters >"$T/counters.log"
	captured=$(field 'state=' captured_packets)
	out=0
	for f in copied_packets dropped_send-error dropped_oversize \
	    dropped_no-target; do
		out=$((out + $(field 'state=' "$f")))
	done
	[ "$captured" -ge "$sent" ] && [ "$out" -eq $((6 * captured)) ]
}

all_copied() {
	before=$(field 'state=' copied_packets)
	traffic 10
	sent=$((sent + 10))
	wait_until 2 is_balanced || return 1
	[ $(($(field 'state=' copied_packets) - before)) -eq 60 ]
}

recovers() {
	recover_end=$(($(date +%s) + 10))
	until all_copied; do
		[ "$(date +%s)" -lt "$recover_end" ] ||
			fail "$1: copies do not flow again"
	done
}

# trouble WHAT BREAK REPAIR: commands at the source
sent=0
trouble() {
	echo "$1"
	in_ns source sh -euc "$2" || error "$1: cannot be made"
	traffic 1000
	sent=$((sent + 1000))
	wait_until 5 is_balanced || fail "$1: sent $sent," \
	    "captured $captured, $out of six times that accounted for"
	in_ns source sh -euc "$3" || error "$1: cannot be repaired"
	recovers "$1"
}

# The kernel forgets these with the link, or with its IPv6.
neighbours='
	echo 0 >/proc/sys/net/ipv6/conf/eth1/disable_ipv6
	ip neighbour replace 10.0.9.11 lladdr 02:00:00:00:02:0b dev eth1
	ip address replace fd00:9::1/64 dev eth1 nodad
	ip neighbour replace fd00:9::11 lladdr 02:00:00:00:02:0b dev eth1
	ip route replace 10.0.8.0/24 via 10.0.9.11'

trouble 'nothing' : :
trouble 'far end down' 'ip -n target link set dev eth0 down' \
    'ip -n target link set dev eth0 up'
trouble 'near end down' 'ip link set dev eth1 down' \
    "ip link set dev eth1 up; $neighbours"
trouble 'small MTU' 'ip link set dev eth1 mtu 600' \
    "ip link set dev eth1 mtu 1500; $neighbours"
trouble 'no route' 'ip route del 10.0.8.0/24' \
    'ip route add 10.0.8.0/24 via 10.0.9.11'
trouble 'source address gone' 'ip address del 10.0.9.2/24 dev eth1' \
    'ip address add 10.0.9.2/24 dev eth1'
trouble 'no address' 'ip -4 address flush dev eth1' \
    "ip address add 10.0.9.1/24 dev eth1
    ip address add 10.0.9.2/24 dev eth1; $neighbours"
trouble 'blackhole' 'ip route add blackhole 10.0.9.11/32' \
    'ip route del blackhole 10.0.9.11/32'
trouble 'forbidden' 'ip rule add ipproto 17 dport 4789 prohibit' \
    'ip rule del ipproto 17 dport 4789 prohibit'
trouble 'device replaced' 'ip link del dev eth1' "
	ip link add dev eth1 type veth peer name eth0 netns target
	ip -n target link set dev eth0 up
	ip link set dev eth1 up
	ip address add 10.0.9.1/24 dev eth1
	ip address add 10.0.9.2/24 dev eth1; $neighbours"

# After all that, what is bound to an interface still leaves by no other.
ip -n source route add 10.0.9.11/32 dev eth0
ip -n source neighbour replace 10.0.9.11 lladdr 02:00:00:00:01:0a dev eth0
capture_start client eth0 "$T/strays.pcap" 'dst host 10.0.9.11'
recovers 'another way'
capture_stop "$T/strays.pcap"
[ "$(capture_count "$T/strays.pcap" 'port 4789')" -gt 0 ] ||
	fail "no copy takes the other way"
expect_eq "copies that left by another interface" \
    "$(capture_count "$T/strays.pcap" 'port 4791 or proto 47')" 0
daemon_stop
