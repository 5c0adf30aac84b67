#!/bin/sh
# SPDX-License-Identifier: ISC
# next-hop: what goes through a gateway is collected, and nothing else on its
# network; the gateway is followed as its MAC address changes, as the kernel
# forgets it, and as it comes and goes: what that costs in time and copies; and
# what explain says of that.
#
#	source eth0 -- a --+
#	gw1 eth0    -- b --+- br0 (lan)
#	gw2 eth0    -- c --+
#
# Both gateways have the addresses behind them. peer is an address of gw2 that
# is none of a gateway.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
rate=2000
far4=10.8.0.1
far6=fd00:8::1
peer=10.0.1.50
user=nobody
setpriv --reuid "$user" --clear-groups true 2>/dev/null || user=root
command -v arping >/dev/null || skip "arping is not installed"

ns_new source lan gw1 gw2 target
ip -n lan link add dev br0 type bridge mcast_snooping 0
ip -n lan link set dev br0 up
link lan a none source eth0 none
link lan b none gw1 eth0 none
link lan c none gw2 eth0 none
mac1=02:00:00:00:02:0b
mac2=02:00:00:00:03:0b
for port in a b c; do
	ip -n lan link set dev "$port" master br0
done
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24
vxlan_dev target copies 1 4789 10.0.9.11
vxlan_dev target vlan 2 4789 10.0.9.11
vxlan_dev target late 3 4789 10.0.9.11

# address NS IFACE ADDRESS...
address() {
	address_ns=$1
	address_dev=$2
	shift 2
	for address; do
		case $address in
		*:*)
			in_ns "$address_ns" sh -c \
			    "echo 0 >/proc/sys/net/ipv6/conf/$address_dev/disable_ipv6"
			ip -n "$address_ns" address add "$address" \
			    dev "$address_dev" nodad
			;;
		*)
			ip -n "$address_ns" address add "$address" \
			    dev "$address_dev"
			;;
		esac
	done
}

address source eth0 10.0.1.14/24 fd00:1::14/64
address gw1 eth0 10.0.1.1/24 fd00:1::1/64 fe80::1/64
address gw2 eth0 10.0.1.2/24 "$peer/24" fd00:1::2/64
for gw in gw1 gw2; do
	address "$gw" lo "$far4/32" 10.8.0.2/32 "$far6/128"
done
ip -n source route add "$far4/32" via 10.0.1.1
ip -n source route add 10.8.0.2/32 via 10.0.1.2
ip -n source route add "$far6/128" via fd00:1::1
in_ns source sysctl -qw net.ipv4.neigh.eth0.mcast_solicit=1

# write NEXT-HOP [MORE]: the second mirror is matched in userspace
write() {
	cat >"$conf" <<END
user = $user
log-level = debug
target ids { address = 10.0.9.11 }
mirror m {
	sources  = { eth0 }
	next-hop = { $1 }
	rule udp { protocol = udp }
	targets  = { ids }
}
mirror vlan {
	sources    = { eth0 }
	next-hop   = { $1 }
	bpf        = "udp and not vlan 7"
	targets    = { ids }
	session-id = 2
}
${2-}
END
}

late='mirror late {
	sources    = { eth0 }
	next-hop   = 10.0.1.77
	targets    = { ids }
	session-id = 3
}'

# send 4|6 ADDRESS N: to it, in the background
send() {
	in_ns source "$tools/flowgen" "-$1" -d "$2" -f 10 -n "$3" \
	    -r "$rate" >/dev/null &
	send_pid=$!
}

sent() {
	wait "$send_pid" || error "flowgen fails"
}

# collect DEV: copies that arrive there, into $T/DEV.pcap
collect() {
	capture_start target "$1" "$T/$1.pcap" 'udp'
}

# seconds since START
since() {
	echo "$1 $(date +%s.%N)" | awk '{ printf "%.2f", $2 - $1 }'
}

# status REGEX [MIRROR]: whether trafmirrorctl says so
status() {
	"$ctl" status "${2-m}" | grep -Eq -- "$1"
}

# explains yes|no|? REGEX FLOW: what the condition next-hop of m says
explains() {
	"$ctl" explain m "$3" >"$T/explained"
	grep -Eq "^  next-hop +[$1]+ +$2\$" "$T/explained" ||
		fail "explain $3: $(cat "$T/explained")"
}

# ---- the start -------------------------------------------------------------

