#!/bin/sh
# SPDX-License-Identifier: ISC
# An interface goes down and up, is deleted and made again, leaves for another
# namespace and returns: what it costs in time and copies, what the daemon says
# of it, and that its counters go on.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
rate=1000
user=nobody
setpriv --reuid "$user" --clear-groups true 2>/dev/null || user=root

ns_new client source target other
link client eth0 10.0.0.1/24 source eth1 10.0.0.14/24
link source eth9 10.0.9.1/24 target eth0 10.0.9.11/24

# write [MORE]
write() {
	cat >"$conf" <<END
user = $user
target ids { address = 10.0.9.11 }
mirror demo {
	sources   = { eth1, eth2, 10.0.0.99 }
	direction = in
	bpf       = "udp"
	targets   = { ids }
	${1-}
}
END
}

# stream N: numbered packets to eth1, in the background
stream() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 10 -n "$1" \
	    -r "$rate" >/dev/null &
	stream_pid=$!
}

streaming() {
	alive "$stream_pid"
}

received() {
	in_ns source cat /sys/class/net/eth1/statistics/rx_packets
}

captured() {
	counters_get
	counter demo captured_packets source eth1
}

state() {
	counter demo state source "$1"
}

# states: of the mirror, and of what it names
states() {
	counters_get
	echo "$(counter demo state) $(state eth1) $(state eth2)" \
	    "$(state 10.0.0.99)"
}

has_states() {
	[ "$(states)" = "$1 $2 missing missing" ]
}

# expect_states MIRROR ETH1: soon, as a line of the log comes first
expect_states() {
	wait_until 3 has_states "$@" || fail "states: $(states), want $*"
}

is_state() {
	counters_get
	[ "$(state eth1)" = "$1" ]
}

fds() {
	find "/proc/$daemon_pid/fd" -type l | wc -l
}

cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/$daemon_pid/stat"
}

set_up() {
	ip -n source link set dev eth1 up
	ip -n source address replace 10.0.0.14/24 dev eth1
	ip -n client link set dev eth0 up
	ip -n client address replace 10.0.0.1/24 dev eth0
	ip -n client neighbour replace 10.0.0.14 dev eth0 \
	    lladdr 02:00:00:00:01:0b nud permanent
}

make() {
	ip -n source link add dev eth1 address 02:00:00:00:01:0b type veth \
	    peer name eth0 netns client address 02:00:00:00:01:0a
	set_up
}

write
daemon_start source "$conf"
log_says 'interface eth2 does not exist yet' || fail "no warning of eth2"
expect_states collecting up
opened=$(fds)

# ---- down and up: the ring stays, nothing spins, all of it is captured ----

log_mark
before=$(cpu_ticks)
ip -n source link set dev eth1 down
log_wait 3 'mirror "demo": eth1: interface is down'
expect_states waiting down
sleep 1
used=$(($(cpu_ticks) - before))
echo "down: $used ticks of the CPU in a second and more"
[ "$used" -lt $(($(getconf CLK_TCK) / 3)) ] || fail "the loop spins"
log_mark
set_up
log_wait 3 'mirror "demo": eth1: interface is up'
expect_states collecting up

# The kernel itself lets a few pass while it switches an interface on and off.
flaps=0
log_mark
was_received=$(received)
was_captured=$(captured)
log_mark
stream 3000
while streaming; do
	ip -n source link set dev eth1 down
	ip -n source link set dev eth1 up
	flaps=$((flaps + 1))
done
lines=$(log_new | grep -c 'eth1: interface is' || :)
if log_says 'eth1: (capturing|interface is gone)'; then
	fail "a flap closes the ring"
fi
all_captured() {
	lost=$(($(received) - was_received - $(captured) + was_captured))
	[ "$lost" -le "$flaps" ]
}
wait_until 3 all_captured || fail "$flaps flaps cost $lost packets"
echo "$flaps flaps within 3 s: $lost of $(($(received) - was_received))" \
    "packets lost, $lines lines in the log"
[ "$lines" -le 8 ] || fail "flaps fill the log"
expect_eq "file descriptors" "$(fds)" "$opened"
wait_until 3 is_state up || fail "eth1 is $(state eth1) after the flaps"

# ---- gone and back: how long until it is captured, and counters go on ----

# What reached the interface, and how much of that was captured.
returned() {
	came=$(($(received) - was_received))
	missed=$((came - $(captured) + total))
	[ "$came" -ge 500 ] && [ "$missed" -le "$rate" ]
}

# The far end sends only when it has seen the carrier.
is_captured() {
	was_received=$(received)
	stream 3000
	wait "$stream_pid" || error "flowgen fails"
	log_wait 3 'mirror "demo": eth1: capturing'
	wait_until 3 returned || fail "$1: $missed of $came packets missed"
	echo "$1: captured again after $missed ms (packets at $rate/s)"
}

# comes_back WHAT LEAVE RETURN
comes_back() {
	total=$(captured)
	log_mark
	$2
	log_wait 3 'mirror "demo": eth1: interface is gone'
	expect_states waiting missing
	expect_eq "$1: counter of eth1 while it is missing" "$(captured)" \
	    "$total"
	log_mark
	$3
	is_captured "$1"
	expect_states collecting up
}

delete() {
	ip -n source link delete dev eth1
}

leave() {
	ip -n source link set dev eth1 netns other
}

return_home() {
	ip -n other link set dev eth1 netns source
	set_up
}

comes_back 'deleted and made again' delete make
comes_back 'moved to another namespace and back' leave return_home

# Too fast for anybody to see it gone.
total=$(captured)
log_mark
delete
make
is_captured 'replaced at once'

# ---- counters go on through a reload that opens the ring anew ----

total=$(captured)
write 'ring-size = 1MiB'
daemon_reload
expect_states collecting up
expect_eq "counter of eth1 after the reload" "$(captured)" "$total"
delete
wait_until 3 is_state missing || fail "eth1 is $(state eth1)"
daemon_reload
expect_eq "counter of eth1, missing after a reload" "$(captured)" "$total"
make
wait_until 3 is_state up || fail "eth1 is $(state eth1)"
expect_eq "counter of eth1 after all" "$(captured)" "$total"
expect_eq "captured packets of the mirror" \
    "$(counter demo captured_packets)" "$total"
expect_eq "file descriptors" "$(fds)" "$opened"
counters_add_up demo
daemon_stop
