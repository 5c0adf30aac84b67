#!/bin/sh
# SPDX-License-Identifier: ISC
# The built man pages are correct mdoc.
set -eu
cd "${abs_top_builddir:-$PWD}"

if ! command -v mandoc >/dev/null; then
	echo "skip: mandoc is not installed"
	[ "${CI-}" = true ] && exit 1
	exit 77
fi
mandoc -T lint -W warning man/*.[58]