write '10.0.1.1, fd00:1::1' "$late"
collect copies
collect vlan
collect late
daemon_start source "$conf"
started=$(date +%s.%N)
log_wait 5 'mirror "m": eth0: next hop 10.0.1.1 is at '$mac1' event='
log_wait 5 'mirror "m": eth0: next hop fd00:1::1 is at '$mac1' event='
log_wait 5 'mirror "vlan": eth0: next hop 10.0.1.1 is at '$mac1' event='
echo "resolved $(since "$started") s after the start"
# ---- one that nobody has, yet ----------------------------------------------

log_mark
log_says_late() {
	grep -Eq 'mirror "late": eth0: next hop 10.0.1.77 is not resolved' \
	    "$daemon_log"
}
wait_until 6 log_says_late || fail "no word of the missing next hop"
"$ctl" status | grep -Eq '^late +waiting' || fail "late does not wait"
! "$ctl" verify late >"$T/verify.log" 2>&1 || fail "verify of late succeeds"
grep -q '"late" waits: no next hop is resolved' "$T/verify.log" ||
	fail "verify says $(cat "$T/verify.log")"
"$ctl" status | grep -q '^  next hop 10.0.1.77 of eth0: unresolved$' ||
	fail "the status does not say why"
counters_get
expect_eq "captured by late" "$(counter late captured_packets)" 0
log_mark
began=$(date +%s.%N)
address gw2 eth0 10.0.1.77/24
log_wait 20 'mirror "late": eth0: next hop 10.0.1.77 is at '$mac2' event='
echo "probed: resolved after $(since "$began") s, without traffic"
"$ctl" status | grep -Eq '^late +collecting' || fail "late still waits"
send 4 10.0.1.77 100
sent
wait_until 5 capture_has "$T/late.pcap" 100 ||
	fail "late: $(capture_count "$T/late.pcap") of 100"
expect_eq "all that late collects" "$(capture_count "$T/late.pcap")" 100

# ---- who is collected ------------------------------------------------------

capture_start source eth0 "$T/sent.pcap" 'udp and not dst port 9'
for to in "4 $far4" "4 10.8.0.2" "4 $peer" "6 $far6" "6 fd00:1::2"; do
	# shellcheck disable=SC2086
	send $to 200
	sent
	in_ns source ping -q -c 2 -i 0.01 -W 2 "${to#* }" >"$T/ping.log" ||
		error "no answer from $to"
done
wait_until 5 capture_has "$T/copies.pcap" 400 || :
wait_until 5 capture_has "$T/vlan.pcap" 400 || :
for dev in copies vlan; do
	expect_eq "IPv4 $dev" "$(capture_count "$T/$dev.pcap" \
	    "dst host $far4")" 200
	expect_eq "IPv6 $dev" "$(capture_count "$T/$dev.pcap" \
	    "dst host $far6")" 200
	expect_eq "all $dev" "$(capture_count "$T/$dev.pcap")" 400
done
status "^    address=10.0.1.1$" || fail "no address in the status"
status "^    mac=$mac1$" || fail "no MAC address in the status"
"$ctl" -j status m | grep -q '"next_hops":\[{"address":"10.0.1.1","interface":"eth0","state":"resolved","mac":"'$mac1'"}' ||
	fail "no next_hops in the status"

# explain says the same of what was sent, and of flows in words, by the routes
# and neighbour tables; also where no daemon runs.
capture_stop "$T/sent.pcap"
"$ctl" explain m -r "$T/sent.pcap" >"$T/explained"
expect_eq "packets that explain has mirrored" \
    "$(grep -c ': m: .*-> ids port ' "$T/explained")" 400
expect_eq "packets that it has not" "$(grep -c "m: not mirrored: next-hop: it \
is sent to $mac2: that is none; 10.0.1.1 is at $mac1, fd00:1::1 is at $mac1" \
    "$T/explained")" 600
explains yes "the route to $far6 goes by fd00:1::1, at $mac1" \
    "udp fd00:1::14 > $far6"
explains no "the route to 10.8.0.2 goes by 10.0.1.2, at $mac2, which is none;.*" \
    'udp 10.0.1.14 > 10.8.0.2'
explains no "$peer is on the network of eth0, at $mac2, which is none;.*" \
    "udp 10.0.1.14 > $peer"
