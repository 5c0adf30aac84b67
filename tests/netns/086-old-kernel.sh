#!/bin/sh
# SPDX-License-Identifier: ISC
# On a kernel that keeps UDP superframes from the daemon it says so, once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

command -v setarch >/dev/null || skip "setarch is not installed"
setarch --uname-2.6 true 2>/dev/null || skip "no old kernel to be had here"

# warnings N: so many by now
warnings() {
	expect_eq "warnings" "$(grep -c 'UDP superframes are lost before' \
	    "$daemon_log" || :)" "$1"
}

old=$(uname -r | awk -F '[.-]' '{ print $1 < 6 || ($1 == 6 && $2 < 2) }')
lab 4
mirror_conf '' ''
daemon_start source "$T/m.conf"
daemon_stop
warnings "$old"

cat >"$T/old" <<END
#!/bin/sh
exec setarch --uname-2.6 "$top_builddir/trafmirrord" "\$@"
END
chmod +x "$T/old"
TRAFMIRRORD=$T/old
daemon_start source "$T/m.conf"
warnings $((old + 1))
daemon_reload
daemon_stop
warnings $((old + 1))
