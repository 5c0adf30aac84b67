#!/bin/sh
# SPDX-License-Identifier: ISC
# Each header compiles alone and has the include guard TM_NAME_H.
set -eu
build=${abs_top_builddir:-$PWD}
cd "${1:-${abs_top_srcdir:-.}}"
bad=0

for header in $(find src -name '*.h' | sort); do
	name=$(basename "$header" .h | tr 'a-z-' 'A-Z_')
	if ! grep -qx "#ifndef TM_${name}_H" "$header" ||
	    ! grep -qx "#define TM_${name}_H" "$header"; then
		echo "$header: no include guard TM_${name}_H"
		bad=1
	fi
	# Twice, so that the guard must work. HEADER_CFLAGS are several words.
	# shellcheck disable=SC2086
	if ! printf '#include "config.h"\n#include "%s"\n#include "%s"\n' \
	    "${header#src/}" "${header#src/}" |
	    ${CC:-cc} ${HEADER_CFLAGS-} -Werror -I"$build" -Isrc \
		-fsyntax-only -x c -; then
		echo "$header: does not compile alone"
		bad=1
	fi
done
exit "$bad"
