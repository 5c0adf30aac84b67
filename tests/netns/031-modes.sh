#!/bin/sh
# SPDX-License-Identifier: ISC
# The other ways to balance: replicate, packet, source; and targets of weight 0.
. "$(dirname "$0")/lib.sh"

packets=3000
snaplen=256 # headers do; the ring of tcpdump then has room for all
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link client eth1 10.0.1.1/24 source eth1 10.0.1.14/24
link source eth2 10.0.9.1/24 target eth0 \
    10.0.9.11/24,10.0.9.12/24,10.0.9.13/24

# write BALANCE WEIGHT-OF-11 WEIGHT-OF-12 WEIGHT-OF-13
write() {
	cat >"$conf" <<END
user = root
target a { address = 10.0.9.11 weight = $2 }
target b { address = 10.0.9.12 weight = $3 }
target c { address = 10.0.9.13 weight = $4 }
mirror demo {
	sources   = { eth0, eth1 }
	direction = out
	balance   = $1
	targets   = { a, b, c }
}
END
}

# measure NAME COPIES: packets out of both interfaces, their copies in
# $T/NAME.pcap
measure() {
	capture_start target eth0 "$T/$1.pcap" 'udp port 4789'
	if [ -z "$daemon_pid" ]; then
		daemon_start source "$conf"
	else
		daemon_reload
		log_says 'reload: done' || fail "the reload has failed"
	fi
	for to in 10.0.0.1 10.0.1.1; do
		expect_eq "sent" "$(in_ns source "$tools/flowgen" -4 -d "$to" \
		    -f 100 -n "$packets" -r 20000)" "$packets"
	done
	wait_until 10 capture_has "$T/$1.pcap" "$2" || :
	capture_stop "$T/$1.pcap"
	expect_eq "copies of $1" "$(capture_count "$T/$1.pcap")" "$2"
}

# expect_on NAME N COPIES [FILTER]: target 10.0.9.N
expect_on() {
	expect_eq "copies of $1 on 10.0.9.$2" "$(capture_count \
	    "$T/$1.pcap" "dst host 10.0.9.$2 ${4-}")" "$3"
}

write replicate 1 100 0
measure replicate $((4 * packets))
expect_on replicate 11 $((2 * packets))
expect_on replicate 12 $((2 * packets))
for n in 11 12; do
	# The inner destination is 46 bytes behind the start of the outer UDP
	# header.
	capture_show "$T/replicate.pcap" -w "$T/$n.pcap" \
	    "dst host 10.0.9.$n and udp[46:4] = 0x0a000001"
	"$tools/seqcheck" "$packets" "$T/$n.pcap" ||
		fail "10.0.9.$n has not one copy of each packet"
done

write packet 1 2 0
measure packet $((2 * packets))
expect_on packet 11 $((2 * packets / 3))
expect_on packet 12 $((4 * packets / 3))

write source 1 1 1
measure source $((2 * packets))
for net in 0 1; do
	expect_eq "targets for eth$net" "$(capture_show "$T/source.pcap" \
	    "udp[46:4] = 0x0a000${net}01" | awk '$2 == "IP" { print $5 }' |
	    sort -u | wc -l)" 1
done

write flow 1 1 0
measure drained $((2 * packets))
expect_on drained 13 0

write flow 0 0 0
measure none 0
daemon_stop
expect_eq "packets without a target" "$(counter demo dropped_no-target)" \
    $((2 * packets))
