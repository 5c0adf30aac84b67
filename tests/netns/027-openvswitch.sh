#!/bin/sh
# SPDX-License-Identifier: ISC
# Open vSwitch, all in userspace, takes copies of every encapsulation apart,
# over IPv4 and IPv6.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

for tool in ovsdb-tool ovsdb-server ovs-vswitchd ovs-vsctl ovs-ofctl ethtool
do
	command -v $tool >/dev/null || skip "$tool is not installed"
done
[ -c /dev/net/tun ] || skip "no /dev/net/tun"

lab 4
in_ns source ethtool -K eth1 tx off >"$T/ethtool.log"

# ---- the switch ----

schema=/usr/share/openvswitch/vswitch.ovsschema
db=unix:$T/ovs/db.sock

mkdir "$T/ovs"
export OVS_RUNDIR="$T/ovs" OVS_DBDIR="$T/ovs" OVS_LOGDIR="$T"

vsctl() {
	ovs-vsctl --db="$db" --timeout=20 "$@"
}

# Like the daemon, both end with the test.
ovs_start() {
	ovsdb-tool create "$T/ovs/conf.db" "$schema"
	in_ns target ovsdb-server "$T/ovs/conf.db" --remote="p$db" \
	    --unixctl="$T/ovs/db.ctl" >"$T/ovsdb-server.log" 2>&1 &
	wait_until 10 vsctl --no-wait init 2>"$T/vsctl.log" ||
		error "ovsdb-server does not start"
	in_ns target ovs-vswitchd "$db" --unixctl="$T/ovs/vs.ctl" \
	    >"$T/ovs-vswitchd.log" 2>&1 &
}

# under has the link and takes over its addresses: tunnels end where outer
# addresses are.
ovs_underlay() {
	ip -n target address flush dev eth0
	vsctl add-br under -- set bridge under datapath_type=netdev \
	    other_config:hwaddr='"02:00:00:00:02:0b"' -- add-port under eth0
	link_side target under 10.0.9.11/24,fd00:9::b/64
	link_neighbours target under 10.0.9.1,fd00:9::1 02:00:00:00:02:0a
}

# What comes out of tunnels goes into interfaces of br: the copies of each
# encapsulation, and of each direction if they tell, into their own.
ovs_overlay() {
	vsctl add-br br -- set bridge br datapath_type=netdev
	ovs-ofctl del-flows br
	for out in vxlan geneve gre erspan in3 out3; do
		vsctl add-port br $out -- set interface $out type=internal
		link_side target $out none
	done
}

# ovs_tunnel TYPE [OPTION...]
ovs_tunnel() {
	tunnel=$1
	shift
	vsctl add-port br "t-$tunnel" -- set interface "t-$tunnel" \
	    type="$tunnel" options:remote_ip=flow options:key=flow "$@"
}

# ovs_flow TYPE MATCH OUT: only of our session
ovs_flow() {
	ovs-ofctl add-flow br "$2,in_port=t-$1,tun_id=7,actions=output:$3"
}

# ---- copies ----

# From 10.0.0.1 port 20000 to 10.0.0.14 port 30000, 4 bytes and 1472.
short='0800 45000020 00000000 4011 66bf 0a000001 0a00000e
    4e20 7530 000c 0000 74616773'
long="0800 450005dc 00000000 4011 6103 0a000001 0a00000e
    4e20 7530 05c8 0000 $(printf '%02944d' 0)"

# frames DESTINATION SOURCE: without a tag, with one, with two, and full size
frames() {
	for rest in "$short" "8100b064$short" "88a800c881000064$short" \
	    "$long" "81000001$long"; do
		echo "$1$2$rest" | tr -d ' \n'
		echo
	done
}

# wanted OUT: what the mirror has seen of it; to the client and from it
wanted() {
	case $1 in
	in3) hex "$seen" "ether dst 02:00:00:00:01:0b" ;;
	out3) hex "$seen" "ether dst 02:00:00:00:01:0a" ;;
	*) hex "$seen" ;;
	esac
}

# conf ADDRESS: a target for each encapsulation
conf() {
	echo "user = root"
	for encap in $encaps; do
		echo "target $encap { encap = $encap  address = $1 }"
	done
	echo "mirror m { sources = eth0  session-id = 7  balance = replicate"
	echo "bpf = \"not icmp\"  targets = { $(echo "$encaps" | tr ' ' ,) } }"
}

# The switch works through what it receives flow by flow, and so changes the
# order.
compare() {
	wanted "$1" | sort >"$T/want.log"
	hex "$T/$1.pcap" | sort >"$T/got.log"
	cmp "$T/got.log" "$T/want.log" ||
		fail "$1 from $address: not the frames that were seen"
}

# copy ADDRESS: frames in both directions, through the targets $encaps, into
# $outs
copy() {
	address=$1
	seen=$T/seen.pcap
	conf "$1" >"$T/m.conf"
	capture_start source eth0 "$seen" "not icmp"
	for out in $outs; do
		rm -f "$T/$out.pcap.err"
		capture_start target "$out" "$T/$out.pcap"
	done
	daemon_start source "$T/m.conf"
	frames 02000000010b 02000000010a |
		in_ns client "$tools/framesend" eth0
	frames 02000000010a 02000000010b |
		in_ns source "$tools/framesend" eth0
	wait_until 5 capture_has "$seen" 10 || error "frames are missing"
	for out in $outs; do
		wait_until 5 capture_has "$T/$out.pcap" \
		    "$(wanted "$out" | wc -l)" || :
	done
	daemon_stop
	capture_stop "$seen"
	for out in $outs; do
		capture_stop "$T/$out.pcap"
		compare "$out"
	done
	rm "$seen.err"
}

ovs_start
ovs_underlay
ovs_overlay

encaps='vxlan geneve gre'
outs=$encaps
for encap in $encaps; do
	ovs_tunnel "$encap"
	ovs_flow "$encap" priority=1 "$encap"
done
copy 10.0.9.11
copy '"fd00:9::b"'

# It has one look-up for all that is GRE, and takes ERSPAN for its gre tunnel
# if there is one.
vsctl del-port br t-gre
encaps='erspan erspan3'
outs='erspan in3 out3'
ovs_tunnel erspan options:erspan_ver=flow
ovs_flow erspan priority=1,tun_erspan_ver=1,tun_erspan_idx=0 erspan
# It takes a match for direction 0 for one of any.
ovs_flow erspan priority=1,tun_erspan_ver=2 in3
ovs_flow erspan priority=2,tun_erspan_ver=2,tun_erspan_dir=1 out3
copy 10.0.9.11
copy '"fd00:9::b"'
