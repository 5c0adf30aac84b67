#!/bin/sh
# SPDX-License-Identifier: ISC
# A mirror goes on and off, and so does the daemon, under a production ping.
. "$(dirname "$0")/lib.sh"

turns=100
starts=20
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24
vxlan_dev target copies 1 4789 10.0.9.11

# write COLLECT
write() {
	cat >"$conf" <<END
user = root
target ids { address = 10.0.9.11 }
mirror m {
	sources     = { eth0 }
	targets     = { ids }
	collect     = $1
	promiscuous = true
}
END
}

ping_start() {
	ip netns exec client ping -n -i 0.01 10.0.0.14 >"$T/ping.log" &
	ping_pid=$!
}

# ping_stop WHAT: the one that is on its way may be without an answer
ping_stop() {
	kill -INT "$ping_pid"
	wait "$ping_pid" || fail "no answers"
	result=$(grep 'packets transmitted' "$T/ping.log")
	echo "$1: $result"
	sent=${result%% *}
	received=${result#*, }
	[ $((sent - ${received%% *})) -le 1 ] || fail "pings were lost"
	lost=$(sed -n 's/.*icmp_seq=\([0-9]*\) .*/\1/p' "$T/ping.log" |
		awk '$1 != last + 1 { n++ } { last = $1 } END { print n + 0 }')
	expect_eq "gaps in the answers" "$lost" 0
}

write true
daemon_start source "$conf"
ping_start
i=0
while [ "$i" -lt "$turns" ]; do
	write false
	daemon_reload
	write true
	daemon_reload
	i=$((i + 1))
done
ping_stop "off and on $turns times"
counters_get
[ "$(counter m captured_packets)" -gt 0 ] || fail "nothing was captured"
daemon_stop
counters_add_up m

ping_start
i=0
while [ "$i" -lt "$starts" ]; do
	daemon_start source "$conf"
	daemon_stop
	i=$((i + 1))
done
ping_stop "started and stopped $starts times"
