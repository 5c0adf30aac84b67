#!/bin/sh
# SPDX-License-Identifier: ISC
# Short functions and files, no trailing white space, nothing left undone.
set -eu
cd "${1:-${abs_top_srcdir:-.}}"
bad=0

# shellcheck disable=SC2046 # no name here has a space
awk -v function_max=80 '
function complain(line, what) {
	printf "%s:%d: %s\n", FILENAME, line, what
	bad = 1
}
FNR == 1 {
	start = 0
	# Tests are long for their tables.
	file_max = FILENAME ~ /^tests/ ? 1000 : 600
}
/^\{/ { start = FNR }
/^\}/ {
	if (start && FNR - start + 1 > function_max)
		complain(start, "function of " FNR - start + 1 " lines")
	start = 0
}
FNR == file_max + 1 { complain(FNR, "file of more than " file_max " lines") }
END { exit bad }
' $(find src tests bench -name '*.[ch]' | sort) || bad=1

# The words are split so that this file does not contain them.
# shellcheck disable=SC2046
if grep -nE '[[:blank:]]+$|TO''DO|FIX''ME' quickstart configure.ac \
    Makefile.am README NEWS $(find src tests bench man etc contrib .ci \
    -name '*.[ch]' -o -name '*.sh' -o -path 'man/*.in' -o -path 'etc/*' \
    -o -type f -path 'contrib/*' -o -path 'bench/*' -o -path .ci/run 2>/dev/null); then
	echo "trailing white space, or something left undone"
	bad=1
fi
exit "$bad"
