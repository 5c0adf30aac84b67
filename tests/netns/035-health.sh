#!/bin/sh
# SPDX-License-Identifier: ISC
# Targets that die and come back: only their own flows move, and move back;
# when all are dead, all are used. Nobody's checks are mirrored.
. "$(dirname "$0")/lib.sh"

flows=1000
most=6 # seconds to find out: 2 intervals, 1 timeout, and a loaded machine
conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
command -v socat >/dev/null || skip "socat is not installed"

ns_new client source ping4 ping6 port
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.1.1/24 ping4 eth0 10.0.1.2/24
link source eth2 fd00:2::1/64 ping6 eth0 fd00:2::2/64
link source eth3 10.0.3.1/24 port eth0 10.0.3.2/24

# write [MORE-OF-PING4]
how='check-interval = 1s check-timeout = 500ms check-rise = 2 check-fall = 2'
write() {
	cat >"$conf" <<END
user = root
target ping4 { address = 10.0.1.2 check = icmp $how ${1-} }
target ping6 { address = "fd00:2::2" check = icmp interface = eth2 $how }
target port { address = 10.0.3.2 check = tcp check-port = 8080
    source-address = 10.0.3.1 $how }
mirror demo {
	sources   = { eth0 }
	direction = out
	targets   = { ping4, ping6, port }
	rule udp { protocol = udp }
}
mirror nobody {
	sources         = { eth1, eth2, eth3 }
	targets         = { ping4, ping6, port }
	exclude-targets = false
	session-id      = 2
	bpf             = "icmp or tcp or (icmp6 and ip6[40] >= 128 and ip6[40] <= 129)"
}
END
}

listen() {
	ip netns exec port socat TCP-LISTEN:8080,fork,reuseaddr /dev/null &
	listener=$!
}

unlisten() {
	kill "$listener"
	wait "$listener" || :
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

begin() {
	log_mark
	began=$(now_ms)
}

# detect REGEX: waits for this line of the log, and prints the time it took
detect() {
	log_wait "$most" "$1"
	echo "$(log_new | grep -Eo "$1"): after $(($(now_ms) - began)) ms"
}

expect_state() {
	expect_eq "state of $1" "$("$ctl" status |
	    awk -v "t=$1" '$1 == ">" && $2 == t { print $3; exit }')" "$2"
}

share_of() {
	"$ctl" status demo | sed -n "/name=$1\$/,/share=/s/ *share=//p"
}

have_all() {
	[ "$(($(capture_count "$T/$1.ping4.pcap") + \
	    $(capture_count "$T/$1.ping6.pcap") + \
	    $(capture_count "$T/$1.port.pcap")))" -eq "$flows" ]
}

# measure NAME: which target gets which flow: $T/NAME.map
measure() {
	for ns in ping4 ping6 port; do
		capture_start "$ns" eth0 "$T/$1.$ns.pcap" 'udp port 4789'
	done
	expect_eq sent "$(in_ns source "$tools/flowgen" -4 -d 10.0.0.1 \
	    -f "$flows" -n "$flows" -r 10000)" "$flows"
	wait_until 10 have_all "$1" || fail "copies do not arrive"
	for ns in ping4 ping6 port; do
		capture_stop "$T/$1.$ns.pcap"
	done
	for ns in ping4 ping6 port; do
		capture_show "$T/$1.$ns.pcap" |
			awk -v "t=$ns" '$1 == "IP" { print $2, $4, t }'
	done | sort >"$T/$1.map"
	expect_eq "copies of $1" "$(wc -l <"$T/$1.map")" "$flows"
}

# left NAME: the targets of flows that are elsewhere than at first
left() {
	comm -23 "$T/first.map" "$T/$1.map" | cut -d ' ' -f 3 | sort -u
}

listen
write
daemon_start source "$conf"
measure first
share=$(share_of ping4)
expect_eq "targets of all flows" \
    "$(cut -d ' ' -f 3 "$T/first.map" | sort -u | wc -l)" 3

# ---- one dies and comes back -------------------------------------------------

begin
in_ns ping4 sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
detect 'target "ping4": down: icmp 10.0.1.2: no answer in 500ms \(2 in a row\)'
expect_state ping4 down
measure without
expect_eq "targets of the flows that moved" "$(left without)" ping4
expect_eq "flows of ping4" "$(grep -c ' ping4$' "$T/without.map" || :)" 0

# What is known survives a reload, also one that changes the times of a check.
write 'weight = 2'
daemon_reload
expect_state ping4 down
sed -i 's/check-interval = 1s/check-interval = 900ms/' "$conf"
daemon_reload
expect_state ping4 down
write
daemon_reload
expect_state ping4 down
! log_says 'target "ping4": (up|down)' || fail "a reload forgets what was known"

begin
in_ns ping4 sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
detect 'target "ping4": up: icmp 10.0.1.2: 2 answers in a row'
measure again
cmp -s "$T/first.map" "$T/again.map" || fail "flows have not come back"

# ---- all die -----------------------------------------------------------------

begin
unlisten
detect 'target "port": down: tcp 10.0.3.2 port 8080: Connection refused'
"$ctl" -j status >"$T/status"
grep -q '"last_error": *"Connection refused"' "$T/status" ||
	fail "no reason in the status"
begin
ip -n ping6 link set dev eth0 down
detect 'target "ping6": down: icmp fd00:2::2: [^;]*'
expect_eq "share of the only one" "$(share_of ping4)" 1.000
begin
ip -n ping4 address del 10.0.1.2/24 dev eth0
detect 'target "ping4": down: icmp 10.0.1.2: [^;]*'
log_wait 1 'mirror "demo": all targets are down: all of them are used'
expect_eq "share of one of all" "$(share_of ping4)" "$share"

ip -n ping4 address add 10.0.1.2/24 dev eth0
ip -n ping4 neighbour replace 10.0.1.1 lladdr 02:00:00:00:02:0a dev eth0
begin
listen
detect 'target "port": up: tcp 10.0.3.2 port 8080: 2 answers in a row'
log_wait 1 'mirror "demo": not all targets are down any more'
ip -n ping6 link set dev eth0 up
ip -n ping6 address replace fd00:2::2/64 dev eth0 nodad
ip -n ping6 neighbour replace fd00:2::1 lladdr 02:00:00:00:03:0a dev eth0
log_wait "$most" 'target "ping4": up'
log_wait "$most" 'target "ping6": up'
measure last
cmp -s "$T/first.map" "$T/last.map" || fail "flows have not all come back"

daemon_stop
unlisten
counters_add_up demo
expect_eq "checks that were mirrored" "$(counter nobody captured_packets)" 0
