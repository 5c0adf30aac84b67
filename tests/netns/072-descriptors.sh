#!/bin/sh
# SPDX-License-Identifier: ISC
# More interfaces come than there are file descriptors for: the daemon keeps
# some, so that it can still be asked, and lets go of what goes.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
n=40

ns_new source target
link source eth9 10.0.9.1/24 target eth0 10.0.9.11/24
cat >"$conf" <<'END'
user = root
target ids { address = 10.0.9.11 source-ports = 1 }
mirror some {
	sources   = "v*"
	ring-size = 1MiB
	targets   = { ids }
}
END

ask() {
	in_ns source timeout 10 "$top_builddir/trafmirrorctl" status >"$T/status"
}

is_captured() {
	ask && grep -q "< $1 " "$T/status"
}

(
	ulimit -n 40
	daemon_start source "$conf"
	echo "$daemon_pid" >"$T/pid"
) || exit
daemon_pid=$(cat "$T/pid")
log_mark
for i in $(seq $n); do
	echo "link add dev v$i up type veth peer name w$i"
done | ip -n source -batch -
log_wait 20 'mirror "some": v[0-9]+: packet socket: Too many open files'
ask || fail "it does not answer any more"
captured=$(grep -c '< v' "$T/status") || :
echo "$captured of $n interfaces are captured with 40 file descriptors"
[ "$captured" -ge 5 ] || fail "only $captured are captured"

log_mark
for i in $(seq $((n - 1))); do
	echo "link delete dev v$i"
done | ip -n source -batch -
wait_until 20 is_captured "v$n" || fail "v$n is not captured in their place"
expect_eq "said of the limit" "$(grep -c 'Too many open files' "$daemon_log")" 1
kill -TERM "$daemon_pid"
wait_until 10 ended "$daemon_pid" || fail "it does not stop"
