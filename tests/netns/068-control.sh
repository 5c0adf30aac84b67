#!/bin/sh
# SPDX-License-Identifier: ISC
# trafmirrorctl as a person uses it: look, switch, reload; what it refuses.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
ctl=$top_builddir/trafmirrorctl
packets=6000

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24

# write [MORE]
write() {
	cat >"$conf" <<END
user = root
target a { address = 10.0.9.11 }
target b { address = 10.0.9.12 }
mirror demo {
	sources   = { eth0, absent0 }
	direction = out
	targets   = { a, b }
	tags      = { "team=secops" }
	rule udp { protocol = udp }
}
mirror "zwei é" { sources = { eth0 } targets = { b } collect = false
    session-id = 2 }
${1-}
END
}

# says STATUS REGEX ARG...: runs trafmirrorctl, whose words have to match
says() {
	want=$1
	regex=$2
	shift 2
	status=0
	said=$("$ctl" "$@" 2>&1) || status=$?
	expect_eq "exit status of trafmirrorctl $*" "$status" "$want"
	printf '%s\n' "$said" | grep -Eq -- "$regex" ||
		fail "trafmirrorctl $* says '$said', want '$regex'"
}

# send N: datagrams that demo collects
send() {
	in_ns source "$tools/flowgen" -4 -d 10.0.0.1 -f 500 -n "$1" -r 20000 \
	    >/dev/null
}

# ---- without a daemon ------------------------------------------------------

says 3 'No such file .*is trafmirrord running' status
says 3 'No such file' -s "$T/none.sock" ping
says 2 '^usage: ' frobnicate
says 2 '^usage: '
says 2 '^usage: ' -x status
says 2 'not the arguments of enable: it takes MIRROR$' enable
says 2 'it takes MIRROR KEY=VALUE' tag demo team
says 2 'it takes mirrors or targets' list rules
says 0 '^trafmirrorctl [0-9]' -V
says 0 '^usage: ' -h
says 0 '^usage: ' --help

# A state-dir that is full soon, seen by the daemon's mount namespace as well.
mkdir /var/lib/trafmirrord
mount -t tmpfs -o size=8k tmpfs /var/lib/trafmirrord

# ---- looking ---------------------------------------------------------------

write
daemon_start source "$conf"
says 0 '' ping
says 0 "^trafmirrord .* pid $daemon_pid, protocol 1" version
says 0 '^demo +collecting +0 +0' status
says 0 '  < absent0 +missing' status
says 0 '^zwei é +disabled ' status
says 0 'state=collecting' status demo
says 1 'there is no mirror "x" \(there are: "demo", "zwei é"\)' status x
expect_eq "mirrors" "$("$ctl" list mirrors)" "demo
zwei é"
expect_eq "targets" "$("$ctl" list targets)" "a
b"
expect_eq "columns at most" \
    "$("$ctl" status | awk 'length($0) > 80' | wc -l)" 0
says 0 '^\{"protocol":1,"ok":true,.*"generation":1,' -j status
says 1 '"ok":false,"errors":\["there is no mirror' -j status x

# ---- switching under traffic -----------------------------------------------

capture_start target eth0 "$T/copies.pcap" 'udp port 4789'
send "$packets"
says 0 '^mirror "demo": disabled by operator$' disable demo
says 0 'disabled by operator already' disable demo
send "$packets"
says 0 '^demo +disabled\*' status
says 0 '^mirror "demo": enabled by operator$' enable demo
says 0 '^target "a": drained by operator$' drain a
send "$packets"
says 0 '  > a +drained\* +0%' status
says 0 '"name":"a","state":"drained","weight":0,' -j status
says 0 'undrained' undrain a
says 0 '"name":"a",[^}]*"by_operator":\["undrained"\]' -j status
says 0 '  > a +up\* ' status
says 0 'tags changed' tag demo env=prod 'team=ops é'
says 0 '"tags":\{"env":"prod","team":"ops é"\}' -j status demo
says 0 'tags changed' untag demo env
says 1 'none of these tags' untag demo env
says 1 'a tag is "key=value"' tag demo "=x"
says 1 'there is no mirror "nope"' enable nope
says 1 'there is no target "nope" \(there are: "a", "b"\)' drain nope
says 1 'neither a mirror nor a target "nope"' reset nope
wait_until 10 capture_has "$T/copies.pcap" $((2 * packets)) || :
capture_stop "$T/copies.pcap"
expect_eq "copies" "$(capture_count "$T/copies.pcap")" $((2 * packets))
counters_get
expect_eq "captured" "$(counter demo captured_packets)" $((2 * packets))
counters_add_up demo
echo "enabled, disabled, drained: $((2 * packets)) of $((3 * packets))"

