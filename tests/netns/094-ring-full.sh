#!/bin/sh
# SPDX-License-Identifier: ISC
# What the ring has no room for is counted, and said once.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4
mirror_start "" "ring-size = 1MiB  latency = 100ms"
kill -STOP "$daemon_pid"
in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 100 -n 5000 -r 0 -l 1000 \
    >/dev/null
log_mark
kill -CONT "$daemon_pid"
log_wait 10 'source eth0: packets are lost, the ring is full'
mirror_stop
[ "$(counter ring_dropped_packets)" -gt 0 ] || fail "no loss is counted"
expect_eq "said" "$(grep -c 'packets are lost' "$daemon_log")" 1
