#!/bin/sh
# SPDX-License-Identifier: ISC
# The rules and the dashboard in contrib: correct, and of metrics there are.
set -eu
src=${abs_top_srcdir:-.}
cd "${abs_top_builddir:-$PWD}"
rules=$src/contrib/prometheus/trafmirrord.rules.yml
dashboard=$src/contrib/grafana/trafmirrord.json
bad=0

complain() {
	echo "$*"
	bad=1
}

for tool in jq promtool; do
	if ! command -v "$tool" >/dev/null; then
		echo "skip: $tool is not installed"
		[ "${CI-}" != true ] || exit 1
		exit 77
	fi
done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM

promtool check rules "$rules" >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	complain "$rules: promtool check rules"
}
# It looks for the rules beside the test.
cp "$rules" "$src/tests/lint/rules.test.yml" "$tmp"
promtool test rules "$tmp/rules.test.yml" >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	complain "$rules: promtool test rules"
}

# The dashboard's expressions, as rules, so that promtool reads them.
jq '{groups: [{name: "dashboard", rules: [[.panels[].targets[].expr] |
    to_entries[] | {record: "panel:\(.key)", expr: .value |
    gsub("\\$__rate_interval"; "5m") | gsub("\\$[a-z]+"; ".*")}]}]}' \
    "$dashboard" >"$tmp/dashboard.json" || complain "$dashboard: jq"
promtool check rules "$tmp/dashboard.json" >"$tmp/log" 2>&1 || {
	cat "$tmp/log"
	complain "$dashboard: promtool check rules"
}
jq -e '[.panels[].id] | length == (unique | length)' "$dashboard" \
    >/dev/null || complain "$dashboard: two panels have one id"

# trafmirrord(8) explains what they ask for.
names='\<trafmirrord_[a-z_]+'
sed -n '/^\.Sh METRICS/,/^\.Sh FILES/p' man/trafmirrord.8 |
	grep -Eo "$names" | sort -u >"$tmp/explained"
{
	jq -r '.. | (.expr? // empty), (.definition? // empty)' "$dashboard"
	grep -E '^ *expr:' "$rules"
} | grep -Eo "$names" | sed 's/_\(bucket\|sum\|count\)$//' | sort -u |
	comm -23 - "$tmp/explained" >"$tmp/unknown"
[ ! -s "$tmp/unknown" ] ||
	complain "there is no metric $(tr '\n' ' ' <"$tmp/unknown")"
exit "$bad"
