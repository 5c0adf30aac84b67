#!/bin/sh
# SPDX-License-Identifier: ISC
# Paths given to a daemon in the background are those of the directory it was
# started in, and links are followed anew at each reload.
. "$(dirname "$0")/lib.sh"

ns_new source target
link source eth0 10.0.0.14/24 target eth0 10.0.0.1/24
link source eth1 10.0.9.1/24 target eth1 10.0.9.11/24 1600

config() {
	cat <<-END
		user = root
		target ids { address = 10.0.9.11 }
		mirror all { sources = { $1 }  targets = { ids } }
	END
}
mkdir "$T/old" "$T/new"
config lo >"$T/old/a.conf"
config 'lo, eth0' >"$T/new/a.conf"
ln -s old "$T/current"

rings_are() {
	rings=$(in_ns source grep -vc RefCnt /proc/net/packet || :)
	[ "$rings" -eq "$1" ]
}

# The kernel ends it with the PID namespace, if nothing else does.
trafmirrord=${TRAFMIRRORD:-$top_builddir/trafmirrord}
cd "$T" || error "no $T"
in_ns source "$trafmirrord" -c current/a.conf -P a.pid >start.log 2>&1 ||
	fail "it does not start"
[ -s a.pid ] || fail "no pid file in the working directory"
expect_eq "directory of the daemon" \
    "$(stat -L -c %d:%i "/proc/$(cat a.pid)/cwd")" "$(stat -c %d:%i /)"
rings_are 1 || fail "$rings rings at first"

ln -sfn new current
kill -HUP "$(cat a.pid)"
wait_until 5 rings_are 2 || fail "$rings rings after the reload"

pid=$(cat a.pid)
kill -TERM "$pid"
wait_until 5 ended "$pid" || fail "it does not stop"
[ ! -e a.pid ] || fail "the pid file is left behind"
