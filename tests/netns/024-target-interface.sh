#!/bin/sh
# SPDX-License-Identifier: ISC
# A target's interface: copies leave by it alone, though the route goes another
# way, whatever becomes of it; and again once it is back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab
link source eth2 10.0.8.1/24,fd00:8::1/64 target eth1 10.0.8.11/24,fd00:8::b/64

# out0 stands on eth1, so that to delete it leaves the captures alone.
out_up() {
	ip -n source link set dev out0 up
	in_ns source sh -c 'echo 0 >/proc/sys/net/ipv6/conf/out0/disable_ipv6'
	for net in 10.0.9.1/24 fd00:9::1/64; do
		ip -n source address replace "$net" dev out0 nodad
	done
	for to in 10.0.9.11 fd00:9::b; do
		ip -n source neighbour replace "$to" dev out0 \
		    lladdr 02:00:00:00:02:0b nud permanent
	done
	# Of two routes the other one is preferred.
	ip -n source route replace 10.0.9.11/32 via 10.0.8.11 dev eth2
	ip -n source route replace fd00:9::b/128 via fd00:8::b dev eth2
}

out_add() {
	ip -n source link add dev out0 link eth1 type macvlan mode bridge
	out_up
}

ip -n source address flush dev eth1
why=$(out_add 2>&1) || skip "no macvlan: $why"

ping_out() {
	in_ns source ping -q -c 1 -W 1 10.0.0.1 >"$T/ping.log" 2>&1 ||
		error "no answer to a ping"
}

# said TEXT: of the target; every ping is a copy to send
said() {
	ping_out
	log_says "target \"ids\": $1"
}

none_sent() {
	complains=yes
	log_mark
	wait_until 10 said 'send: ' || fail "$encap: $what: no complaint"
}

copied() {
	ping_out
	capture_has "$copies" $((before + 1))
}

soon_copied() {
	before=$(capture_count "$copies")
	wait_until 3 copied || fail "$encap: $what: no copies"
}

link_gone_and_back() {
	ip -n source link set dev out0 down
	none_sent
	out_up
}

# IPv4 takes the target for a neighbour then.
route_gone_and_back() {
	ip -n source route del 10.0.9.0/24 dev out0
	ip -n source route del fd00:9::/64 dev out0
	case $address in
	*:*) none_sent ;;
	*) soon_copied ;;
	esac
	ip -n source route add 10.0.9.0/24 dev out0 src 10.0.9.1
	ip -n source route add fd00:9::/64 dev out0
}

recreate() {
	ip -n source link del dev out0
	none_sent
	out_add
}

# check_what: copies leave by out0 in time, and it is said when they do again
check_what() {
	complains=no
	$what
	soon_copied
	[ $complains = no ] || wait_until 3 said 'sending again' ||
		fail "$encap: $what: not said to send again"
}

# check ADDRESS ENCAP: none leave by eth2 at any moment
check() {
	address=$1
	encap=$2
	filter='ip proto 47 or ip6 proto 47 or udp port 4789'
	mirror_start "interface = out0 encap = $encap" \
	    'direction = out bpf = "icmp"' eth0 "$filter"
	astray=$T/astray$captures.pcap
	capture_start target eth1 "$astray" "$filter"
	for what in : link_gone_and_back route_gone_and_back recreate; do
		check_what
	done
	mirror_stop
	capture_stop "$astray"
	expect_eq "$encap: copies by eth2" "$(capture_count "$astray")" 0
}

check 10.0.9.11 vxlan
check 10.0.9.11 gre
check '"fd00:9::b"' vxlan

# One that is not there is an error at once, also for -n.
mirror_conf 'interface = nowhere0' ''
! in_ns source "$top_builddir/trafmirrord" -n -c "$T/m.conf" 2>"$T/n.err" ||
	fail "-n takes an interface that does not exist"
grep -q 'm.conf:4: target "ids": interface: there is no interface "nowhere0" here' \
    "$T/n.err" || fail "-n says $(cat "$T/n.err")"
