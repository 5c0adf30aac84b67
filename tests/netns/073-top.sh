#!/bin/sh
# SPDX-License-Identifier: ISC
# trafmirrorctl top on a terminal, of any size and while the daemon goes and
# comes back, and where no terminal is.
. "$(dirname "$0")/lib.sh"

command -v tmux >/dev/null || skip "tmux is not installed"
conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
export TMUX_TMPDIR="$T" LC_ALL=C.UTF-8
unset TMUX

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24
cat >"$conf" <<'END'
user = root
target a { address = 10.0.9.11 weight = 3 }
target b { address = 10.0.9.12 }
mirror demo {
	sources    = { eth0, absent0 }
	direction  = out
	targets    = { a, b }
	rate-limit = 1M
}
mirror "zwei é" { sources = { eth0 } targets = { b } collect = false
    session-id = 2 }
END

# in_tmux ARG...: the server of the terminal that was started last
terminal=0
in_tmux() {
	tmux -u -L "$terminal" -f /dev/null "$@"
}

# top_start [ENVIRONMENT...]: on a new terminal of 80 columns and 24 lines
top_start() {
	cat >"$T/shell" <<END
trap : INT # it gets that, too
stty -a >$T/stty.before
echo before
env $* $ctl top
echo "status=\$?"
stty -a >$T/stty.after
exec cat
END
	terminal=$((terminal + 1))
	in_tmux new-session -d -x 80 -y 24 "exec sh $T/shell"
	wait_until 10 shows '^demo .*collecting' || fail_with_screen \
	    "no table within 10 seconds"
}

screen() {
	in_tmux capture-pane -p "$@"
}

shows() {
	screen | grep -Eq -- "$1"
}

fail_with_screen() {
	screen || :
	fail "$1"
}

# sees REGEX: within a few refreshes
sees() {
	wait_until 15 shows "$1" || fail_with_screen "the screen lacks '$1'"
}

keys() {
	in_tmux send-keys "$@"
}

# top_leaves KEY: and the terminal is as it was
top_leaves() {
	keys "$1"
	sees '^status=0$'
	wait_until 5 test -s "$T/stty.after" || error "no stty"
	cmp "$T/stty.before" "$T/stty.after" ||
		fail "the terminal is not as it was"
	rm "$T/stty.after"
	in_tmux kill-server
}

# Sent until it is killed: more than the limit lets through.
flood() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 100 -n 10000000 \
	    -r 4000 -l 400 >/dev/null
}

daemon_start source "$conf"
flood &
flood=$!

# ---- without a terminal ----------------------------------------------------

is_lossy() {
	"$ctl" status | grep -Eq '^demo +collecting +[0-9]+ +[0-9]+ +[1-9]'
}
wait_until 10 is_lossy || error "nothing is lost"
"$ctl" top >"$T/plain"
cat "$T/plain"
grep -Eq '^demo +collecting +[0-9.]+k +[0-9.]+M +[0-9.]+k? +[0-9.]+[kM] +[0-9.]+k' \
    "$T/plain" || fail "no rates of demo"
grep -Eq '^  ! rate-limit +lost +[0-9]+ in all +[0-9.]+k' "$T/plain" ||
	fail "no losses of demo"
grep -Eq '^  < eth0 +up +[0-9.]+k' "$T/plain" || fail "no rates of eth0"
grep -Eq '^  < absent0 +missing ' "$T/plain" || fail "no absent0"
grep -Eq '^  > a +up +[0-9]+% +[0-9.]+k? +[0-9.]+[kM]' "$T/plain" ||
	fail "no rates of a"
grep -Eq '^zwei é +disabled' "$T/plain" || fail "no second mirror"
"$ctl" top demo >"$T/plain"
! grep -q zwei "$T/plain" || fail "top demo shows more than demo"
status=0
"$ctl" top none >"$T/plain" 2>&1 || status=$?
expect_eq "exit status of top none" "$status" 1

# ---- on a terminal ---------------------------------------------------------

top_start TERM=screen-256color
sees '^demo +collecting +[0-9.]+k '
sees '[▁▂▃▄▅▆▇█]+ max [0-9.]+k/s'
sees '  > a +up +█'
screen -e | grep -q "$(printf '\033')\\[[0-9;]*31m  ! rate-limit" ||
	fail_with_screen "losses are not red"

in_tmux resize-window -x 20 -y 5
sees '^q leaves; arrows'
expect_eq "lines of a small screen" "$(screen | grep -c .)" 5
keys Down
keys NPage
keys NPage
sees '  > b'
keys PPage
keys PPage
keys PPage
keys PPage
keys Up
sees '^demo'
in_tmux resize-window -x 1 -y 1
in_tmux resize-window -x 200 -y 50
sees '^demo {30,}'
in_tmux resize-window -x 80 -y 24
sees '^demo +collecting +[0-9.]+k '

kill -KILL "$daemon_pid"
wait_until 5 ended "$daemon_pid" || error "it survives SIGKILL"
sees '^trying again: .*Connection refused'
daemon_start source "$conf"
sees "pid $daemon_pid, .* generation 1"
sees '^demo +collecting +[0-9.]+k '
! shows 'trying again' || fail_with_screen "it has not seen the new daemon"
! shows ' -[0-9]' || fail_with_screen "a rate is negative"

kill -STOP "$daemon_pid"
sees 'no answer for [0-9]+ seconds'
keys Down # is not kept waiting
kill -CONT "$daemon_pid"
sees '^q leaves'
"$ctl" disable demo >/dev/null
sees '^demo +disabled\* +0 '
"$ctl" reset demo >/dev/null
screen_is_back() {
	shows '^before$' && ! shows MIRROR
}
keys q
wait_until 10 screen_is_back || fail_with_screen "what was there is not back"
top_leaves Enter

top_start TERM=screen LC_ALL=C
sees '^zwei \? +disabled'
sees '[_.:*#=+-]+ max [0-9.]+k/s'
! screen | LC_ALL=C grep -q '[^ -~]' || fail_with_screen "it is not ASCII"
top_leaves C-c

top_start TERM=vt100
top_leaves Escape

# ---- on what is no terminal for it -----------------------------------------

for term in TERM=dumb TERM= TERM=no-such-terminal; do
	top_start "$term"
	sees '^status=0$'
	in_tmux kill-server
done
kill "$flood"
daemon_stop
