#!/bin/sh
# SPDX-License-Identifier: ISC
# Addresses, routes and MTUs of this host change under traffic: source address,
# egress interface and path MTU of copies follow at once, also where sends with
# the old ones would not fail; changes are logged once.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
rate=1000
copies='udp port 4789'

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.8.1/24,fd00:8::1/64 \
    target eth1 10.0.8.11/24,fd00:8::b/64 9000
link source eth2 10.0.9.1/24,fd00:9::1/64 \
    target eth2 10.0.9.11/24,fd00:9::b/64 9000
in_ns target sysctl -qw net.ipv4.conf.all.rp_filter=0
for net in 10.0.7.11/32 fd00:7::b/128; do
	ip -n target address add "$net" dev lo
done

cat >"$conf" <<'END'
user = root
target four { address = 10.0.7.11 }
target six { address = "fd00:7::b" }
target none { address = 10.0.6.6 weight = 0 }
mirror demo {
	sources   = { eth0 }
	direction = in
	bpf       = "udp"
	oversize  = truncate
	targets   = { four, six, none }
	balance   = replicate
}
END

# route NEXT-HOP-4 NEXT-HOP-6 [SOURCE-4]
route() {
	ip -n source route replace 10.0.7.11/32 via "$1" ${3:+src "$3"}
	ip -n source route replace fd00:7::b/128 via "$2"
}

stream() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 10 -n "$1" \
	    -r "$rate" >/dev/null &
	stream_pid=$!
}

# said TARGET REGEX: once, and no more
said() {
	log_wait 3 "mirror \"demo\": target \"$1\": $2"
	expect_eq "lines of $1: $2" \
	    "$(log_new | grep -Ec "target \"$1\": $2")" 1
}

route 10.0.8.11 fd00:8::b
capture_start target any "$T/copies.pcap" "$copies"
daemon_start source "$conf"

# follows WHAT FILTER-4 FILTER-6 CMD...: makes the change within a stream of
# 2000 packets; 500 more come when it is over, and have to take the new way
follows() {
	what=$1
	new_four=$2
	new_six=$3
	shift 3
	first=$(capture_count "$T/copies.pcap")
	stream 2000
	wait_until 5 capture_has "$T/copies.pcap" $((first + 400)) ||
		fail "$what: no copies"
	log_mark
	old=$(capture_count "$T/copies.pcap" "$new_four or $new_six")
	"$@"
	wait "$stream_pid" || error "flowgen fails"
	stream 500
	wait "$stream_pid" || error "flowgen fails"
	wait_until 3 capture_has "$T/copies.pcap" $((first + 5000)) || :
	four=$(capture_count "$T/copies.pcap" "$new_four")
	six=$(capture_count "$T/copies.pcap" "$new_six")
	lost=$((5000 - $(capture_count "$T/copies.pcap") + first))
	echo "$what: $((four + six - old)) of 5000 copies the new way," \
	    "$lost lost"
	[ "$lost" -le "$rate" ] || fail "$what: $lost copies lost"
}

# The route goes by the other interface: the old source address would do.
follows 'egress changes' 'src host 10.0.9.1' 'src host fd00:9::1' \
    route 10.0.9.11 fd00:9::b
said four 'copies leave by eth2 from 10.0.9.1 now, before by eth1 from 10.0.8.1'
said six 'copies leave by eth2 from fd00:9::1 now, before by eth1 from fd00:8::1'
[ "$four" -ge 500 ] || fail "IPv4: only $four copies from the new address"
[ "$six" -ge 500 ] || fail "IPv6: only $six copies from the new address"

# Only the preferred source changes.
ip -n source address add 10.0.9.2/24 dev eth2
follows 'preferred source changes' 'src host 10.0.9.2' 'src host fd00::99' \
    route 10.0.9.11 fd00:9::b 10.0.9.2
said four 'copies leave by eth2 from 10.0.9.2 now'
[ "$four" -ge 500 ] || fail "only $four copies from the new address"
expect_eq "copies lost" "$lost" 0

# The address is taken away, and another one given.
readdress() {
	ip -n source route replace 10.0.7.11/32 via 10.0.9.11
	ip -n source address add 10.0.9.3/24 dev eth2
	ip -n source address delete 10.0.9.2/24 dev eth2
	ip -n source address delete 10.0.9.1/24 dev eth2
	ip -n source address replace 10.0.9.3/24 dev eth2
	ip -n source neighbour replace 10.0.9.11 dev eth2 \
	    lladdr 02:00:00:00:03:0b nud permanent
	ip -n source route replace 10.0.7.11/32 via 10.0.9.11
}
follows 'address changes' 'src host 10.0.9.3' 'src host fd00::99' readdress
[ "$four" -ge 500 ] || fail "only $four copies from the new address"

# The interface goes down; the route by the other one stays as it is.
ip -n source route add 10.0.7.11/32 via 10.0.8.11 metric 10
ip -n source -6 route add fd00:7::b/128 via fd00:8::b metric 2000
follows 'interface goes down' 'src host 10.0.8.1' 'src host fd00:8::1' \
    ip -n source link set dev eth2 down
said four 'copies leave by eth1 from 10.0.8.1 now'
said six 'copies leave by eth1 from fd00:8::1 now'

# ---- the MTU of the path ----

# mtu BYTES WAS: what is said of it
mtu() {
	log_mark
	ip -n source link set dev eth1 mtu "$1"
	said four "path MTU is $1 now, was $2: copies of more than $1 bytes, of frames longer than $(($1 - 36)), are truncated"
	said six "path MTU is $1 now, was $2: copies of more than $1 bytes, of frames longer than $(($1 - 56)), are truncated"
}

mtu 1300 9000
mtu 4000 1300
mtu 1280 4000
mtu 9000 1280

# By a route, and none is lost.
log_mark
ip -n source route change 10.0.7.11/32 via 10.0.8.11 metric 10 mtu 1400
said four 'path MTU is 1400 now, was 9000'

# ---- no route at all, and back: at once, not by the next look ----

log_mark
ip -n source route delete 10.0.7.11/32 via 10.0.8.11 metric 10
log_wait 3 'target "four": send: Network is unreachable'
ip -n source route add 10.0.7.11/32 via 10.0.8.11
first=$(capture_count "$T/copies.pcap" 'dst host 10.0.7.11')
stream 1500
wait "$stream_pid" || error "flowgen fails"
back() {
	missed=$((1500 - $(capture_count "$T/copies.pcap" \
	    'dst host 10.0.7.11') + first))
	[ "$missed" -le "$rate" ]
}
wait_until 3 back || fail "a route returns: $missed of 1500 copies lost"
echo "a route returns: $missed of 1500 copies lost"
log_wait 3 'target "four": sending again'
daemon_stop
capture_stop "$T/copies.pcap"
