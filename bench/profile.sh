# SPDX-License-Identifier: ISC
# Where the time of a copy goes, by perf(1), of which a distribution needs not
# have one: then this part is left out.
#
# profile                runs tc mirred and trafmirrord under perf
# report_profile         prints what it has found

: >"$T/profile"

# Mirror, function (with all that it calls) or "user" (outside the kernel),
# and what that does.
stages() {
	cat <<'END'
tc	tcf_mirred_act	clone, encapsulate, send
trafmirrord	tpacket_rcv	copy into the ring
trafmirrord	user	choose, join, sum up
trafmirrord	checksum_add	of that: sum up
trafmirrord	ip_make_skb	copy out of the ring
trafmirrord	ip_send_skb	cut, route, send
END
}

# Per cent of all samples.
part_of() {
	if [ "$1" = user ]; then
		perf report -i "$T/perf" --no-children -g none --stdio \
		    --comm trafmirrord --sort dso 2>/dev/null |
			awk '/^ .*%/ && !/\[/ { sum += $1 }
			END { print sum + 0 }'
	else
		perf report -i "$T/perf" --children -g none --stdio \
		    --sort sym 2>/dev/null |
			awk -v f="$1" '$4 == f { sum += $1 }
			END { print sum + 0 }'
	fi
}

# Nanoseconds on CPUs in all samples.
sampled_ns() {
	perf report -i "$T/perf" --header --no-children -g none --stdio \
	    --sort dso 2>/dev/null | sed -n 's/^# Event count (approx.): //p'
}

# load CASE: what a part of this bench does
load() {
	case $1 in
	TCP*) stream "$seconds" in ;;
	*) trial 1514 "$trial_ms" ;;
	esac
}

profile_one() {
	copies=$(count sink eth0 rx_packets)
	perf record -q -a -g -e cpu-clock -o "$T/perf" >/dev/null 2>&1 &
	perf_pid=$!
	load "$1"
	kill -INT "$perf_pid"
	wait "$perf_pid" || :
	copies=$(($(count sink eth0 rx_packets) - copies))
	ns=$(sampled_ns)
	stages | while IFS='	' read -r of function what; do
		[ "$of" = "$mirror" ] || continue
		printf '%s\t%s\t%s\t%s\n' "$1" "$mirror" "$what" \
		    "$(part_of "$function" |
			awk -v ns="$ns" -v n="$copies" \
			    '{ printf "%.2f", $1 / 100 * ns / n / 1000 }')" \
		    >>"$T/profile"
	done
}

profile_mirror() {
	mirror_start "$name" "$1"
	warm
	profile_one "$2"
	mirror_stop
}

profile() {
	command -v perf >/dev/null || {
		note profile "perf is not installed"
		return 0
	}
	for name in tc trafmirrord; do
		mirror_cpus=1
		frames_ready
		profile_mirror in '1514 bytes'
		mirror_cpus=0,1
		streams_ready software
		profile_mirror all 'TCP in, software'
	done
}

report_profile() {
	[ -s "$T/profile" ] || return 0
	echo
	echo "| Profile           | Mirror       | What                     |   us |"
	echo "|-------------------|--------------|--------------------------|-----:|"
	sed 's/	tc	/	tc mirred	/' "$T/profile" |
		awk -F '\t' '{ printf "| %-17s | %-12s | %-24s | %4s |\n", \
		    $1, $2, $3, $4 }'
}
