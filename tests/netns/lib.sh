# SPDX-License-Identifier: ISC
# Helpers for tests in network namespaces.
#
# A test is a POSIX sh script named NNN-topic.sh that begins with
#
#	. "$(dirname "$0")/lib.sh"
#
# Sourcing runs the script again under unshare(1), in new network, mount and
# PID namespaces (and a user namespace when not root), with a private /run and /var/lib.
# Nothing a test makes is seen outside, two tests never meet, and the kernel
# removes everything when the script ends, however it ends. From a build
# folder a test also runs by hand: sh ../tests/netns/001-demo.sh
#
# The result is the exit status: 0 passed, 77 skipped (a failure if CI=true),
# 99 broken set-up, anything else failed; then logs, configurations and
# interface counters are printed. After $NETNS_TIMEOUT (120) seconds a test
# fails. Nothing sleeps but wait_until: every wait is a condition and a
# deadline.
#
# In the script:
#
# $T                     folder for its files, gone at the end; *.log, *.conf
#                        and *.err in it are printed on failure
# $top_srcdir, $top_builddir, $tools, $tcpdump   absolute; tcpdump with the
#                        options it needs here
#
# fail MSG, skip MSG, error MSG    end the test with that result
# expect_eq WHAT GOT WANT          fail unless equal
# wait_until SECONDS CMD...        run CMD until it succeeds; 1 if it never
#                        does. CMD must not itself call wait_until. CI=true
#                        waits three times as long: its machines are busy
#
# ns_new NAME...         network namespaces, lo up, IPv6 off until link gives
#                        an interface an IPv6 address
# in_ns NAME CMD...      run there
# link A IFA ADDRS B IFB ADDRS [MTU]
#                        veth pair between namespaces A and B. ADDRS is a
#                        comma-separated list of ADDRESS/LEN, or none. MACs
#                        are 02:00:00:00:NN:0a (A) and :0b (B), NN counting
#                        links from 01, and the neighbour entries are
#                        permanent: no ARP, no ND, no DAD. An interface with
#                        IPv6 still sends a few MLD reports.
# vxlan_dev NS NAME VNI PORT LOCAL      kernel receiver of VXLAN copies
#
# daemon_start NS CONFIG [ARG...]  run trafmirrord -F until it says ready
# daemon_reload          SIGHUP, wait until the log says done or failed
# daemon_counters        SIGUSR1, print the new lines of the log
# counters_get           the same, into $T/counters, for counter to look at
# counter MIRROR FIELD [source IFACE | target NAME]
# counters_add_up MIRROR fail unless captured = copied + dropped + sampled out
# daemon_stop            SIGTERM, wait for exit status 0; leaves the last
#                        statistics in $T/counters
# $daemon_pid, $daemon_log         of the daemon
# log_mark; ...; log_wait SECONDS REGEX   wait for a log line newer than the
#                        mark that matches the extended regular expression
#
# datagrams_start PATH FILE        what arrives at a new Unix datagram socket
#                        goes into FILE, line by line
#
# capture_start NS IFACE FILE [FILTER]  tcpdump into FILE until capture_stop
# $snaplen, $ring_kib    bytes to keep of a frame, 9216 if unset, and KiB for
#                        such frames, 32768: for bursts, less of the one is
#                        better than more of the other
# capture_stop FILE      end it, after it has written all it received; error
#                        if it lost packets
# capture_count FILE [FILTER]      packets in FILE, also while it grows
# capture_has FILE N [FILTER]      whether they are at least N
# capture_show FILE [FILTER]       decoded, one line per header

set -eu

PATH=$PATH:/usr/sbin:/sbin
poll=0.05
patience=1
[ "${CI-}" != true ] || patience=3

fail() {
	echo "fail: $*"
	exit 1
}

skip() {
	echo "skip: $*"
	[ "${CI-}" != true ] || fail "a skip counts as a failure under CI=true"
	exit 77
}

error() {
	echo "error: $*"
	exit 99
}

# ---- outside: into the namespaces ------------------------------------------

netns_enter() {
	for tool in unshare timeout ip tcpdump; do
		command -v "$tool" >/dev/null || skip "$tool is not installed"
	done
	flags='--net --mount --pid --fork --kill-child --mount-proc'
	[ "$(id -u)" -eq 0 ] || flags="--user --map-root-user $flags"
	# shellcheck disable=SC2086 # flags are several words
	why=$(unshare $flags sh -c 'mount -t tmpfs tmpfs /run &&
	    ip link add dev veth0 type veth peer name veth1' 2>&1) ||
		skip "no network namespaces here: $why (needed: root, or" \
		    "unprivileged user namespaces; veth in the kernel)"
	# shellcheck disable=SC2086
	NETNS_INSIDE=yes exec unshare $flags timeout --foreground -s ALRM \
	    -k 5 "${NETNS_TIMEOUT:-$((120 * patience))}" sh "$@"
}

if [ "${NETNS_INSIDE-}" != yes ]; then
	netns_enter "$0" "$@"
fi

# ---- inside: set-up and end ------------------------------------------------

top_srcdir=$(cd "$(dirname "$0")/../.." && pwd)
top_builddir=${abs_top_builddir:-$PWD}
tools=$top_builddir/tests/netns/tools
T=/run/test
daemon_pid=
daemon_log=$T/daemon.log
links=0

dump() {
	for dump_ns in /run/netns/*; do
		[ -e "$dump_ns" ] || continue
		echo "---- interfaces of ${dump_ns##*/}"
		ip -n "${dump_ns##*/}" -s address
	done
	for dump_file in "$T"/*.conf "$T"/*.err "$T"/*.log; do
		[ -s "$dump_file" ] || continue
		echo "---- ${dump_file##*/}"
		tail -n 200 "$dump_file"
	done
}

