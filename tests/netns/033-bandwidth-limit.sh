#!/bin/sh
# SPDX-License-Identifier: ISC
# bandwidth-limit: all mirrors together are held at it, and a greedy one does
# not starve a modest one.
. "$(dirname "$0")/lib.sh"

ns_new client source target
link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
link source eth1 10.0.9.1/24 target eth0 10.0.9.11/24

cat >"$T/shared.conf" <<'END'
user = root
bandwidth-limit = 16M
target a { address = 10.0.9.11 }
target b { address = 10.0.9.11  port = 4790 }
mirror greedy {
	sources = eth0
	targets = a
	bpf = "udp src portrange 10000-10099"
}
mirror modest {
	sources = eth0
	targets = b
	bpf = "udp src portrange 30000-30099"
}
END

# A copy over IPv4 is 78 bytes longer than the payload: 1,000 bytes.
# send FIRST-PORT PACKETS RATE
send() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -p "$1" -f 50 -n "$2" \
	    -r "$3" -l 922 >/dev/null
}

all_captured() {
	kill -USR1 "$daemon_pid"
	log_says "\"greedy\": state=.* captured_packets=$1 " &&
		log_says "\"modest\": state=.* captured_packets=$2 "
}

daemon_start source "$T/shared.conf"
log_mark
begin=$(date +%s%N)
send 10000 16000 8000 &
sender=$!
send 30000 400 200
wait "$sender"
ms=$((($(date +%s%N) - begin) / 1000000))
wait_until 5 all_captured 16000 400 || fail "not all is captured"
daemon_stop

counters_add_up greedy
counters_add_up modest
copied=$(($(counter greedy copied_packets) + \
    $(counter modest copied_packets)))
# 16 Mbit/s are 2,000 copies a second, and at once 200 or twice that.
echo "in $ms ms: modest $(counter modest copied_packets) of 400, with greedy" \
    "$copied of $((ms * 2)) and a burst"
expect_eq "modest: dropped" "$(counter modest dropped_bandwidth-limit)" 0
[ "$copied" -ge 3900 ] || fail "the limit holds back too much"
[ "$copied" -le $((ms * 2 + 410)) ] || fail "the limit lets too much through"
[ "$(counter greedy dropped_bandwidth-limit)" -gt 0 ] || fail "nothing is held"
