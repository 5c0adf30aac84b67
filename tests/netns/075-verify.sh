#!/bin/sh
# SPDX-License-Identifier: ISC
# Probes through each encapsulation and kind of rules, to targets that answer,
# that do not, and that cannot be reached; nothing of them reaches a socket.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl

ns_new client source target
link client eth0 10.0.0.1/24,fd00::1/64 source eth0 10.0.0.14/24,fd00::14/64
link source eth1 10.0.9.1/24,fd00:9::1/64 \
    target eth0 10.0.9.11/24,10.0.9.12/24,10.0.9.13/24,fd00:9::b/64

# write DIRECTION FILTER [MORE]
write() {
	cat >"$conf" <<END
user = root
target v4 { address = 10.0.9.11 }
target v6 { address = "fd00:9::b" }
target g4 { address = 10.0.9.11 encap = gre }
target g6 { address = "fd00:9::b" encap = gre sequence = true }
target n4 { address = 10.0.9.12 encap = geneve port = 6082 }
target n6 { address = "fd00:9::b" encap = geneve }
target e2 { address = 10.0.9.13 encap = erspan }
target e3 { address = "fd00:9::b" encap = erspan3 }
mirror demo {
	sources   = { eth0 }
	direction = $1
	filter    = $2
	targets   = { v4, v6, g4, g6, n4, n6, e2, e3 }
	${3-}
}
mirror off { sources = { eth0 } targets = { v4 } collect = false
    session-id = 2 }
END
}

# says STATUS REGEX ARG...: runs trafmirrorctl, whose words have to match
says() {
	want=$1
	regex=$2
	shift 2
	status=0
	said=$(in_ns source "$ctl" "$@" 2>&1) || status=$?
	[ "$status" = "$want" ] ||
		fail "exit status of trafmirrorctl $* is $status: $said"
	printf '%s\n' "$said" | grep -Eq -- "$regex" ||
		fail "trafmirrorctl $* says '$said', want '$regex'"
}

listens() {
	grep -q listening "$T/listen.err"
}

listen_start() {
	: >"$T/listen.err"
	ip netns exec target "$ctl" listen >"$T/listen.log" \
	    2>"$T/listen.err" &
	listener=$!
	wait_until 5 listens || error "nobody listens"
}

listen_stop() {
	kill "$listener" 2>/dev/null || :
	wait "$listener" 2>/dev/null || :
}

# reload DIRECTION FILTER [MORE]
reload() {
	write "$@"
	says 0 generation reload
}

write all any
says 3 'is trafmirrord running' verify demo
says 2 'not the arguments of listen' listen 0
daemon_start source "$conf"
says 1 'there is no mirror' verify nothing
says 1 '"off" is disabled' verify off

# ---- nobody answers --------------------------------------------------------

says 1 '> v4 .* left by eth1, no answer: .* UDP port 4789' verify demo
printf '%s\n' "$said" | grep -q '> g4 .* IP protocol 47' ||
	fail "without a listener it says '$said'"
printf '%s\n' "$said" | grep -Eq '< eth0 +captured after [0-9.]+ ms' ||
	fail "of the source it says '$said'"

# ---- everything answers ----------------------------------------------------

capture_start client eth0 "$T/client.pcap"
listen_start
says 0 '> e3 .* delivered, round trip [0-9.]+ ms' verify demo
expect_eq "targets that are delivered" \
    "$(printf '%s\n' "$said" | grep -c ' delivered, round trip')" 8
expect_eq "probes that were heard" "$(grep -c ': answered$' "$T/listen.log")" 8
for what in 'vxlan 1' 'gre 1' 'geneve 1' 'erspan 1' 'erspan3 1'; do
	grep -q "eth0: .* > .*, $what: udp 192.0.2.1:" "$T/listen.log" ||
		fail "the listener has heard no $what"
done
says 0 '"state":"delivered"' -j verify demo

# ---- rules -----------------------------------------------------------------

# rules FLOW DIRECTION FILTER RULES
rules() {
	reload "$2" "$3" "$4"
	says 0 "^probes $1" verify demo
}