at_exit() {
	status=$?
	case $status in
	0 | 77) ;;
	*) dump ;;
	esac
	exit "$status"
}
trap at_exit EXIT
trap 'trap - EXIT; exit 130' HUP INT TERM
trap 'fail "longer than its time"' ALRM

mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir /run/netns "$T"

# As root, tcpdump becomes another user unless it is told to stay root. Some
# builds can do neither in a user namespace, where only uid 0 exists.
printf '\324\303\262\241\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0' >"$T/empty"
for tcpdump in 'tcpdump -Z root' tcpdump ''; do
	[ -n "$tcpdump" ] ||
		skip "tcpdump cannot run in a user namespace here: be root"
	! $tcpdump -r "$T/empty" >/dev/null 2>&1 || break
done
rm "$T/empty"

# ---- conditions ------------------------------------------------------------

wait_until() {
	wait_end=$(($(date +%s) + $1 * patience + 1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep "$poll"
	done
}

expect_eq() {
	[ "$2" = "$3" ] || fail "$1 is $2, want $3"
}

# A process that has ended but was not waited for is not alive.
alive() {
	grep -qs '^State:[[:blank:]]*[^Z[:blank:]]' "/proc/$1/status"
}

ended() {
	! alive "$1"
}

# ---- namespaces and links --------------------------------------------------

in_ns() {
	in_ns_name=$1
	shift
	ip netns exec "$in_ns_name" "$@"
}

ns_new() {
	for ns; do
		ip netns add "$ns"
		in_ns "$ns" sh -c 'cd /proc/sys/net/ipv6/conf/default &&
		    echo 1 >disable_ipv6 && echo 0 >router_solicitations'
		ip -n "$ns" link set dev lo up
	done
}

# link_side NS IFACE ADDRS
link_side() {
	ip -n "$1" link set dev "$2" addrgenmode none
	ip -n "$1" link set dev "$2" up
	for addr in $(echo "$3" | tr ',' ' '); do
		case $addr in
		none) ;;
		*:*)
			in_ns "$1" sh -c \
			    "echo 0 >/proc/sys/net/ipv6/conf/$2/disable_ipv6"
			ip -n "$1" address add "$addr" dev "$2" nodad
			;;
		*) ip -n "$1" address add "$addr" dev "$2" ;;
		esac
	done
}

# link_neighbours NS IFACE ADDRS MAC: entries for ADDRS, which own MAC
link_neighbours() {
	for addr in $(echo "$3" | tr ',' ' '); do
		[ "$addr" != none ] || continue
		ip -n "$1" neighbour replace "${addr%/*}" lladdr "$4" \
		    dev "$2" nud permanent
	done
}

link_is_up() {
	ip -n "$1" link show dev "$2" | grep -q 'state UP'
}

link() {
	links=$((links + 1))
	mac=$(printf '02:00:00:00:%02x' "$links")
	mtu=${7:-1500}
	ip -n "$1" link add dev "$2" address "$mac:0a" mtu "$mtu" type veth \
	    peer name "$5" netns "$4" address "$mac:0b" mtu "$mtu"
	link_side "$1" "$2" "$3"
	link_side "$4" "$5" "$6"
	link_neighbours "$1" "$2" "$6" "$mac:0b"
	link_neighbours "$4" "$5" "$3" "$mac:0a"
	wait_until 5 link_is_up "$1" "$2" || error "$2 in $1 is not up"
	wait_until 5 link_is_up "$4" "$5" || error "$5 in $4 is not up"
}

vxlan_dev() {
	ip -n "$1" link add dev "$2" type vxlan id "$3" dstport "$4" \
	    local "$5" nolearning
	ip -n "$1" link set dev "$2" up
	# Or it joins what comes in a burst before a reader sees it.
	! command -v ethtool >/dev/null || in_ns "$1" ethtool -K "$2" gro off
}

# ---- the daemon ------------------------------------------------------------

log_mark() {
	log_from=1
	[ ! -f "$daemon_log" ] || log_from=$(($(wc -l <"$daemon_log") + 1))
}

log_new() {
	tail -n "+$log_from" "$daemon_log"
}

log_says() {
	log_new | grep -Eq "$1"
}

log_says_or_ended() {
	log_says "$1" || ended "$daemon_pid"
}

log_wait() {
	wait_until "$1" log_says_or_ended "$2" || :
	! log_says "$2" || return 0
	! ended "$daemon_pid" || fail "the daemon has ended: see its log"
	fail "no line of the daemon's log matches '$2'"
}

