#!/bin/sh
# SPDX-License-Identifier: ISC
# Starts that work and starts that fail, signals, and the end of the daemon.
. "$(dirname "$0")/lib.sh"

command -v setpriv >/dev/null || skip "setpriv is not installed"
conf=$T/trafmirrord.conf
pidfile=$T/trafmirrord.pid
daemon=${TRAFMIRRORD:-$top_builddir/trafmirrord}

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

# write [TARGET-OPTION [MIRROR-OPTION [GLOBAL-OPTION]]]
write() {
	cat >"$conf" <<END
${3:-user = root}
target ids { address = 10.0.9.11 ${1-} }
mirror demo {
	sources   = { eth0 }
	direction = out
	targets   = { ids }
	${2-}
}
END
}

# A /dev of our own, for /dev/log.
mkdir "$T/dev"
for dev in null zero random urandom; do
	touch "$T/dev/$dev"
	mount --bind "/dev/$dev" "$T/dev/$dev"
done
mount --rbind "$T/dev" /dev
datagrams_start /dev/log "$T/syslog.log"

# launch [WRAPPER...]: into the background; $status and $said tell the outcome.
# $said would never be complete if the daemon kept its output open.
launch() {
	status=0
	said=$(ip netns exec source "$@" "$daemon" -c "$conf" -P "$pidfile" \
	    2>&1) || status=$?
}

expect_failure() {
	what=$1
	reason=$2
	shift 2
	launch "$@"
	expect_eq "exit status with $what" "$status" 1
	echo "$said" | grep -q "$reason" ||
		fail "with $what it says '$said', want '$reason'"
}

expect_no_pid() {
	[ ! -s "$pidfile" ] || fail "the pid file is still there: $*"
}

ping_once() {
	in_ns source ping -q -c 1 -W 2 10.0.0.1 >"$T/ping.log" ||
		error "no answer"
}

# ---- starts that fail ------------------------------------------------------

write '' 'balance = sideways'
expect_failure "a bad configuration" "trafmirrord.conf:7: .*sideways"
rm "$conf"
expect_failure "no configuration" "trafmirrord.conf: .*No such file"
write '' '' 'user = nobody-of-this-name'
expect_failure "an unknown user" 'there is no user "nobody-of-this-name"'
write 'source-address = 10.1.1.1'
expect_failure "an address of others" "source address: Cannot assign"
expect_no_pid "an address of others"
write
expect_failure "too few privileges" "Operation not permitted" \
    setpriv --bounding-set=-net_raw,-net_admin
expect_no_pid "too few privileges"

# ---- in the background -----------------------------------------------------

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
launch
expect_eq "exit status" "$status" 0
ping_once
wait_until 5 capture_has "$T/copies.pcap" 1 ||
	fail "it said it mirrors, but does not"
pid=$(cat "$pidfile")
expect_eq "number of sessions as leader" \
    "$(ps -o sid= -p "$pid" | tr -d ' ')" "$pid"
wait_until 5 grep -q "trafmirrord\[$pid\]: ready" "$T/syslog.log" ||
	fail "syslog does not say it is ready"
expect_failure "another one running" "process $pid is running"
alive "$pid" || fail "the second start has ended the first daemon"
expect_eq "process in the pid file" "$(cat "$pidfile")" "$pid"

kill -KILL "$pid"
wait_until 5 ended "$pid" || error "it survives SIGKILL"
launch
expect_eq "exit status after a violent end" "$status" 0
ping_once
wait_until 5 capture_has "$T/copies.pcap" 2 || fail "no copies after a restart"
capture_stop "$T/copies.pcap"
expect_eq "copies" "$(capture_count "$T/copies.pcap")" 2
pid=$(cat "$pidfile")
kill -INT "$pid"
wait_until 5 ended "$pid" || fail "SIGINT does not stop it"
expect_no_pid "after SIGINT"
wait_until 5 grep -q "trafmirrord\[$pid\]: stopped" "$T/syslog.log" ||
	fail "syslog does not say it has stopped"

# ---- checking only ---------------------------------------------------------

expect_eq "errors in a good file" "$("$daemon" -n -c "$conf" 2>&1 |
	grep -vc warning)" 0
"$daemon" -n -c "$conf" 2>"$T/check.err" || fail "-n refuses a good file"
write '' 'balance = sideways'
if "$daemon" -n -c "$conf" 2>"$T/check.err"; then
	fail "-n takes a bad file"
fi
grep -q 'trafmirrord.conf:7: ' "$T/check.err" || fail "-n does not say where"

# ---- signals ---------------------------------------------------------------

# What is still in the ring is sent at the end.
write '' 'latency = 1s'
capture_start target eth0 "$T/drained.pcap" 'udp port 4789'
daemon_start source "$conf"
in_ns source ping -q -c 5 -i 0.01 10.0.0.1 >"$T/ping.log"
expect_eq "copies before the end" "$(capture_count "$T/drained.pcap")" 0
daemon_stop
capture_stop "$T/drained.pcap"
expect_eq "copies" "$(capture_count "$T/drained.pcap")" 5
expect_eq "copied packets" "$(counter demo copied_packets)" 5
[ ! -s "$T/daemon.pid" ] || fail "the pid file is still there"

write
daemon_start source "$conf"
daemon_counters >"$T/counters"
grep -q 'counters: done' "$T/counters" || fail "SIGUSR1 prints no counters"
log_mark
kill -HUP "$daemon_pid"
kill -HUP "$daemon_pid"
log_wait 5 'reload: done'
daemon_stop

# The pid file is there before all is open: the signals that people send to
# what it names must not kill. Tables for many targets take a while.
has_pid() {
	[ -s "$T/daemon.pid" ]
}

names=$(seq -s , -f 't%g' 1 60)
{
	echo "user = root"
	for i in $(seq 1 60); do
		echo "target t$i { address = 10.0.9.11 source-ports = 1 }"
	done
	for i in 1 2 3 4 5; do
		echo "mirror m$i { sources = { eth0 } targets = { $names }" \
		    "session-id = $i }"
	done
} >"$conf"
log_mark
rm -f "$T/daemon.pid"
ip netns exec source "$daemon" -F -c "$conf" -P "$T/daemon.pid" \
    >>"$daemon_log" 2>&1 &
daemon_pid=$!
poll=0.01
wait_until 5 has_pid || error "no pid file"
kill -USR1 "$daemon_pid"
kill -HUP "$daemon_pid"
! log_says ready || echo "note: ready before the signals"
poll=0.05
log_wait 10 'counters: done'
log_wait 10 'reload: done'
daemon_stop

# -d tells what a reload keeps.
daemon_start source "$conf" -d
log_says 'debug: .*eth0: ring opened' || fail "-d does not show debug"
daemon_reload
log_wait 10 'debug: .*eth0: ring kept'
log_says 'debug: .*target "t1": sockets kept' || fail "sockets are not kept"
daemon_stop
