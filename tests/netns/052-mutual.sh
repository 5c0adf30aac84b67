#!/bin/sh
# SPDX-License-Identifier: ISC
# Two hosts that mirror to each other, through the interface that they collect
# from, with copies that are fragmented: each packet is copied once by either.
. "$(dirname "$0")/lib.sh"

packets=100

ns_new a b
link a eth0 10.0.0.1/24,fd00::1/64 b eth0 10.0.0.2/24,fd00::2/64
# Production traffic is that of another address, which is nobody's target.
ip -n a address add 10.3.0.3/32 dev eth0
ip -n a address add fd03::3/128 dev eth0 nodad
ip -n a route add 10.0.0.99 dev eth0 src 10.3.0.3
ip -n a route add fd00::99 dev eth0 src fd03::3
ip -n a neighbour add 10.0.0.99 lladdr 02:00:00:00:01:0b dev eth0
ip -n a neighbour add fd00::99 lladdr 02:00:00:00:01:0b dev eth0

# write NAME TARGET ENCAP SESSION EXCLUDE: multicast is the kernel's own
write() {
	cat >"$T/$1.conf" <<END
user = root
control-socket = ""
target other { address = "$2"  encap = $3 }
mirror m {
	sources         = { eth0 }
	targets         = { other }
	session-id      = $4
	exclude-targets = $5
	bpf             = "not ip6 multicast"
}
END
}

# be NAME: the daemon that the helpers are about
be() {
	daemon_log=$T/$1.log
	daemon_pid=$(cat "$T/$1.pid")
}

# has_captured NAME N
has_captured() {
	be "$1"
	kill -USR1 "$daemon_pid"
	captured=$(sed -n 's/.*state=.* filter=.* captured_packets=\([0-9]*\) .*/\1/p' \
	    "$daemon_log" | tail -n 1)
	[ "${captured:-0}" -ge "$2" ]
}

# run FAMILY ENCAP ENCAP-BACK EXCLUDE. The kernels say that ports are closed,
# too: no such error is copied.
run() {
	case $1 in
	4) to=10.0.0.99 a=10.0.0.1 b=10.0.0.2 ;;
	6) to=fd00::99 a=fd00::1 b=fd00::2 ;;
	esac
	write a "$b" "$2" 1 "$4"
	write b "$a" "$3" 7 "$4"
	for name in a b; do
		daemon_log=$T/$name.log
		daemon_start "$name" "$T/$name.conf"
		cp "$T/daemon.pid" "$T/$name.pid"
	done
	in_ns a "$tools/flowgen" "-$1" -d "$to" -f 10 -n "$packets" \
	    -r 2000 -l 1440 >"$T/sent"
	wait_until 5 has_captured a "$packets" || fail "a has missed packets"
	wait_until 5 has_captured b "$packets" || fail "b has missed packets"
	for name in a b; do
		be "$name"
		daemon_stop
		what="$2 and $3, IPv$1, exclude-targets $4: $name"
		expect_eq "$what: captured" "$(counter m captured_packets)" \
		    "$packets"
		expect_eq "$what: copied" "$(counter m copied_packets)" \
		    "$packets"
		[ "$(counter m fragmented_packets)" -gt 0 ] ||
			error "no copy was fragmented"
	done
	echo "$2 and $3, IPv$1, exclude-targets $4:" \
	    "$packets packets, $packets copies by either"
}

for exclude in true false; do
	for family in 4 6; do
		for encap in vxlan gre geneve erspan erspan3; do
			run "$family" "$encap" "$encap" "$exclude"
		done
		run "$family" vxlan geneve "$exclude"
	done
done