explains no 'there is no route to 192.0.2.1' 'udp 10.0.1.14 > 192.0.2.1 out'
explains no 'it comes in' "udp $far4 > 10.0.1.14"
explains '?' 'the route to 10.0.9.12 leaves by eth1' 'udp 10.0.1.14 > 10.0.9.12'
explains yes "the route to $far4 goes by 10.0.1.1, at $mac1" \
    "udp 10.0.1.14 > $far4"
in_ns source "$top_builddir/trafmirrord" -n -c "$conf" -m m \
    --explain "udp 10.0.1.14 > $far4" 2>"$T/offline.err" |
	diff "$T/explained" - || fail "offline and online differ"

# ---- another MAC address, under traffic ------------------------------------

# follows WHAT 4|6 ADDRESS MOST CMD...: makes the change within a stream; at
# most MOST packets that went to the gateway are lost
follows() {
	what=$1
	family=$2
	to=$3
	most=$4
	shift 4
	before=$(capture_count "$T/copies.pcap" "dst host $to")
	ring_kib=8192 snaplen=128 capture_start lan a "$T/wire.pcap" \
	    "udp and dst host $to"
	log_mark
	send "$family" "$to" 1000
	wait_until 5 capture_has "$T/copies.pcap" $((before + 100)) \
	    "dst host $to" || fail "$what: no copies"
	"$@"
	sent
	capture_stop "$T/wire.pcap"
	wire=$(capture_count "$T/wire.pcap")
	all_came() {
		lost=$((wire - $(capture_count "$T/copies.pcap" \
		    "dst host $to") + before))
		[ "$lost" -eq 0 ]
	}
	wait_until 2 all_came || :
	echo "$what: $lost of $wire packets not copied," \
	    "$((lost * 1000 / rate)) ms"
	[ "$lost" -le "$most" ] || fail "$what: $lost packets not copied"
}

replace() {
	ip -n source neighbour replace 10.0.1.1 dev eth0 lladdr "$mac2" \
	    nud reachable
}
follows 'ip neigh replace' 4 "$far4" 400 replace
log_wait 3 'mirror "m": eth0: next hop 10.0.1.1 is at '$mac2' now, before at '$mac1

fail_over() {
	ip -n gw1 address delete 10.0.1.1/24 dev eth0
	ip -n gw2 address add 10.0.1.1/24 dev eth0
	in_ns gw2 arping -q -U -c 1 -I eth0 10.0.1.1
}
fail_back() {
	ip -n gw2 address delete 10.0.1.1/24 dev eth0
	ip -n gw1 address add 10.0.1.1/24 dev eth0
	in_ns gw1 arping -q -U -c 1 -I eth0 10.0.1.1
}
ip -n source neighbour replace 10.0.1.1 dev eth0 lladdr "$mac1" nud stale
log_wait 3 'next hop 10.0.1.1 is at '$mac1' now'
follows 'fail-over, gratuitous ARP' 4 "$far4" 400 fail_over
log_wait 3 'next hop 10.0.1.1 is at '$mac2' now'
follows 'fail-back, gratuitous ARP' 4 "$far4" 400 fail_back
log_wait 3 'next hop 10.0.1.1 is at '$mac1' now'

new_mac() {
	in_ns gw1 sysctl -qw net.ipv6.conf.eth0.ndisc_notify=1
	ip -n gw1 link set dev eth0 address 02:00:00:00:02:99
}
follows 'unsolicited advertisement' 6 "$far6" 400 new_mac
log_wait 3 'next hop fd00:1::1 is at 02:00:00:00:02:99 now'
ip -n gw1 link set dev eth0 address "$mac1"
log_wait 3 'next hop fd00:1::1 is at '$mac1' now'
# ARP may have noticed as well, or be about to.
is_at_mac1() {
	"$ctl" -j status m | grep -q '"address":"10.0.1.1","interface":"eth0",'\
'"state":"resolved","mac":"'"$mac1"'"'
}
ip -n source neighbour replace 10.0.1.1 dev eth0 lladdr "$mac1" nud reachable
wait_until 3 is_at_mac1 || fail "next hop 10.0.1.1 is not at $mac1 again"

# ---- the kernel forgets it, or cannot confirm it ---------------------------

forget() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		ip -n source neighbour delete 10.0.1.1 dev eth0
		wait_until 2 in_ns source ping -q -c 1 -W 1 10.0.1.1 \
		    >"$T/ping.log" || error "gw1 does not answer"
	done
}
follows 'entry deleted 10 times' 4 "$far4" 0 forget
if log_says 'next hop 10.0.1.1 (is not|.* now)'; then
	fail "a deleted entry counts as unresolved"
