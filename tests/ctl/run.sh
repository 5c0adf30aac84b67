#!/bin/sh
# SPDX-License-Identifier: ISC
# What trafmirrorctl asks for, says and returns: NN-topic.in, and what comes of
# it, NN-topic.ok. With -u these are written anew, to be read before they are
# committed. An .in file is a sequence of
#
#	ctl ARGUMENT...		words of the shell
#	at KIND			what is at the socket's path, if no daemon:
#				none, file, dead, denied, long
#	STEP...			what a daemon does, for tests/ctl/fakedaemon
#
# where ctl without steps runs without a daemon. Of a usage on stderr the first
# word is kept.
set -eu
cd "${abs_top_srcdir:-$(dirname "$0")/../..}/tests/ctl"
here=$PWD
top_builddir=${abs_top_builddir:-../..}
case $top_builddir in
/*) ;;
*) top_builddir=$here/$top_builddir ;;
esac
fake=$top_builddir/tests/ctl/fakedaemon
unset COLUMNS LINES
LC_ALL=C.UTF-8
TERM=dumb
export LC_ALL TERM
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM
# Where another user may run it, by its bare name.
cp "$top_builddir/trafmirrorctl" "$tmp"
chmod 755 "$tmp" "$tmp/trafmirrorctl"
PATH=$tmp:$PATH
newline='
'
failed=0
update=no
[ "${1:-}" != -u ] || update=yes

cp ./*.json "$tmp"
cd "$tmp"

# Without the rights of root; 97: it cannot be had here.
as_somebody() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
	elif setpriv --reuid 12345 --regid 12345 --clear-groups true \
	    2>/dev/null; then
		setpriv --reuid 12345 --regid 12345 --clear-groups "$@"
	else
		return 97
	fi
}

# run_at KIND ARGUMENT...
run_at() {
	kind=$1
	shift
	case $kind in
	none) trafmirrorctl -s sock "$@" ;;
	file)
		: >sock
		trafmirrorctl -s sock "$@"
		;;
	dead)
		echo hang-up >dead.steps
		"$fake" sock dead.steps trafmirrorctl -s sock ping \
		    >/dev/null 2>&1 || :
		trafmirrorctl -s sock "$@"
		;;
	denied)
		mkdir -m 0 sock
		denied=0
		as_somebody trafmirrorctl -s sock/sock "$@" || denied=$?
		chmod 700 sock
		return "$denied"
		;;
	long) trafmirrorctl -s "$(printf '%0200d' 0)" "$@" ;;
	*)
		echo "no such kind: $kind"
		return 99
		;;
	esac
}

# run ARGUMENT...
run() {
	if [ -n "$steps" ]; then
		printf '%s' "$steps" >steps
		"$fake" sock steps trafmirrorctl -s sock "$@"
	else
		run_at "$kind" "$@"
	fi
}

# prefixed TEXT FILE
prefixed() {
	while IFS= read -r said || [ -n "$said" ]; do
		case $1$said in
		'err: usage: '*)
			echo 'err: usage: ...'
			break
			;;
		esac
		printf '%s%s\n' "$1" "$said"
	done <"$2"
}

# Runs what has been read of a case, if there is any.
play() {
	[ "$words" != none ] || return 0
	rm -rf sock
	status=0
	eval "run $words" >out 2>err </dev/null || status=$?
	[ "$status" -ne 97 ] || skipped=yes
	printf '$ trafmirrorctl%s\n' "$words"
	prefixed 'out: ' out
	prefixed 'err: ' err
	echo "exit $status"
}

# output_of FILE
output_of() {
	words=none
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		'ctl'*)
			play
			words=${line#ctl} kind=none steps=
			;;
		'at '*) kind=${line#at } ;;
		'') ;;
		*) steps=$steps$line$newline ;;
		esac
	done <"$1"
	play
}

for in in "$here"/[0-9]*.in; do
	ok=${in%.in}.ok name=${in##*/}
	skipped=no
	output_of "$in" >got
	[ "$update" = no ] || [ $skipped = yes ] || cp got "$ok"
	if [ $skipped = yes ]; then
		echo "skip $name: cannot become another user here"
	elif diff -u "$ok" got; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=1
	fi
done
exit "$failed"
