#!/bin/sh
# SPDX-License-Identifier: ISC
# rate-limit: what is below it passes whole, what is above is held at it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4
only='bpf = "udp portrange 10000-10099"'

# A copy over IPv4 is 78 bytes longer than the payload: 1,000 bytes.
payload=922

# send PACKETS RATE
send() {
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 50 -n "$1" -r "$2" \
	    -l "$payload" >/dev/null
}

# identity WHAT PACKETS
identity() {
	expect_eq "$1: captured, copied and dropped" \
	    "$(counter captured_packets) $(($(counter copied_packets) + \
	        $(counter dropped_rate-limit)))" "$2 $2"
}

# 2 Mbit/s in a burst at full speed, with a limit of 1000 Mbit/s
mirror_start "" "$only rate-limit = 1000M"
send 250 0
mirror_stop 250
expect_eq "below the limit: dropped" "$(counter dropped_rate-limit)" 0
identity "below the limit" 250

# 64 Mbit/s for 1 s, with a limit of 16 Mbit/s and 100 ms of it at once
mirror_start "" "$only rate-limit = 16M burst = 100ms"
send 8000 8000
mirror_stop
identity "above the limit" 8000
copied=$(counter copied_packets)
echo "16 Mbit/s for one second and 100 ms at once: $copied of 2200"
[ "$copied" -ge 2100 ] || fail "the limit holds back too much: $copied"
# The generator may be late on a busy machine, and then takes longer.
[ "$copied" -le 4000 ] || fail "the limit lets too much through: $copied"

# Each copy counts where targets get one each.
cat >"$T/two.conf" <<'END'
user = root
target a { address = 10.0.9.11 }
target b { address = 10.0.9.11  port = 4790 }
mirror m {
	sources = eth0
	targets = { a, b }
	balance = replicate
	bpf = "udp portrange 10000-10099"
	rate-limit = 8M
	burst = 100ms
}
END
daemon_start source "$T/two.conf"
send 1000 0
daemon_stop
expect_eq "replicate: copied and dropped" "$(($(counter copied_packets) + \
    $(counter dropped_rate-limit)))" 2000
[ "$(counter copied_packets)" -lt 400 ] || fail "replicate passes the limit"
