#!/bin/sh
# SPDX-License-Identifier: ISC
# The main job: pings out of 10.0.0.14 arrive at the target as copies.
. "$(dirname "$0")/lib.sh"

pings=12

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

cat >"$T/trafmirrord.conf" <<'END'
user = root

target ids {
	address = 10.0.9.11
	encap   = vxlan
}

mirror demo {
	sources    = { eth0 }
	direction  = out
	targets    = { ids }
	session-id = 4096
}
END
echo "client 10.0.0.1 -- 10.0.0.14 source 10.0.9.1 -- 10.0.9.11 target"
echo "---- the source's /etc/trafmirrord.conf"
cat "$T/trafmirrord.conf"

# A copy decodes to two lines: the outer header, then the copied packet.
copies() {
	capture_show "$T/copies.pcap" | sed 's/^IP /    IP /'
}

copies_of_pings() {
	copies | grep -c '^    IP 10.0.0.14 > 10.0.0.1: ICMP echo request' || :
}

all_arrived() {
	[ "$(copies_of_pings)" -ge "$pings" ]
}

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
daemon_start source "$T/trafmirrord.conf"

echo "---- ping from the source"
in_ns source ping -c "$pings" -i 0.05 -I 10.0.0.14 10.0.0.1
wait_until 5 all_arrived || :
daemon_stop
capture_stop "$T/copies.pcap"

echo "---- tcpdump on the target"
copies
echo "----"
arrived=$(copies_of_pings)
echo "$arrived of $pings copies arrived"
expect_eq "number of copies of pings" "$arrived" "$pings"
expect_eq "number of packets to the target's port 4789" \
    "$(capture_count "$T/copies.pcap")" "$pings"
