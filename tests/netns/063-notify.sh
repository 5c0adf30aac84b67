#!/bin/sh
# SPDX-License-Identifier: ISC
# What a service manager is told, as sd_notify(3) describes the datagrams.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf

ns_new source target
link source eth0 10.0.9.1/24 target eth0 10.0.9.11/24

cat >"$conf" <<END
user = root
target ids { address = 10.0.9.11 }
mirror demo {
	sources = { eth0 }
	targets = { ids }
}
END
datagrams_start "$T/notify" "$T/notify.log"

# expect LINE...: these are what was told, STATUS and times aside
expect() {
	want=$(printf '%s\n' "$@")
	wait_until 5 told "$want" ||
		fail "it told '$(lines)', want '$want'"
}

lines() {
	grep -Ev '^(STATUS=|MONOTONIC_USEC=|WATCHDOG=|$)' "$T/notify.log" || :
}

told() {
	[ "$(lines)" = "$1" ]
}

has_line() {
	grep -Eq "$1" "$T/notify.log"
}

export NOTIFY_SOCKET="$T/notify"
daemon_start source "$conf"
expect READY=1
has_line '^STATUS=.*1 mirror, 1 source$' || fail "no status"

# A manager compares the time with its own of the same clock, in microseconds.
before=$(cut -d . -f 1 /proc/uptime)
daemon_reload
expect READY=1 RELOADING=1 READY=1
usec=$(sed -n 's/^MONOTONIC_USEC=//p' "$T/notify.log")
after=$(cut -d . -f 1 /proc/uptime)
if [ "$((usec / 1000000))" -lt "$before" ] ||
    [ "$((usec / 1000000))" -gt "$after" ]; then
	fail "time of the reload is $usec, uptime $before to $after"
fi

# Also a reload that fails is over at some time.
mv "$conf" "$conf.away"
daemon_reload
expect READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1
mv "$conf.away" "$conf"
! has_line '^WATCHDOG=' || fail "a watchdog that nobody asked for"
daemon_stop
expect READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 STOPPING=1

# The watchdog is fed, unless it is meant for another process.
export WATCHDOG_USEC=20000
daemon_start source "$conf"
wait_until 5 has_line '^WATCHDOG=1' || fail "the watchdog is not fed"
daemon_stop
: >"$T/notify.log"
export WATCHDOG_PID=1
daemon_start source "$conf"
unset WATCHDOG_PID WATCHDOG_USEC
daemon_counters >"$T/counters"
wait_until 5 has_line '^READY=1' || fail "not ready"
! has_line '^WATCHDOG=' || fail "it feeds another's watchdog"
daemon_stop

# What does not start is not ready.
: >"$T/notify.log"
status=0
ip netns exec source "${TRAFMIRRORD:-$top_builddir/trafmirrord}" -F \
    -c "$T/nothing" 2>"$T/start.err" || status=$?
expect_eq "exit status" "$status" 1
expect_eq "what it told" "$(cat "$T/notify.log")" ''