fi

log_mark
began=$(date +%s.%N)
ip -n gw1 link set dev eth0 down
ip -n source neighbour delete 10.0.1.1 dev eth0
log_wait 6 'mirror "m": eth0: next hop 10.0.1.1 is not resolved'
echo "a gateway that is gone: unresolved after $(since "$began") s"
"$ctl" status | grep -q '^  next hop 10.0.1.1 of eth0: unresolved$' ||
	fail "the status does not say that it is gone"
explains no "the route to $far4 goes by 10.0.1.1, which is unresolved" \
    "udp 10.0.1.14 > $far4"
log_mark
ip -n gw1 link set dev eth0 up
in_ns gw1 arping -q -U -c 1 -I eth0 10.0.1.1
log_wait 10 'next hop 10.0.1.1 is at '$mac1' event='

# ---- more changes than the daemon's socket holds ---------------------------

storm() {
	awk 'BEGIN { for (i = 0; i < 3000; i++)
		printf "neighbour replace 10.77.%d.%d dev eth0 lladdr " \
		    "02:00:00:00:07:%02x nud permanent\n",
		    i / 250, i % 250 + 1, i % 256 }' |
		ip -n source -batch -
}
log_mark
kill -STOP "$daemon_pid"
storm
replace
storm
kill -CONT "$daemon_pid"
log_wait 3 'next hop 10.0.1.1 is at '$mac2' now'
log_mark
storm
ip -n source neighbour replace 10.0.1.1 dev eth0 lladdr "$mac1" nud stale
storm
log_wait 3 'next hop 10.0.1.1 is at '$mac1' now'
ip -n source neighbour flush dev eth0 nud permanent to 10.77.0.0/16

# ---- reload: in place; two gateways; a link-local one ----------------------

log_mark
write '10.0.1.1, 10.0.1.2, fe80::1'
daemon_reload
log_says 'mirror "m": eth0: ring kept' || fail "the ring is not kept"
log_wait 5 'mirror "m": eth0: next hop 10.0.1.2 is at '$mac2
log_wait 5 'mirror "m": eth0: next hop fe80::1 is at '$mac1
ip -n source route replace "$far6/128" via fe80::1 dev eth0
n=$(capture_count "$T/copies.pcap")
for to in "4 $far4" "4 10.8.0.2" "6 $far6"; do
	# shellcheck disable=SC2086
	send $to 200
	sent
done
wait_until 5 capture_has "$T/copies.pcap" $((n + 600)) || :
expect_eq "copies with three next hops" "$(capture_count "$T/copies.pcap")" \
    $((n + 600))
write 10.0.1.2
daemon_reload
log_says 'mirror "m": eth0: ring kept' || fail "the ring is not kept"
for to in "4 $far4" "4 10.8.0.2"; do
	# shellcheck disable=SC2086
	send $to 200
	sent
done
wait_until 5 capture_has "$T/copies.pcap" $((n + 800)) || :
expect_eq "copies with the second next hop" \
    "$(capture_count "$T/copies.pcap")" $((n + 800))
counters_get
counters_add_up m
expect_eq "state of the next hop" \
    "$(grep -c 'mirror "m": next hop 10.0.1.2 of eth0: state=resolved mac='$mac2'$' \
        "$T/counters")" 1
daemon_stop
for dev in copies vlan late; do
	capture_stop "$T/$dev.pcap"
done

# ---- what is refused, and warned of ----------------------------------------

write 10.0.2.1
in_ns source "$top_builddir/trafmirrord" -n -c "$conf" 2>"$T/n.err" ||
	fail "-n refuses it"
grep -q 'trafmirrord.conf:6: warning: mirror "m": next-hop: 10.0.2.1 is in no network of a source' \
    "$T/n.err" || fail "no warning of 10.0.2.1"
write '10.0.1.1, fe80::1'
in_ns source "$top_builddir/trafmirrord" -n -c "$conf" 2>"$T/n.err"
! grep next-hop "$T/n.err" || fail "a warning of a good next hop"
! in_ns source "$top_builddir/trafmirrord" -c "$conf" -m m -r "$T/wire.pcap" \
    2>"$T/r.err" || fail "-r takes it"
grep -q 'next-hop: a saved capture has no table' "$T/r.err" ||
	fail "-r does not say why"
