#!/bin/sh
# SPDX-License-Identifier: ISC
# Runs every fuzz target over its corpus; with libFuzzer, too, only over that.
set -eu

for corpus in "${srcdir:-.}"/tests/fuzz/corpus/*/; do
	name=$(basename "$corpus")
	"./tests/fuzz/fuzz_$name" -runs=0 "$corpus"
done
