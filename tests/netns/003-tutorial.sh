#!/bin/sh
# SPDX-License-Identifier: ISC
# The tutorial of the README, as it stands there: its configuration, each of
# its commands, and what they say, but for numbers.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
steps=$T/steps
said=$T/said.log
for tool in curl ethtool; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done

ns_new client web1 ids1
link client eth0 10.0.0.1/24 web1 eth0 10.0.0.14/24
link web1 eth1 10.0.9.1/24 ids1 eth1 10.0.9.11/24

sed -n '/^Five minutes, two hosts/,/^Use it/p' "$top_srcdir/README" >"$T/README"

# What is indented by four is for the configuration: first all of it, and later
# a rule.
awk '/^    / { print; on = 1; next } on { exit }' "$T/README" >"$conf"
rule=$(grep '^    rule ' "$T/README")

# What is installed there is in a folder of the build here.
mkdir "$T/bin"
# instead NAME COMMAND: what NAME is to run
instead() {
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
instead trafmirrord "$top_builddir/trafmirrord -u root -c $conf"
instead trafmirrorctl "$top_builddir/trafmirrorctl"
tcpdump_path=$(command -v tcpdump)
instead tcpdump "$tcpdump_path${tcpdump#tcpdump}"
PATH=$T/bin:$PATH

# plain: lines without numbers and without blanks that are for the eye
plain() {
	sed -E "s|$conf|/etc/trafmirrord.conf|; s/[0-9]+([.:][0-9]+)*/N/g;
	    s/[[:blank:]]+/ /g; s/^ //; s/ \$//; /^\$/d"
}

watching() {
	grep -qs '^listening on' "$said.watch"
}

# step HOST COMMAND: what it says goes to $said; what waits for packets runs on
step() {
	echo "$1# $2"
	case $2 in
	suricata* | zeek* | cat*)
		return
		;;
	tcpdump*)
		in_ns "$1" sh -c "exec $2" >"$said.watch" 2>&1 &
		watcher=$!
		wait_until 10 watching || error "tcpdump does not start"
		return
		;;
	*reload)
		# The rule comes into the mirror, which ends the file.
		sed -i '$d' "$conf"
		printf '%s\n}\n' "$rule" >>"$conf"
		;;
	esac
	in_ns "$1" sh -c "$2" >>"$said" 2>&1 || fail "$2: $(cat "$said")"
}

sed -nE 's/^ (web1|ids1)# /\1 /p' "$T/README" >"$steps"
[ "$(wc -l <"$steps")" -ge 10 ] || error "no commands in the README"
while read -r host command <&3; do
	step "$host" "$command"
done 3<"$steps"
wait_until 10 ended "$watcher" || fail "ids1 sees too few packets"
cat "$said.watch" >>"$said"

# The daemon's own log is on the terminal while it starts; on a real interface
# it has nothing to say of udp-gso.
plain <"$T/README" >"$T/shown"
grep -v '^trafmirrord: .*event=udp-gso' "$said" | plain |
	while IFS= read -r line; do
		grep -qxF -e "$line" "$T/shown" || echo "$line"
	done >"$T/strange"
[ ! -s "$T/strange" ] || fail "not in the README: $(cat "$T/strange")"
