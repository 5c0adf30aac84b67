#!/bin/sh
# SPDX-License-Identifier: ISC
# Who may do what: root and the daemon's user all, the group look, others
# nothing; and files that belong to the user the daemon becomes.
. "$(dirname "$0")/lib.sh"

user=nobody
group=daemon
uid=$(id -u "$user") || skip "there is no user $user"
gid=$(sed -n "s/^$group:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
[ -n "$gid" ] || skip "there is no group $group"
command -v setpriv >/dev/null || skip "setpriv is not installed"
setpriv --reuid 12345 --regid "$gid" --clear-groups true 2>"$T/setpriv.err" ||
	skip "cannot become others here (needed: root, not a user namespace)"
conf=$T/trafmirrord.conf
ctl=$T/trafmirrorctl
sock=/run/trafmirrord/control.sock
cp "$top_builddir/trafmirrorctl" "$ctl" # where every user may run it
chmod 755 "$T" "$ctl"

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

# write [MORE]
write() {
	cat >"$conf" <<END
user = $user
${1-}
target a { address = 10.0.9.11 }
mirror demo { sources = { eth0 } targets = { a } }
END
}

# says STATUS REGEX UID GID GROUPS ARG...
says() {
	want=$1
	regex=$2
	as="--reuid $3 --regid $4"
	[ -z "$5" ] || as="$as --groups $5"
	[ -n "$5" ] || as="$as --clear-groups"
	shift 5
	status=0
	# shellcheck disable=SC2086 # several words
	said=$(setpriv $as "$ctl" "$@" 2>&1) || status=$?
	expect_eq "exit status of $* with $as" "$status" "$want"
	printf '%s\n' "$said" | grep -Eq -- "$regex" ||
		fail "$* with $as says '$said', want '$regex'"
}

write
daemon_start source "$conf"
expect_eq "owner and mode of the socket" "$(stat -c '%u %a' "$sock")" \
    "$uid 600"
expect_eq "owner of state-dir" "$(stat -c %u /var/lib/trafmirrord)" "$uid"
says 1 'Permission denied .be root, or in control-group' 12345 12345 '' status
says 0 'disabled by operator' 0 0 '' disable demo
says 0 'enabled by operator' "$uid" "$uid" '' enable demo
says 0 '^kept    demo' "$uid" "$uid" '' reload
chmod 666 "$sock"
says 1 'only root, .* may connect' 12345 "$gid" '' status
daemon_stop
[ ! -e "$sock" ] || fail "its user cannot remove the socket file"

write "control-group = $group"
daemon_start source "$conf"
expect_eq "owner, group and mode of the socket" \
    "$(stat -c '%u %g %a' "$sock")" "$uid $gid 660"
says 0 '^demo +collecting' 12345 "$gid" '' status
says 0 '^demo +collecting' 12345 12345 "4,$gid" status
says 1 'Permission denied' 12345 12345 '' status
for command in 'disable demo' 'drain a' 'tag demo a=b' 'reset demo' reload \
    'verify demo'; do
	# shellcheck disable=SC2086
	says 1 "only root and the daemon's own user" 12345 "$gid" '' $command
done
says 0 '^demo +collecting\* +0' 0 0 '' status
daemon_stop

write 'control-group = no-such-group'
status=0
said=$(ip netns exec source "$top_builddir/trafmirrord" -F -c "$conf" 2>&1) ||
	status=$?
expect_eq "exit status with an unknown group" "$status" 1
echo "$said" | grep -q 'there is no group "no-such-group"' ||
	fail "with an unknown group it says '$said'"
