#!/bin/sh
# SPDX-License-Identifier: ISC
# A router answers every fragment of a copy with an ICMPv6 error as large as
# the path allows. Were it mirrored, its copy would be fragmented, too.
. "$(dirname "$0")/lib.sh"

conf=$T/trafmirrord.conf
ns_new source router
link source eth0 fd00::14/64 router eth0 fd00::1/64 1280
in_ns router sh -c 'cd /proc/sys/net/ipv6 && echo 1 >conf/all/forwarding &&
    echo 0 >icmp/ratelimit'
ip -n source -6 route add default via fd00::1

captured() {
	daemon_counters >"$T/counters.log"
	sed -n 's/.*state=.* filter=.* captured_packets=\([0-9]*\) .*/\1/p' \
	    "$T/counters.log"
}

# The echo reply was captured last; what its copy causes comes at once.
all_seen() {
	[ "$(captured)" -ge 2 ]
}

router_is_silent() {
	silent_before=$silent_now
	silent_now=$(in_ns router sed -n 's/^Icmp6OutMsgs[^0-9]*//p' \
	    /proc/net/snmp6)
	[ "$silent_now" = "$silent_before" ]
}

# The filter is the number of bytes of an echo, so that nothing else counts
# but the errors, which are as long.
for encap in vxlan gre; do
	for exclude in true false; do
		cat >"$conf" <<-END
			user = root
			target ids { address = "fd99::1"  encap = $encap }
			mirror all {
				sources         = { eth0 }
				targets         = { ids }
				exclude-targets = $exclude
				bpf             = "greater 1200"
			}
		END
		daemon_start source "$conf"
		in_ns source ping -q -c 1 -s 1232 fd00::1 >/dev/null ||
			fail "no answer from the router"
		wait_until 5 all_seen || fail "the echo is not captured"
		silent_now=
		wait_until 5 router_is_silent || fail "a storm of errors"
		expect_eq "captured packets ($encap, $exclude)" "$(captured)" 2
		daemon_stop
	done
done
