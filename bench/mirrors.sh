# SPDX-License-Identifier: ISC
# What bench/run compares: each mirrors eth0 of source to the sink.
#
# mirror_start NAME DIRECTION    none, tc, trafmirrord, daemonlogger or
#                        netsniff-ng; in or all. Returns 1, and sets why, if
#                        it cannot
# mirror_stop            ends it
# $mirror                its name; $mirror_pid: empty if it is in the kernel
# $mirror_cpus           it and iperf3 may use these
# $encap $rules $targets of trafmirrord, 1 or more of them

mirror=none
mirror_pid=
encap=vxlan
rules=0
targets=1
start_max=40 # seconds

# ---- trafmirrord -----------------------------------------------------------

# Rules that all have to be looked at: only the last one matches.
conf_rules() {
	[ "$rules" -gt 0 ] || return 0
	awk -v n="$rules" 'BEGIN {
		print "\tfilter = any"
		for (i = 1; i < n; i++)
			printf "\trule r%d { protocol = udp  src = " \
			    "172.%d.%d.0/24  dst = 10.%d.0.0/16  " \
			    "dst-port = %d }\n", i, 16 + i / 256, i % 256,
			    i % 200 + 2, 1000 + i
		print "\trule last { protocol = udp  src = 10.0.0.0/24  " \
		    "dst = 10.1.0.0/16  dst-port = 443 }"
	}'
}

# conf DIRECTION [OPTION]: OPTION is for every target
conf() {
	echo 'user = root'
	names=
	t=1
	while [ "$t" -le "$targets" ]; do
		names=$names${names:+, }t$t
		cat <<END
target t$t {
	address = $(target_address "$t")
	encap = $encap
	${2-}
}
END
		t=$((t + 1))
	done
	cat <<END
mirror m {
	sources = eth0
	targets = { $names }
	direction = $1
END
	conf_rules
	echo '}'
}

conf_is_good() {
	in_ns source timeout "$start_max" "$trafmirrord" -n \
	    -c "$T/bench.conf" >"$T/check.log" 2>&1
}

# Joined datagrams may be used where the daemon can: they are cut up before
# the sink, or by it. Asked without the rules, which take long to compile.
trafmirrord_conf() {
	rules_wanted=$rules
	rules=0
	option='udp-gso = on'
	conf "$1" "$option" >"$T/bench.conf"
	conf_is_good || {
		option=
		conf "$1" >"$T/bench.conf"
		conf_is_good || {
			why=$(sed -n '1s/^[^ ]*bench.conf:/line /p' \
			    "$T/check.log")
			return 1
		}
	}
	rules=$rules_wanted
	conf "$1" "$option" >"$T/bench.conf"
}

# ---- tc --------------------------------------------------------------------

tc_start() {
	ip -n source link add dev vx0 type vxlan id 1 dstport 4789 \
	    remote "$(target_address 1)" dev eth1
	ip -n source link set dev vx0 up
	tc -n source qdisc add dev eth0 clsact
	for hook in ingress egress; do
		[ "$1$hook" != inegress ] || continue
		tc -n source filter add dev eth0 "$hook" protocol all u32 \
		    match u32 0 0 action mirred egress mirror dev vx0
	done
}

tc_stop() {
	tc -n source qdisc del dev eth0 clsact
	ip -n source link del dev vx0
}

# ---- all -------------------------------------------------------------------

tap_is_open() {
	in_ns source awk -v index_="$(in_ns source \
	    cat /sys/class/net/eth0/ifindex)" \
	    '$5 == index_ && $6 == 1 { found = 1 } END { exit !found }' \
	    /proc/net/packet
}

tap_is_open_or_ended() {
	tap_is_open || ended "$mirror_pid"
}

# process_start COMMAND...: pinned, until its tap is there
process_start() {
	taskset -c "$mirror_cpus" ip netns exec source "$@" \
	    >"$T/mirror.log" 2>&1 &
	mirror_pid=$!
	! wait_until "$start_max" tap_is_open_or_ended ||
		ended "$mirror_pid" || return 0
	why="no capture within $start_max s: $(tail -n 1 "$T/mirror.log")"
	mirror_stop
	return 1
}

mirror_start() {
	mirror=$1
	case $mirror in
	none) ;;
	tc) tc_start "$2" ;;
	trafmirrord)
		trafmirrord_conf "$2" &&
		    process_start "$trafmirrord" -F -c "$T/bench.conf" \
			-P "$T/mirror.pid"
		;;
	daemonlogger) process_start daemonlogger -i eth0 -o eth1 ;;
	netsniff-ng)
		# By default it has its ring sent each 10 us, and gets nothing
		# else done.
		process_start netsniff-ng --in eth0 --out eth1 --silent \
		    --ring-size 32MiB --kernel-pull 1000
		;;
	esac
}

mirror_stop() {
	[ "$mirror" != tc ] || tc_stop
	if [ -n "$mirror_pid" ]; then
		kill -TERM "$mirror_pid" 2>/dev/null || :
		wait_until 2 ended "$mirror_pid" || kill -KILL "$mirror_pid"
		wait "$mirror_pid" 2>/dev/null || :
		mirror_pid=
	fi
	mirror=none
}
