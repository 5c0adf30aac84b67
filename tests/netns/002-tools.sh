#!/bin/sh
# SPDX-License-Identifier: ISC
# The test library itself, without the daemon.
. "$(dirname "$0")/lib.sh"

packets=20000
snaplen=256 # the ring has room for them all, however late tcpdump runs

ns_new a b
link a eth0 10.0.0.1/24,fd00::1/64 b eth0 10.0.0.2/24,fd00::2/64 1600

# check FAMILY DESTINATION: nothing is lost from generator to file
check() {
	pcap=$T/ipv$1.pcap
	capture_start b eth0 "$pcap" 'udp portrange 10000-10099'
	expect_eq "sent" "$(in_ns a "$tools/flowgen" "-$1" -d "$2" -f 10000 \
	    -n "$packets" -r 20000 -l 100)" "$packets"
	wait_until 10 capture_has "$pcap" "$packets" || :
	capture_stop "$pcap"
	expect_eq "captured over IPv$1" "$(capture_count "$pcap")" "$packets"
	"$tools/seqcheck" "$packets" "$pcap" || fail "numbers over IPv$1"
	expect_eq "flows over IPv$1" "$(flows "$pcap" | wc -l)" 10000
}

flows() {
	capture_show "$1" | awk '{ print $3, $5 }' | sort -u
}

check 4 10.0.0.2
check 6 fd00::2

# seqcheck sees a loss and a repetition. A record is 16 bytes and the frame.
record=$((16 + 14 + 20 + 8 + 100))
{
	head -c 24 "$T/ipv4.pcap"
	tail -c +$((24 + record + 1)) "$T/ipv4.pcap"
	tail -c "$record" "$T/ipv4.pcap"
} >"$T/bad.pcap"
if report=$("$tools/seqcheck" "$packets" "$T/bad.pcap"); then
	fail "seqcheck overlooks a loss"
fi
expect_eq "report" "$(echo "$report" | tail -n 1)" "$packets packets,\
 $((packets - 1)) of $packets numbers, 1 missing, 1 repeated, 0 strange"

# The kernel's vxlan device receives what another one sends.
vxlan_dev b copies 4096 4789 10.0.0.2
ip -n a link add dev vx type vxlan id 4096 dstport 4789 remote 10.0.0.2 \
    local 10.0.0.1
ip -n a address add 10.7.0.1/24 dev vx
ip -n a link set dev vx up
ip -n a neighbour replace 10.7.0.2 lladdr 02:07:00:00:00:02 dev vx
capture_start b copies "$T/vxlan.pcap" icmp
capture_start b eth0 "$T/outer.pcap" 'udp port 4789'
in_ns a ping -q -c 3 -i 0.05 -W 1 10.7.0.2 || :
capture_stop "$T/vxlan.pcap"
capture_stop "$T/outer.pcap"
expect_eq "copies out of the vxlan device" "$(capture_count "$T/vxlan.pcap")" 3
expect_eq "copies on the wire" "$(capture_count "$T/outer.pcap" icmp)" 0
expect_eq "copies on the wire" "$(capture_count "$T/outer.pcap" udp)" 3

# A daemon that is none: start, marks in the log, reload, counters, stop.
cat >"$T/fake" <<'END'
#!/bin/sh
[ "$1" = -F ] && [ "$2" = -c ] && [ "$4" = -P ] || exit 2
trap 'echo "reload: done"' HUP
trap 'echo "demo: captured 0"; echo "counters: done"' USR1
trap 'exit 0' TERM
echo $$ >"$5"
echo "ready: mirroring 1 mirror"
while :; do read -r _ <>"$6" || :; done
END
chmod +x "$T/fake"
mkfifo "$T/fifo"
TRAFMIRRORD=$T/fake
daemon_start a /dev/null "$T/fifo"
daemon_reload
expect_eq "lines of counters" "$(daemon_counters | wc -l)" 2
daemon_stop

if (wait_until 0 false); then
	fail "wait_until sees what is not"
fi
