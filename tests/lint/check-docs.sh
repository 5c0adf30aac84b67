#!/bin/sh
# SPDX-License-Identifier: ISC
# The picture in docs/ was made from the text beside it as it is now.
set -eu
cd "${1:-${abs_top_srcdir:-.}}"
want=$(cksum <docs/datapath.dot)
grep -qxF "<!-- made from datapath.dot, cksum $want -->" docs/datapath.svg || {
	echo "docs/datapath.svg is not that of docs/datapath.dot: make picture"
	exit 1
}
