#!/bin/sh
# SPDX-License-Identifier: ISC
# rate-limit and bandwidth-limit: what is below passes whole, what is above is
# held at it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/copies.sh"

lab 4
only='bpf = "udp portrange 10000-10099"'

# A copy over IPv4 is 78 bytes longer than the payload: 1,000 bytes.
payload=922

# send PACKETS RATE
send() {
	sent_ms=$(date +%s%3N)
	in_ns client "$tools/flowgen" -4 -d 10.0.0.14 -f 50 -n "$1" -r "$2" \
	    -l "$payload" >/dev/null
	sent_ms=$(($(date +%s%3N) - sent_ms))
}

# holds COPIES: at 16 Mbit/s for a second at least, and 100 ms of it at once,
# with copies of 1,000 bytes, within 2 per cent. The generator may take longer.
# A machine that pauses for longer than that loses some of what is allowed, and
# one that needs twice the time does not send enough: then it is done again.
tries=3
holds() {
	most=$((2 * sent_ms + 200))
	echo "16 Mbit/s in $sent_ms ms, and 100 ms of it at once: $1 copies"
	[ "$1" -le $((most * 102 / 100)) ] ||
		fail "the limit lets too much through: $1 copies of $most"
	[ "$1" -lt $((2200 * 98 / 100)) ] || [ "$sent_ms" -gt 2000 ] || return 0
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] ||
		fail "the limit holds back too much, or the machine is too busy"
	return 1
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
above() {
	mirror_start "" "$only rate-limit = 16M burst = 100ms"
	send 8000 8000
	mirror_stop
	identity "above the limit" 8000
	holds "$(counter copied_packets)"
}
until above; do :; done

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

# All mirrors together. m has a limit of its own beside it, n has none.
cat >"$T/all.conf" <<'END'
user = root
bandwidth-limit = 16M
target a { address = 10.0.9.11 }
mirror m {
	sources = eth0
	targets = a
	bpf = "udp src portrange 20000-20024"
	rate-limit = 1M
}
mirror n {
	sources = eth0
	targets = a
	session-id = 2
	bpf = "udp src portrange 20025-20099"
}
END
all_above() {
	daemon_start source "$T/all.conf"
	send 8000 8000
	daemon_stop
	of_m=$(counter_of m copied_packets) of_n=$(counter_of n copied_packets)
	holds $((of_m + of_n))
}
until all_above; do :; done
expect_eq "bandwidth-limit: captured, copied and dropped" \
    "$((of_m + of_n + \
        $(counter_of m dropped_rate-limit) + \
        $(counter_of m dropped_bandwidth-limit) + \
        $(counter_of n dropped_bandwidth-limit)))" 8000
[ "$of_m" -le $(((sent_ms / 8 + 13) * 102 / 100)) ] ||
	fail "m passes its own limit: $of_m"
[ "$(counter_of n dropped_bandwidth-limit)" -gt 0 ] ||
	fail "nothing of n was dropped"
