#!/bin/sh
# SPDX-License-Identifier: ISC
# The built man pages are correct mdoc and name every option there is.
set -eu
src=${abs_top_srcdir:-.}
cd "${abs_top_builddir:-$PWD}"
bad=0

complain() {
	echo "$*"
	bad=1
}

if ! command -v mandoc >/dev/null; then
	echo "skip: mandoc is not installed"
	[ "${CI-}" != true ] || exit 1
	exit 77
fi
mandoc -T lint -W warning man/*.[58] || bad=1

# The letters that getopt takes are the ones trafmirrord(8) explains.
sed -n 's/.*"\([^"]*\)"; \/\* getopt \*\/.*/\1/p' "$src"/src/daemon/*.c |
	grep -o '[A-Za-z]' | sort >man/options.taken
sed -n 's/^\.It Fl \([A-Za-z]\).*/\1/p' man/trafmirrord.8 |
	sort >man/options.explained
[ -s man/options.taken ] || complain "no getopt in src/daemon"
diff man/options.taken man/options.explained ||
	complain "trafmirrord(8) does not explain (<) or invents (>) these"
rm -f man/options.taken man/options.explained

# trafmirrorctl(8) explains each of its options and commands, and shells know
# them: what getopt takes, and what is in the table.
sed -n 's/.*"\([^"]*\)"; \/\* getopt \*\/.*/\1/p' "$src/src/ctl/main.c" |
	grep -o '[A-Za-z]' | sort >man/options.taken
sed -n 's/^\.It Fl \([A-Za-z]\).*/\1/p' man/trafmirrorctl.8 |
	sort >man/options.explained
[ -s man/options.taken ] || complain "no getopt in src/ctl/main.c"
diff man/options.taken man/options.explained ||
	complain "trafmirrorctl(8) does not explain (<) or invents (>) these"
while read -r letter; do
	for file in trafmirrorctl.bash _trafmirrorctl; do
		grep -q -- "[ ']-$letter\>" "$src/contrib/completion/$file" ||
			complain "$file does not complete -$letter"
	done
done <man/options.taken
rm -f man/options.taken man/options.explained
sed -n 's/^	{ "\([a-z ]*\)", "[a-z]*", [a-zA-Z_]*, [a-zA-Z_]* }.*/\1/p' \
    "$src/src/ctl/main.c" | while read -r command; do
	grep -q "Cm $command\( \|$\)" man/trafmirrorctl.8 ||
		echo "trafmirrorctl(8) lacks $command"
	for file in trafmirrorctl.bash _trafmirrorctl; do
		grep -q "\<${command%% *}\>" "$src/contrib/completion/$file" ||
			echo "$file does not complete $command"
	done
done >man/commands.missing
[ ! -s man/commands.missing ] || complain "$(cat man/commands.missing)"
rm -f man/commands.missing

# Every keyword that trafmirrord -p prints is in trafmirrord.conf(5). Values in
# quotes are none.
keywords=$(./trafmirrord -n -p -u root -c "$src/etc/trafmirrord.conf" |
	sed 's/"[^"]*"//g' |
	grep -oE '[a-z][a-z-]*[[:blank:]]*=|^[[:blank:]]*[a-z]+[^={]*\{' |
	sed 's/^[[:blank:]]*//; s/[^a-z-].*//' | sort -u)
[ -n "$keywords" ] || complain "trafmirrord -n -p prints nothing"
for keyword in $keywords; do
	sed 's/\\-/-/g' man/trafmirrord.conf.5 |
		grep -qE "(^|[^a-z-])$keyword([^a-z-]|\$)" ||
		complain "trafmirrord.conf(5) lacks $keyword"
done

# The events of the log are those in the table of trafmirrord(8).
cat "$src"/src/*/*.c | tr '\n' ' ' | grep -o 'LOG_KEYS([^,]*,' |
	grep -o '"[a-z-]*"' | tr -d '"' | sort -u >man/events.logged
sed -n '/^\.It event Ta further keys/,/^\.El/s/^\.It Li \(.*\) Ta .*/\1/p' \
    man/trafmirrord.8 | tr -s ' ,' '\n' | sort >man/events.explained
[ -s man/events.logged ] || complain "no event in src"
diff man/events.logged man/events.explained ||
	complain "trafmirrord(8) does not list (<) or invents (>) these events"
rm -f man/events.logged man/events.explained
exit "$bad"