daemon_start() {
	daemon_ns=$1
	daemon_conf=$2
	shift 2
	log_mark
	rm -f "$T/daemon.pid"
	ip netns exec "$daemon_ns" \
	    "${TRAFMIRRORD:-$top_builddir/trafmirrord}" -F -c "$daemon_conf" \
	    -P "$T/daemon.pid" "$@" >>"$daemon_log" 2>&1 &
	daemon_pid=$!
	wait_until 1 test -f "$daemon_log" || error "no log file"
	log_wait 10 '\<ready\>'
	expect_eq "pid file" "$(cat "$T/daemon.pid")" "$daemon_pid"
}

daemon_reload() {
	log_mark
	kill -HUP "$daemon_pid"
	log_wait 10 'reload: (done|failed)'
}

daemon_counters() {
	log_mark
	kill -USR1 "$daemon_pid"
	wait_until 10 log_says 'counters: done' ||
		fail "no statistics in the log"
	log_new
}

counters_get() {
	daemon_counters >"$T/counters"
}

counter() {
	case ${3-} in
	'') counter_of="mirror \"$1\": state=" ;;
	source) counter_of="mirror \"$1\": source $4: captured_packets=" ;;
	target) counter_of="mirror \"$1\": target \"$4\": share=" ;;
	esac
	grep -F "$counter_of" "$T/counters" | grep -o "[ ]$2=[^ ]*" |
		cut -d = -f 2
}

counters_add_up() {
	expect_eq "captured packets of $1, all in all" \
	    "$(($(counter "$1" copied_packets) + \
	        $(counter "$1" dropped_send-error) + \
	        $(counter "$1" dropped_rate-limit) + \
	        $(counter "$1" dropped_bandwidth-limit) + \
	        $(counter "$1" dropped_oversize) + \
	        $(counter "$1" dropped_no-target) + \
	        $(counter "$1" dropped_loop) + \
	        $(counter "$1" sampled_out_packets)))" \
	    "$(counter "$1" captured_packets)"
}

daemon_stop() {
	log_mark
	kill -TERM "$daemon_pid"
	wait_until 10 ended "$daemon_pid" || fail "the daemon does not stop"
	daemon_status=0
	wait "$daemon_pid" || daemon_status=$?
	expect_eq "exit status of the daemon" "$daemon_status" 0
	log_new >"$T/counters"
}

# ---- datagrams -------------------------------------------------------------

datagrams_start() {
	command -v perl >/dev/null || skip "perl is not installed"
	perl -MSocket -e '$| = 1; socket(S, AF_UNIX, SOCK_DGRAM, 0) &&
	    bind(S, sockaddr_un($ARGV[0])) || die "$ARGV[0]: $!";
	    chmod(0666, $ARGV[0]);
	    print "$m\n" while (defined recv(S, $m, 65536, 0))' "$1" >>"$2" &
	wait_until 5 test -S "$1" || error "nobody listens at $1"
}

# ---- captures --------------------------------------------------------------

# The kernel sizes every slot of the ring for the longest frame: what keeps a
# burst from overrunning it is a short snapshot length. 32 MiB hold 3,500
# frames of 9216 bytes, or 75,000 of 256. A larger ring takes longer to make.
capture_start() {
	# shellcheck disable=SC2086 # tcpdump is several words
	ip netns exec "$1" $tcpdump --immediate-mode -U -n \
	    -s "${snaplen:-9216}" -B "${ring_kib:-32768}" -i "$2" -w "$3" \
	    ${4:+"$4"} 2>"$3.err" &
	echo $! >"$3.pid"
	wait_until 10 capture_is_ready "$3" || error "tcpdump does not start"
}

capture_is_ready() {
	[ -s "$1.err" ] && grep -q 'listening on' "$1.err"
}

# SIGUSR1 makes tcpdump print "N packets captured, N packets received by
# filter, N packets dropped by kernel".
capture_is_written() {
	kill -USR1 "$(cat "$1.pid")" 2>/dev/null || return 0
	sed -n 's/.*: \([0-9]*\) packets\{0,1\} captured, \([0-9]*\) .*/\1 \2/p' \
	    "$1.err" | tail -n 1 | {
		read -r captured received && [ "$captured" = "$received" ]
	}
}

capture_stop() {
	capture_pid=$(cat "$1.pid")
	wait_until 10 capture_is_written "$1" || :
	kill -TERM "$capture_pid" || error "tcpdump ended early"
	wait "$capture_pid" || error "tcpdump failed"
	grep -q '^0 packets dropped by kernel' "$1.err" ||
		error "tcpdump lost packets of $1"
}

capture_show() {
	# shellcheck disable=SC2086
	$tcpdump -nn -r "$@" 2>/dev/null
}

# Decoded copies have several lines; only the first has a time stamp.
stamp='[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}'

capture_count() {
	capture_show "$@" | grep -Ec "^$stamp " || :
}

# capture_has FILE N [FILTER]
capture_has() {
	has_file=$1
	has_min=$2
	shift 2
	[ "$(capture_count "$has_file" "$@")" -ge "$has_min" ]
}
