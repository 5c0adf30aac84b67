#!/bin/sh
# SPDX-License-Identifier: ISC
# As another user: what it keeps, and that it is enough for a reload.
. "$(dirname "$0")/lib.sh"

user=nobody
uid=$(id -u "$user") || skip "there is no user $user"
gid=$(id -g "$user")
command -v setpriv >/dev/null || skip "setpriv is not installed"
setpriv --reuid "$uid" --regid "$gid" --clear-groups true 2>"$T/setpriv.err" ||
	skip "cannot become $user here (needed: root, not a user namespace)"
conf=$T/trafmirrord.conf

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link client eth1 10.0.1.1/24 source eth1 10.0.1.14/24
link source eth2 10.0.9.1/24 target eth0 10.0.9.11/24,10.0.9.12/24

# write SOURCES TARGETS BALANCE
write() {
	cat >"$conf" <<END
user = $user
target a { address = 10.0.9.11 }
target b { address = 10.0.9.12 encap = gre }
mirror demo {
	sources   = { $1 }
	direction = out
	targets   = { $2 }
	balance   = $3
}
END
}

# status FIELD: of the daemon's process, blanks squeezed
status() {
	sed -n "s/^$1:[[:blank:]]*//p" "/proc/$daemon_pid/status" |
		tr -s '[:blank:]' ' ' | sed 's/ $//'
}

# send COPIES: one ping out of each interface
send() {
	for to in 10.0.0.1 10.0.1.1; do
		in_ns source ping -q -c 1 -W 2 "$to" >"$T/ping.log" ||
			error "no answer"
	done
	wait_until 5 capture_has "$T/copies.pcap" "$1" ||
		fail "fewer than $1 copies"
}

chmod 755 "$T"
write eth0 a flow
capture_start target eth0 "$T/copies.pcap" 'udp port 4789 or proto 47'
daemon_start source "$conf"
expect_eq "user" "$(status Uid)" "$uid $uid $uid $uid"
expect_eq "group" "$(status Gid)" "$gid $gid $gid $gid"
expect_eq "other groups" "$(status Groups)" ''

# Before Linux 5.17 the mark of the copies takes CAP_NET_ADMIN as well.
case $(uname -r) in
[0-4].* | 5.[0-9].* | 5.1[0-6].*) caps=0000000000003000 ;;
*) caps=0000000000002000 ;;
esac
expect_eq CapEff "$(status CapEff)" "$caps"
expect_eq CapPrm "$(status CapPrm)" "$caps"
for set in CapInh CapBnd CapAmb; do
	expect_eq "$set" "$(status "$set")" 0000000000000000
done
expect_eq "NoNewPrivs" "$(status NoNewPrivs)" 1
send 1

# A packet socket for the interface, a raw one for GRE.
write eth0,eth1 a,b replicate
daemon_reload
log_says 'reload: done' || fail "a reload has failed"
send 5

chmod 600 "$conf"
in_ns source "$top_builddir/trafmirrord" -n -c "$conf" 2>"$T/n.err" ||
	fail "-n refuses it"
grep -q 'warning: .*: user .* cannot read it: a reload will fail' "$T/n.err" ||
	fail "-n does not warn of what the daemon may not read"
daemon_reload
log_says 'reload: failed' || fail "it reads what its user may not"
in_ns source "$top_builddir/trafmirrorctl" status >"$T/status"
grep -q '^the last reload has failed' "$T/status" ||
	fail "the status does not tell of the failed reload"
send 9
chmod 644 "$conf"
daemon_reload
log_says 'reload: done' || fail "a reload has failed"
in_ns source "$top_builddir/trafmirrorctl" status >"$T/status"
! grep 'the last reload' "$T/status" || fail "that has gone by"
send 13
daemon_stop
capture_stop "$T/copies.pcap"
expect_eq "copies" "$(capture_count "$T/copies.pcap")" 13

# -u overrides the file.
daemon_start source "$conf" -u root
expect_eq "user with -u root" "$(status Uid)" "0 0 0 0"
daemon_stop
