#!/bin/sh
# SPDX-License-Identifier: ISC
# Reloads under traffic, with good files and bad ones: not a copy is lost or
# doubled, and a bad file changes nothing.
. "$(dirname "$0")/lib.sh"

snaplen=512
packets=25000
rate=5000
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24

# write TARGETS FILTER [MORE]: the rings' settings never change
write() {
	cat >"$conf" <<END
user = root
target a { address = 10.0.9.11 }
target b { address = 10.0.9.12 }
${3-}
mirror demo {
	sources   = { eth0 }
	direction = out
	targets   = { $1 }
	latency   = 20ms
	$2
}
END
}

reload_good() {
	daemon_reload
	log_says 'reload: done' || fail "a reload with a good file has failed"
}

# reload_bad REGEX: what a line of the log has to say
reload_bad() {
	daemon_reload
	log_says 'reload: failed' || fail "a reload with a bad file is done"
	log_says "$1" || fail "no line of the log matches '$1'"
}

all_reloads() {
	reload_good
	write a 'rule udp { protocol = udp }'
	reload_good
	write a,b 'rule udp { protocol = udp dst-port = 10000-10099 }'
	reload_good
	write a,b 'rule udp { protocol = udp dst-port = 10000-10099'
	reload_bad 'trafmirrord.conf:[0-9]+: '
	write a,b 'no-such-option = 1'
	reload_bad 'trafmirrord.conf:[0-9]+: .*no-such-option'
	write a,c '' 'target c { address = 10.0.9.13 source-address = 10.1.1.1 }'
	reload_bad 'target "c": source address'
	rm "$conf"
	reload_bad trafmirrord.conf
	write a,b ''
	reload_good
	write a ''
	reload_good
}

generating() {
	alive "$generator"
}

write a ''
capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
daemon_start source "$conf"
in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 1000 -n "$packets" \
    -r "$rate" >"$T/sent" &
generator=$!
wait_until 5 capture_has "$T/copies.pcap" 1 || fail "no copies"
rounds=0
while generating; do
	all_reloads
	! generating || rounds=$((rounds + 1))
done
wait "$generator"
expect_eq "sent" "$(cat "$T/sent")" "$packets"
[ "$rounds" -gt 0 ] || error "reloading is slower than the traffic"
echo "$rounds rounds of 9 reloads within $packets packets"

wait_until 10 capture_has "$T/copies.pcap" "$packets" || :
capture_stop "$T/copies.pcap"
"$tools/seqcheck" "$packets" "$T/copies.pcap" || fail "numbers of copies"
[ "$(capture_count "$T/copies.pcap" dst host 10.0.9.12)" -gt 0 ] ||
	fail "the second target never got a copy"
counters_get
expect_eq "captured packets" "$(counter demo captured_packets)" "$packets"
expect_eq "copied packets" "$(counter demo copied_packets)" "$packets"
counters_add_up demo
daemon_stop
