#!/bin/sh
# SPDX-License-Identifier: ISC
# What a reload changes: mirrors, targets, sessions, filters, rings.
. "$(dirname "$0")/lib.sh"

burst=200
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24

# mirror NAME SESSION TARGETS [MORE [DIRECTION]]
mirror() {
	cat >>"$conf" <<END
mirror $1 {
	sources    = { eth0 }
	direction  = ${5:-out}
	session-id = $2
	targets    = { $3 }
	${4-}
}
END
}

# write: begins a configuration, to be continued by mirror
write() {
	cat >"$conf" <<END
user = root
target a { address = 10.0.9.11 }
target b { address = 10.0.9.12 }
END
}

reload() {
	daemon_reload
	log_says 'reload: done' || fail "the reload has failed"
}

# send STEP COPIES: a burst with a port of its own. Packets that still wait in
# the ring when a filter changes are the new filter's: the copies are awaited.
copies=0
send() {
	expect_eq "sent" "$(in_ns source "$tools/flowgen" -4 -d 10.0.0.1 \
	    -s "$((10000 + $1))" -f 50 -n "$burst" -r 0)" "$burst"
	copies=$((copies + $2 * burst))
	wait_until 5 capture_has "$T/copies.pcap" "$copies" ||
		fail "copies are missing after step $1"
}

# Inner frames begin 16 bytes behind the start of the outer UDP header; the
# inner ports are 34 and 36 bytes on.
expect_copies() {
	expect_eq "copies of step $1 in session $2 on $3" \
	    "$(capture_count "$T/copies.pcap" "dst host $3 and
		udp[12:4] >> 8 = $2 and udp[52:2] = $((10000 + $1))")" "$4"
}

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
write
mirror one 1 a
daemon_start source "$conf"
send 1 1

write
mirror one 1 a
mirror two 2 b
reload
send 2 2

write
mirror one 1 a
mirror two 2 b 'collect = false'
reload
send 3 1
counters_get
expect_eq "state of the mirror" "$(counter two state)" disabled

write
mirror one 1 a
mirror two 2 b
reload
send 4 2

write
mirror one 1 a
reload
send 5 1
counters_get
expect_eq "counters of a mirror that was removed" "$(counter two state)" ''

write
mirror one 7 a
reload
send 6 1

write
mirror one 7 a 'rule no { protocol = tcp }'
reload
send 7 0

write
mirror one 7 a,b
reload
send 8 1

write
mirror one 7 b
reload
send 9 1

# Without the rule, ICMP errors of the client would be copied.
write
mirror one 7 b 'rule udp { protocol = udp }' in
reload
send 10 0

write
mirror one 7 b
reload
send 11 1
counters_get
expect_eq "what one mirror captured through all of this" \
    "$(counter one captured_packets)" $((burst * 9))
counters_add_up one

write
mirror three 8 a
reload
send 12 1
daemon_stop
capture_stop "$T/copies.pcap"

while read -r step session target copies; do
	expect_copies "$step" "$session" "$target" "$copies"
done <<END
1 1 10.0.9.11 $burst
2 1 10.0.9.11 $burst
2 2 10.0.9.12 $burst
3 1 10.0.9.11 $burst
3 2 10.0.9.12 0
4 1 10.0.9.11 $burst
4 2 10.0.9.12 $burst
5 1 10.0.9.11 $burst
5 2 10.0.9.12 0
6 7 10.0.9.11 $burst
6 1 10.0.9.11 0
9 7 10.0.9.12 $burst
11 7 10.0.9.12 $burst
12 8 10.0.9.11 $burst
END
expect_eq "copies with two targets" \
    "$(capture_count "$T/copies.pcap" "udp[52:2] = 10008")" "$burst"
for target in 11 12; do
	[ "$(capture_count "$T/copies.pcap" \
	    "udp[52:2] = 10008 and dst host 10.0.9.$target")" -gt 0 ] ||
		fail "one target got no copy"
done
for step in 7 10; do
	expect_eq "copies of step $step" \
	    "$(capture_count "$T/copies.pcap" "udp[52:2] = 100$step")" 0
done

# A ring of another size takes over under traffic. A ring keeps a block for
# each latency in which the daemon does not come round, so a longer one gives
# a slow machine more time to open and close them.
snaplen=512
packets=10000

generating() {
	alive "$generator"
}

write
mirror one 1 a 'latency = 20ms ring-size = 32MiB'
capture_start target eth0 "$T/rings.pcap" 'udp port 4789'
daemon_start source "$conf"
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 100 -n "$packets" -r 5000 \
    >"$T/sent" &
generator=$!
wait_until 5 capture_has "$T/rings.pcap" 1 || fail "no copies"
while generating; do
	for size in 24 32; do
		write
		mirror one 1 a "latency = 20ms ring-size = ${size}MiB"
		reload
	done
done
wait "$generator"
wait_until 10 capture_has "$T/rings.pcap" "$packets" || :
capture_stop "$T/rings.pcap"
counters_get
"$tools/seqcheck" "$packets" "$T/rings.pcap" || fail "numbers of copies"
expect_eq "captured packets" "$(counter one captured_packets)" "$packets"
expect_eq "copied packets" "$(counter one copied_packets)" "$packets"
daemon_stop

# So does one that has to wait until many others are opened, and is full by
# then: of what both rings have got, or found no room for, all counts once.
many=30

has_captured() {
	counters_get
	[ "$(counter one captured_packets)" -ge "$1" ]
}

all_counted() {
	counters_get
	captured=$(counter one captured_packets)
	dropped=$(counter one ring_dropped_packets)
	[ $((captured + dropped)) -eq "$sent" ]
}

flood() {
	while [ -e "$T/flood" ]; do
		in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 100 -n 5000 \
		    -r 5000
	done
}

for i in $(seq $many); do
	echo "link add dev v$i up type veth peer name w$i"
done | ip -n source -batch -
write
mirror one 1 a 'ring-size = 16MiB'
cat >>"$conf" <<'END'
mirror many { sources = "v*" session-id = 2 targets = { b } ring-size = 1MiB }
END
daemon_start source "$conf"
: >"$T/flood"
flood >"$T/sent" &
generator=$!
wait_until 10 has_captured 100 || fail "nothing is captured"
sed -i 's/16MiB/17MiB/; s/1MiB/2MiB/' "$conf"
reload
rm "$T/flood"
wait "$generator"
sent=$(awk '{ n += $1 } END { print n }' "$T/sent")
wait_until 10 all_counted || fail "sent $sent, captured $captured packets," \
    "lost $dropped in the ring"
echo "with $many more rings: $sent packets sent, $dropped lost in the ring"
daemon_stop
