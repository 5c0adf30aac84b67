#!/bin/sh
# SPDX-License-Identifier: ISC
# An interface that leaves and is back before anybody looks, with its name and
# its index, is captured again; so is one that comes back in mid-reload.
. "$(dirname "$0")/lib.sh"

ns_new client source target other
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

cat >"$T/trafmirrord.conf" <<'END'
user = root
target ids { address = 10.0.9.11 }
mirror all {
	sources   = { "eth0*" }
	direction = out
	targets   = { ids }
	bpf       = "icmp"
}
END
capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
daemon_start source "$T/trafmirrord.conf"

index() {
	in_ns source cat "/sys/class/net/$1/ifindex"
}

set_up() {
	ip -n source link set dev eth0 up
	ip -n source address replace 10.0.0.14/24 dev eth0
	ip -n source neighbour replace 10.0.0.1 lladdr 02:00:00:00:01:0a \
	    dev eth0
	ip -n client neighbour replace 10.0.0.14 lladdr 02:00:00:00:01:0b \
	    dev eth0
}

leave_and_return() {
	ip -n source link set dev eth0 netns other
	ip -n other link set dev eth0 netns source
	set_up
	expect_eq index "$(index eth0)" "$was"
}

recreate() {
	ip -n source link del dev eth0
	ip -n source link add dev eth0 index "$was" \
	    address 02:00:00:00:01:0b type veth \
	    peer name eth0 netns client address 02:00:00:00:01:0a
	ip -n client link set dev eth0 up
	ip -n client address add 10.0.0.1/24 dev eth0
	set_up
}

rename_there_and_back() {
	ip -n source link set dev eth0 down
	ip -n source link set dev eth0 name eth0-other
	kill -HUP "$daemon_pid"
	ip -n source link set dev eth0-other name eth0
	set_up
}

# Several times, so that some of them meet the daemon's own look.
reload_meanwhile() {
	for i in 1 2 3 4 5 6; do
		kill -HUP "$daemon_pid"
		leave_and_return
	done
}

copied() {
	in_ns source ping -q -c 1 -W 1 -p "$1" 10.0.0.1 >/dev/null 2>&1 || :
	capture_show "$T/copies.pcap" -x | grep -q "$1$1 $1$1"
}

n=0
was=$(index eth0)
for what in : leave_and_return recreate rename_there_and_back \
    reload_meanwhile; do
	n=$((n + 1))
	$what
	wait_until 5 copied "a$n" || fail "$what: no copies any more"
done

# A reload does not fail because of interfaces that go while it opens them.
in_ns source sh -c 'while :; do
	ip link add dev eth0-b up type veth peer name peer
	ip link del dev eth0-b
done' &
churn=$!
for i in $(seq 50); do
	daemon_reload
done
kill "$churn"
! grep 'reload: failed' "$daemon_log" || fail "a reload failed"
wait_until 5 copied af || fail "no copies after the reload"
daemon_counters >"$T/counters.log"
counted=$(sed -n 's/.*state=.* captured_packets=\([0-9]*\) .* copied_packets=\([0-9]*\) .* dropped_send-error=\([0-9]*\) .*/\1 \2 \3/p' \
    "$T/counters.log")
# shellcheck disable=SC2086 # three words
set -- $counted
expect_eq "sum of copied and dropped" "$(($2 + $3))" "$1"
daemon_stop
capture_stop "$T/copies.pcap"
