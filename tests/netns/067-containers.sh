#!/bin/sh
# SPDX-License-Identifier: ISC
# 200 pairs of veth come at once and go at once, on a host that mirrors all:
# each is captured in time, a ping through the host loses nothing, and memory
# and file descriptors are back in the end.
NETNS_TIMEOUT=${NETNS_TIMEOUT:-300}
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
n=200

ns_new client source target server
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.1.14/24 server eth0 10.0.1.1/24
link source eth9 10.0.9.1/24 target eth0 10.0.9.11/24 9000
ip -n client route add default via 10.0.0.14
ip -n server route add default via 10.0.1.14
in_ns source sysctl -qw net.ipv4.ip_forward=1

cat >"$conf" <<'END'
user = root
target ids { address = 10.0.9.11 source-ports = 1 }
mirror all {
	sources   = all
	ring-size = 1MiB
	targets   = { ids }
}
END

for i in $(seq $n); do
	echo "link add dev v$i up type veth peer name w$i"
	echo "link set dev w$i up"
done >"$T/add"
for i in $(seq $n); do
	echo "link delete dev v$i"
done >"$T/delete"
frame='ffffffffffff 020000000077 88b5 00000000'

fds() {
	find "/proc/$daemon_pid/fd" -type l | wc -l
}

# memory: KiB, without the rings
memory() {
	awk '/^Private_Dirty/ && heap { print $2; exit } /\[heap\]/ { heap = 1 }' \
	    "/proc/$daemon_pid/smaps"
}

# has_sources N
has_sources() {
	[ "$(log_new | grep -c 'capturing')" -ge "$1" ]
}

lost_sources() {
	[ "$(log_new | grep -c 'interface is gone')" -ge "$1" ]
}

all_up() {
	daemon_counters >"$T/counters"
	[ "$(grep -c 'source [vw][0-9]*: .* state=up' "$T/counters")" -eq "$1" ]
}

now_ms() {
	date +%s%3N
}

daemon_start source "$conf"
opened=$(fds)
was=$(memory)
ip netns exec client ping -q -i 0.02 -W 2 10.0.1.1 >"$T/ping.log" 2>&1 &
ping=$!

for round in 1 2; do
	log_mark
	begin=$(now_ms)
	ip -n source -batch "$T/add"
	made=$(now_ms)
	wait_until 60 has_sources $((2 * n)) ||
		fail "$(log_new | grep -c capturing) of $((2 * n)) captured"
	end=$(now_ms)
	echo "$((2 * n)) interfaces made in $((made - begin)) ms, all captured" \
	    "$((end - made)) ms later"
	wait_until 10 all_up $((2 * n)) || fail "some are not up"
	[ "$(fds)" -eq $((opened + 2 * n)) ] || fail "$(fds) file descriptors"
	for i in 1 77 $n; do
		echo "$frame" | in_ns source "$tools/framesend" "v$i"
	done
	frames_there() {
		counters_get
		[ "$(counter all captured_packets source w77)" -ge 1 ] &&
			[ "$(counter all captured_packets source v$n)" -ge 1 ]
	}
	wait_until 5 frames_there || fail "a frame is not captured"
	log_mark
	begin=$(now_ms)
	ip -n source -batch "$T/delete"
	made=$(now_ms)
	wait_until 60 lost_sources $((2 * n)) || fail "still captured"
	end=$(now_ms)
	echo "$((2 * n)) interfaces deleted in $((made - begin)) ms, all" \
	    "rings closed $((end - made)) ms later"
	closed() {
		[ "$(fds)" -eq "$opened" ]
	}
	wait_until 10 closed || fail "$(fds) file descriptors, were $opened"
	[ $round -gt 1 ] || first=$(memory)
done
last=$(memory)
echo "heap: $was KiB at the start, $first after a round, $last after two"
[ "$last" -le $((first + 512)) ] || fail "memory grows"

kill -INT "$ping"
wait "$ping" || :
tail -n 2 "$T/ping.log" | head -n 1
grep -q ' 0% packet loss' "$T/ping.log" || fail "a ping is lost"
counters_get
counters_add_up all
daemon_stop