# ---- reload ----------------------------------------------------------------

says 0 '^kept    demo$' reload
write 'mirror new { sources = { eth0 } targets = { a } session-id = 3 }'
says 0 '^new     new$' reload
write 'user = root nonsense = 1'
says 1 'trafmirrord.conf:[0-9]+: .*nonsense' reload
says 1 'trafmirrord.conf:[0-9]+: .*user' reload
write
says 0 '^dropped new$' reload
says 0 '^generation 5$' reload
says 0 'team=ops é' status demo

# ---- what is kept ----------------------------------------------------------

says 0 disabled disable demo
says 0 drained drain b
kill -KILL "$daemon_pid"
wait_until 5 ended "$daemon_pid" || error "it survives SIGKILL"
[ -S /run/trafmirrord/control.sock ] || error "the socket file is gone"
says 3 'Connection refused .*is trafmirrord running' status
daemon_start source "$conf"
says 0 '^demo +disabled\*' status
says 0 '"name":"b","address":"10.0.9.12","encap":"vxlan","weight":0,"by_op' \
    -j status
says 0 'as the configuration says' reset demo
says 0 '^demo +collecting ' status
says 0 '"tags":\{"team":"secops"\}' -j status demo
says 0 'as the configuration says' reset b
says 0 '  > b +up +' status
says 0 'as the configuration says' reset a

# ---- no room, no right -----------------------------------------------------

copied() {
	counters_get
	counter demo copied_packets
}

# What demo collects is copied, all of it.
mirrors_on() {
	mirrors_from=$(copied)
	send 500
	mirrors_to=$((mirrors_from + 500))
	wait_until 10 has_copied "$mirrors_to" || :
	expect_eq "copies" "$(copied)" "$mirrors_to"
}

has_copied() {
	[ "$("$ctl" -j status demo |
		sed 's/.*"copied_packets":\([0-9]*\),"copied_bytes":[0-9]*,"seg.*/\1/')" \
	    -ge "$1" ]
}

# refuses REASON: no switch of any kind changes anything
refuses() {
	before=$(cat /var/lib/trafmirrord/switches.json)
	for command in 'disable demo' 'drain a' 'tag demo a=b' \
	    'untag demo team' 'enable zwei\ é'; do
		eval "says 1 '$1; nothing has changed\$' $command"
	done
	says 0 '^demo +collecting +[0-9]' status
	says 0 '  > a +up +' status
	says 0 '"tags":\{"team":"secops"\}' -j status demo
	says 0 '^zwei é +disabled +[0-9]' status
	expect_eq "what is kept" "$(cat /var/lib/trafmirrord/switches.json)" \
	    "$before"
	expect_eq "files in state-dir" "$(ls /var/lib/trafmirrord)" \
	    "${2:+$2
}switches.json"
	mirrors_on
}

head -c 8192 /dev/zero >/var/lib/trafmirrord/full 2>/dev/null || :
refuses 'No space left on device' full
rm /var/lib/trafmirrord/full
mount -o remount,ro /var/lib/trafmirrord
refuses 'Read-only file system'
mount -o remount,rw /var/lib/trafmirrord
says 0 disabled disable demo
says 0 enabled enable demo

# ---- two daemons, one socket -----------------------------------------------

status=0
said=$(ip netns exec source "$top_builddir/trafmirrord" -F -c "$conf" 2>&1) ||
	status=$?
expect_eq "exit status of a second daemon" "$status" 1
echo "$said" | grep -q "process $daemon_pid listens there" ||
	fail "the second daemon says '$said'"
says 0 "pid $daemon_pid," version
mirrors_on
daemon_stop
[ ! -e /run/trafmirrord/control.sock ] || fail "the socket file is left"

# A switch for a state file that is damaged is not guessed at.
echo '{' >/var/lib/trafmirrord/switches.json
status=0
said=$(ip netns exec source "$top_builddir/trafmirrord" -F -c "$conf" 2>&1) ||
	status=$?
expect_eq "exit status with a damaged file" "$status" 1
echo "$said" | grep -q 'switches.json: is damaged' ||
	fail "with a damaged file it says '$said'"
rm /var/lib/trafmirrord/switches.json

# ---- off -------------------------------------------------------------------

write 'control-socket = ""'
daemon_start source "$conf"
says 3 'is trafmirrord running' ping
daemon_stop
