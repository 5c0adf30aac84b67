#!/bin/sh
# SPDX-License-Identifier: ISC
# Targets that refuse copies, are not there, or have no route: nothing is lost
# that could arrive, the daemon lives, and goes on when they come.
. "$(dirname "$0")/lib.sh"

packets=2000
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24
ip -n source neighbour add 10.0.0.99 lladdr 02:00:00:00:01:0a dev eth0

# write TARGET SOURCES
write() {
	cat >"$conf" <<END
user = root
target ids { address = $1 }
mirror demo {
	sources         = { $2 }
	targets         = { ids }
	exclude-targets = false
}
END
}

# The target's kernel says of many copies that their port is closed. Where
# these errors arrive is a source as well.
write 10.0.9.11 eth0,eth1
capture_start target eth0 "$T/closed.pcap" 'dst host 10.0.9.11'
capture_start target eth0 "$T/errors.pcap" 'icmp[0] = 3 and icmp[1] = 3'
daemon_start source "$conf"
in_ns source "$tools/flowgen" -4 -d 10.0.0.99 -f 100 -n "$packets" -r 5000 \
    >"$T/sent"
wait_until 10 capture_has "$T/closed.pcap" "$packets" || :
daemon_stop
capture_stop "$T/closed.pcap"
capture_stop "$T/errors.pcap"
[ "$(capture_count "$T/errors.pcap")" -gt 0 ] ||
	error "the target's kernel has reported no closed port"
expect_eq "packets to the target" "$(capture_count "$T/closed.pcap")" \
    "$packets"
"$tools/seqcheck" "$packets" "$T/closed.pcap" || fail "copies"
expect_eq "captured packets" "$(counter demo captured_packets)" "$packets"
expect_eq "copied packets" "$(counter demo copied_packets)" "$packets"

# begin NAME TARGET: endless traffic, out of a process that end can kill
begin() {
	pcap=$T/$1.pcap
	write "$2" eth0
	capture_start target eth0 "$pcap" "udp port 4789 and dst host $2"
	daemon_start source "$conf"
	ip netns exec source "$tools/flowgen" -4 -d 10.0.0.99 -f 100 \
	    -n 1000000 -r 500 &
	generator=$!
}

end() {
	wait_until 3 capture_has "$pcap" 1 || fail "no copies to $pcap"
	kill "$generator"
	wait "$generator" || :
	daemon_stop
	capture_stop "$pcap"
	counters_add_up demo
}

# The host is not there: the kernel asks three times who it is, reports that
# to whom it concerns, and begins again with the next copy.
in_ns source sh -c \
    'echo 50 >/proc/sys/net/ipv4/neigh/eth1/retrans_time_ms'
capture_start target eth0 "$T/arp.pcap" arp
begin absent 10.0.9.12
wait_until 10 capture_has "$T/arp.pcap" 7 || error "the kernel does not ask"
ip -n target address add 10.0.9.12/24 dev eth0
end
capture_stop "$T/arp.pcap"

# There is no route, which the daemon says at its start.
begin unrouted 10.8.0.1
grep -q 'target "ids": no route: Network is unreachable' "$daemon_log" ||
	fail "no warning at the start"
log_wait 5 'target "ids": send: Network is unreachable'
ip -n source route add 10.8.0.0/16 via 10.0.9.11
log_wait 4 'target "ids": sending again'
end
[ "$(counter demo dropped_send-error)" -gt 0 ] || fail "no loss was counted"
