#!/bin/sh
# SPDX-License-Identifier: ISC
# Golden configurations: NN-topic.in, and what it must give: NN-topic.ok (the
# warnings, then the canonical form) or NN-topic.err (the errors). With -u
# these are written anew, to be read before they are committed.
set -eu
cd "${abs_top_srcdir:-$(dirname "$0")/../..}/tests/conf"
check=${abs_top_builddir:-../..}/tests/conf/confcheck
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
failed=0

# result NAME STATUS
result() {
	if [ "$2" -eq 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		failed=1
	fi
}

# Prints what reading FILE gives; its status is that of the check.
output_of() {
	status=0
	"$check" "$1" >"$tmp/print" 2>"$tmp/report" || status=$?
	cat "$tmp/report" "$tmp/print" >"$tmp/out"
	return "$status"
}

# The printed form, read again, gives itself, without a word.
is_fixed_point() {
	mv "$tmp/print" "$tmp/again"
	"$check" "$tmp/again" 2>"$tmp/report" | diff -u "$tmp/again" - &&
	    ! grep -v ': warning: ' "$tmp/report"
}

# golden IN: compares with the expectation there is.
golden() {
	name=${1%.in}
	if output_of "$1"; then kind=ok other=err; else kind=err other=ok; fi
	if [ "$update" = yes ]; then
		rm -f "$name.$other"
		cp "$tmp/out" "$name.$kind"
	fi
	diff -u "$name.$kind" "$tmp/out" || return 1
	[ $kind = err ] || is_fixed_point
}

update=no
[ "${1:-}" != -u ] || update=yes
for in in [0-9]*.in; do
	if golden "$in"; then result "$in" 0; else result "$in" 1; fi
done

example=../../etc/trafmirrord.conf
if output_of $example && is_fixed_point; then
	result $example 0
else
	cat "$tmp/report"
	result $example 1
fi
exit "$failed"