rules 'tcp 10\.0\.0\.14:[0-9]+ > 198\.51\.100\.1:443' out any \
    'rule https { protocol = tcp src = 10.0.0.14 dst-port = 443 }'
rules 'udp \[fd00::14\]:[0-9]+ > \[fd00:0?:?.*\]:8000' out all \
    'rule a { protocol = udp src = "fd00::/16" dst-port = 8000-8999 }
    rule b { src = "fd00::14" dst = "fd00::/64" }'
rules 'icmp 192\.0\.2\.1 > 10\.0\.0\.1' out first \
    'rule no { action = drop dst = 10.0.0.0/25 protocol = tcp }
    rule yes { dst = 10.0.0.0/24 protocol = icmp }'
rules 'sctp 192\.0\.2\.1:[0-9]+ > 198.51.100.1:7' all any \
    'rule s { protocol = sctp dst-port = 7 }'
rules '47 192|gre 192' all any 'rule g { protocol = gre }'
rules 'tcp ' out any 'bpf = "tcp"'
rules 'udp ' out any 'truncate = 64 sample = 100'
rules 'udp ' out any 'balance = replicate'
rules 'udp ' out any 'balance = packet'
reload out any 'bpf = "host 10.99.1.2"'
says 1 'no probe is found that its conditions let pass' verify demo
reload out any 'truncate = 32'
says 1 'of a probe 56 bytes are needed, but truncate leaves 32' verify demo

# What others send cannot be made here: the ring is left out, and nothing goes
# out on the source.
reload in any
says 0 '< eth0 +the ring was left out' verify demo

# ---- targets that cannot be reached ----------------------------------------

listen_stop
ip -n source route add blackhole 10.0.7.0/24
reload out any 'balance = replicate'
sed -i -e 's/^target e2 .*/target e2 { address = 10.0.7.1 }/' \
    -e 's/^target n4 .*/target n4 { address = 10.0.9.12 weight = 0 }/' "$conf"
says 0 generation reload
listen_start
says 1 '> e2 .* send: ' verify demo
printf '%s\n' "$said" | grep -q '> n4 .* drained' ||
	fail "of a drained target it says '$said'"
expect_eq "targets that are delivered beside them" \
    "$(printf '%s\n' "$said" | grep -c ' delivered, round trip')" 6

# ---- nothing that could be delivered ---------------------------------------

for name in $(in_ns source "$ctl" list targets); do
	says 0 'drained by operator' drain "$name"
done
printf '%s\n' "$said" | grep -q 'warning: mirror "demo": all targets are drained' ||
	fail "the last drain says '$said'"
says 1 '> v4 .* drained: nothing is sent to it' verify demo
for name in $(in_ns source "$ctl" list targets); do
	says 0 '' reset "$name"
done

# ---- a client that goes, and two at once -----------------------------------

# Nobody answers the one that is first, and so it goes on for two seconds.
start() {
	ip netns exec source "$ctl" verify demo >"$T/$1" 2>&1 &
}

is_refused() {
	in_ns source "$ctl" verify demo 2>&1 | grep -q 'another verify goes on'
}

one_is_refused() {
	grep -q 'another verify goes on' "$T/first" "$T/second"
}

is_free() {
	! is_refused
}

listen_stop
start first
first=$!
start second
second=$!
wait_until 10 one_is_refused || fail "several runs go on at once"
kill "$first" "$second" 2>/dev/null || :
says 0 '"demo"' -j status
wait_until 10 is_free || fail "a client that has gone keeps others away"
says 0 generation reload

# ---- who has seen a probe ---------------------------------------------------

capture_stop "$T/client.pcap"
dead=00:00:5e:00:53:74
expect_eq "frames to others than the dead address" \
    "$(capture_count "$T/client.pcap" "ip and not ether dst $dead")" 0
capture_has "$T/client.pcap" 8 "ether dst $dead" ||
	fail "the wire has no probes"
in_ns client cat /proc/net/snmp | awk '
/^Ip: [0-9]/ { delivers = $10 } /^Udp: [0-9]/ { udp = $2 + $3 }
/^Icmp: [0-9]/ { icmp = $2 } END { exit delivers + udp + icmp > 0 }' ||
	fail "a socket of the production side has seen something"
daemon_stop
