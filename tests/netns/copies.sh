# SPDX-License-Identifier: ISC
# Helpers for tests of what becomes of packets, on top of lib.sh:
#
#	client eth0 -- eth0 source eth1 -- eth0 target
#
# One mirror "m" in source collects from its eth0 and sends VXLAN copies to
# the one target "ids". On the target the kernel's vxlan device "copies" takes
# them apart again.
#
# lab [4]                client 10.0.0.1 fd00::1, source 10.0.0.14 fd00::14 and
#                        10.0.9.1 fd00:9::1, target 10.0.9.11 fd00:9::b; with
#                        MTU 9000 between source and target. 4: no IPv6 on
#                        the client's side, where nothing is sent then but
#                        what the test sends
# mirror_start TARGET MIRROR [IFACE FILTER]
#                        capture copies on the target, then start the daemon.
#                        TARGET, MIRROR: lines of their sections. IFACE:
#                        copies, or eth0 to have them as they come
# mirror_stop [N]        once N copies (0) have arrived, end both: all
#                        that was captured has then been sent
# $sources, $address     of the mirror, of the target: to be set before
# $copies                the file with the copies
# counter NAME           of the mirror, since the daemon has stopped
# hex FILE [FILTER]      the frames of a file, one line of digits for each
# inner [FILTER]         the frames inside VXLAN copies over IPv4, likewise

sources=eth0
address=10.0.9.11
outer=100 # digits of the Ethernet, IPv4, UDP and VXLAN headers

lab() {
	ns_new client source target
	if [ "${1-}" = 4 ]; then
		link client eth0 10.0.0.1/24 source eth0 10.0.0.14/24
	else
		link client eth0 10.0.0.1/24,fd00::1/64 \
		    source eth0 10.0.0.14/24,fd00::14/64
	fi
	link source eth1 10.0.9.1/24,fd00:9::1/64 \
	    target eth0 10.0.9.11/24,fd00:9::b/64 9000
	vxlan_dev target copies 1 4789 10.0.9.11
	ip -n target link set dev copies mtu 8900
}

mirror_conf() {
	cat >"$T/m.conf" <<END
user = root

target ids {
	address = $address
	$1
}

mirror m {
	sources = { $sources }
	targets = { ids }
	$2
}
END
}

captures=0
mirror_start() {
	mirror_conf "$1" "$2"
	captures=$((captures + 1))
	copies=$T/copies$captures.pcap
	capture_start target "${3:-copies}" "$copies" ${4:+"$4"}
	daemon_start source "$T/m.conf"
}

mirror_stop() {
	[ "${1:-0}" -eq 0 ] || wait_until 5 capture_has "$copies" "$1" || :
	log_mark
	daemon_stop
	capture_stop "$copies"
}

counter() {
	counter_of m "$1"
}

# counter_of MIRROR NAME
counter_of() {
	log_new | sed -n "s/.*mirror \"$1\": state=.* $2=\([^ ]*\).*/\1/p"
}

# The first line of a packet in tcpdump's output is the only one that does
# not begin with a tab and its offset.
hex() {
	# shellcheck disable=SC2086 # tcpdump is several words
	$tcpdump -nn -t -q -xx -r "$@" 2>/dev/null | awk '
	/^\t0x/ {
		sub(/^\t0x[0-9a-f]*: */, "")
		gsub(/ /, "")
		line = line $0
		next
	}
	line != "" { print line; line = "" }
	END { if (line != "") print line }'
}

inner() {
	hex "$copies" "$@" | cut -c $((outer + 1))-
}
