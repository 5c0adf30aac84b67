#!/bin/sh
# SPDX-License-Identifier: ISC
# under-pressure: a mirror climbs its ladder when a ring overflows or a device
# has no room for copies, and comes down again; not when there is no route.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4
only='bpf = "udp portrange 10000-10099"'

# send PACKETS RATE
send() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 100 -n "$1" -r "$2" \
	    -l 1000 >/dev/null
}

# More than the ring holds comes while the daemon cannot look at it.
overflow() {
	kill -STOP "$daemon_pid"
	send 5000 0
	kill -CONT "$daemon_pid"
}

rung_is() {
	daemon_counters >"$T/rung"
	grep -qF "under-pressure=\"$1\" " "$T/rung"
}

received() {
	in_ns source cat /sys/class/net/eth0/statistics/rx_packets
}

# ---- a ring that overflows -------------------------------------------------

mirror_start "" "$only ring-size = 1MiB under-pressure = \"truncate 128\""
tries=0
while [ "$tries" -lt 40 ] && ! grep -q 'under pressure' "$daemon_log"; do
	overflow
	daemon_counters >/dev/null
	tries=$((tries + 1))
done
grep -Eq 'mirror "m": under pressure: truncate 128 \(ring [0-9]+ % full, ' \
    "$daemon_log" || fail "it has not climbed"
send 10 0
mirror_stop
truncated=$(counter truncated_packets)
echo "climbed after $tries overflows, $truncated packets truncated"
[ "$truncated" -ge 10 ] || fail "what came then was not truncated"
expect_eq "captured and copied" "$(counter captured_packets)" \
    "$(counter copied_packets)"

# ---- no route is no pressure -----------------------------------------------

said=$(grep -c 'under pressure' "$daemon_log")
mirror_start "" "$only under-pressure = stop"
ip -n source route add unreachable 10.0.9.11
send 1500 500
mirror_stop
expect_eq "not sent" "$(counter dropped_send-error)" 1500
expect_eq "said of pressure" "$(grep -c 'under pressure' "$daemon_log")" "$said"
ip -n source route del unreachable 10.0.9.11

# ---- copies for which the device has no room -------------------------------

mirror_start "" "$only under-pressure = { \"sample 2\", stop }"
send 30000 500 &
traffic=$!
tc -n source qdisc add dev eth1 root tbf rate 100kbit burst 2kb limit 3kb ||
	skip "no tc, or the kernel has no tbf"
log_mark
begin=$(date +%s)
log_wait 15 'mirror "m": under pressure: sample 2 \('
log_wait 15 'mirror "m": under pressure: stop \('
echo "stopped after $(($(date +%s) - begin)) s"
wait_until 5 rung_is stop || fail "the counters do not tell of it"
in_ns source "$top_builddir/trafmirrorctl" status >"$T/status"
grep -qF '  under pressure: stop' "$T/status" || fail "status does not tell of it"
in_ns source "$top_builddir/trafmirrorctl" status m >"$T/status"
grep -qxF 'under_pressure=stop' "$T/status" || fail "nor does that of the mirror"
before=$(counter captured_packets)
received=$(received)
more_has_come() {
	[ "$(received)" -ge $((received + 500)) ]
}
wait_until 5 more_has_come || fail "nothing more has come"
rung_is stop || fail "it did not stay"
expect_eq "captured while stopped" "$(counter captured_packets)" "$before"

tc -n source qdisc del dev eth1 root
begin=$(date +%s)
log_wait 40 'mirror "m": less pressure: sample 2'
log_wait 40 'mirror "m": less pressure: nothing is left out'
echo "all is as before after $(($(date +%s) - begin)) s"
copied=$(counter copied_packets)
more_is_copied() {
	daemon_counters >/dev/null
	[ "$(counter copied_packets)" -gt "$copied" ]
}
wait_until 5 more_is_copied || fail "nothing is copied any more"
kill "$traffic" 2>/dev/null || :
wait "$traffic" 2>/dev/null || :
mirror_stop
expect_eq "captured, and what became of it" "$(counter captured_packets)" \
    "$(($(counter copied_packets) + $(counter dropped_send-error) + \
        $(counter sampled_out_packets)))"
