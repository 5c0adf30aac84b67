# SPDX-License-Identifier: ISC
# What bench/run has measured, as Markdown.
#
# record CASE METRIC VALUE       of $mirror in $round. METRIC: rate (frames/s
#                        or kbit/s), cost (ns per copy), arrived (ppm)
# note WHAT WHY          WHAT has no row, or not in all rounds
# noted WHAT             whether there is a note
# report                 prints the tables
# results                prints them with where, when and how

base_case='sizes'
: >"$T/data"
: >"$T/notes"

record() {
	printf '%s\t%s\t%s\t%s\t%s\n' "$round" "$1" "$mirror" "$2" "$3" \
	    >>"$T/data"
}

noted() {
	cut -d : -f 1 "$T/notes" | grep -qxF "$1"
}

note() {
	noted "$1" || echo "$1: $2" >>"$T/notes"
	echo "== left out: $1: $2" >&2
}

# What is wanted of trafmirrord: case, metric, relation, limit, and the
# mirror and the case whose multiple the limit is; "-" is no multiple.
wanted() {
	cat <<'END'
60 bytes	cost	<=	0.50	tc	60 bytes
IMIX	cost	<=	0.65	tc	IMIX
1514 bytes	cost	<=	0.80	tc	1514 bytes
60 bytes	arrived	>=	100	-	-
IMIX	arrived	>=	100	-	-
1514 bytes	arrived	>=	100	-	-
TCP in, software	rate	>=	1.15	tc	TCP in, software
TCP out, software	rate	>=	1.15	tc	TCP out, software
TCP in, offload	rate	>=	0.60	tc	TCP in, offload
TCP out, offload	rate	>=	0.60	tc	TCP out, offload
TCP in, software	arrived	>=	100	-	-
TCP out, software	arrived	>=	100	-	-
TCP in, offload	arrived	>=	100	-	-
TCP out, offload	arrived	>=	100	-	-
rules = 100	cost	<=	1.10	trafmirrord	rules = 1
rules = 1000	cost	<=	1.30	trafmirrord	rules = 1
rules = 10000	cost	<=	2.00	trafmirrord	rules = 1
1000 status/s	arrived	>=	100	-	-
END
}

# Medians of what bench/ways has printed: bytes, way, ns.
report_ways() {
	[ -s "$T/ways" ] || return 0
	echo
	echo "| GRE, without a mirror              | 60 bytes | 1514 bytes |"
	echo "|------------------------------------|---------:|-----------:|"
	cut -f 2 "$T/ways" | awk '!seen[$0]++' | while IFS= read -r way; do
		printf '| %-34s | %8s | %10s |\n' "$way" \
		    "$(median_way 60 "$way")" "$(median_way 1514 "$way")"
	done
}

median_way() {
	awk -F '\t' -v bytes="$1" -v way="$2" \
	    '$1 == bytes && $2 == way { print $3 }' "$T/ways" | sort -n |
		awk '{ v[NR] = $1 / 1000 }
		END { printf "%.2f", v[int((NR + 1) / 2)] }'
}

report() {
	wanted | awk -F '\t' -v base_case="$base_case" -v all="$all" '
	function key(c, m, what) { return c "\t" m "\t" what }

	# The values of a row in all rounds, or their ratios to those of
	# another row in the same rounds, in order, into list.
	function collect(k, base,    r, i, v) {
		n = 0
		for (r = 1; r <= rounds; r++) {
			if (!((k, r) in value))
				continue
			v = value[k, r]
			if (base != "") {
				if (!((base, r) in value) || !value[base, r])
					continue
				v /= value[base, r]
			}
			for (i = n++; i > 0 && list[i] > v; i--)
				list[i + 1] = list[i]
			list[i + 1] = v
		}
		return n
	}

	function median() {
		return n % 2 ? list[(n + 1) / 2] : \
		    (list[n / 2] + list[n / 2 + 1]) / 2
	}

	# Rounded down: 100.00 is all.
	function percent(ppm) {
		return sprintf("%.2f", int(ppm / 100) / 100)
	}

	function scale(c, what) {
		if (what == "cost")
			return 1000
		return c ~ /^TCP/ ? 1000000 : 1000
	}

	function number(v, s) {
		v /= s
		if (v == 0)
			return "0"
		if (v < 10)
			return sprintf("%.2f", v)
		return sprintf(s == 1000000 ? "%.1f" : "%.0f", v)
	}

	function spread(c, m, what, unit,    s) {
		if (!collect(key(c, m, what), ""))
			return "- | -"
		s = scale(c, what)
		return number(median(), s) unit " | " number(list[1], s) "-" \
		    number(list[n], s)
	}

	function ratio(c, m, what,    of) {
		of = c ~ /^(TCP|IMIX)|bytes$/ ? c : base_case
		if (!collect(key(c, m, what), key(of, "tc", what)))
			return "-"
		return number(median(), 1)
	}

	function row(c, m) {
		split(spread(c, m, "rate", c ~ /^TCP/ ? "G" : "k"), rate,
		    " [|] ")
		split(spread(c, m, "cost", ""), cost, " [|] ")
		printf form, c, name(m), rate[1], rate[2],
		    ratio(c, m, "rate"), cost[1], cost[2], ratio(c, m, "cost"),
		    collect(key(c, m, "arrived"), "") ? percent(median()) : "-"
	}

	function name(m) { return m == "tc" ? "tc mirred" : m }

	function verdict(c, what, relation, limit, of, of_case,    v) {
		if (!collect(key(c, "trafmirrord", what),
		    of == "-" ? "" : key(of_case, of, what)))
			return "- | not measured"
		v = of == "-" ? percent(list[1]) : sprintf("%.2f", median())
		return v " | " ((relation == "<=" ? v + 0 <= limit + 0 : \
		    v + 0 >= limit + 0) ? "met" : "missed")
	}

	function target(c, what, relation, limit, of, of_case,    text) {
		if (all == "no" && !((c, "trafmirrord") in seen))
			return
		split(verdict(c, what, relation, limit, of, of_case), v,
		    " [|] ")
		text = of == "-" ? "% in every round" : \
		    "x " (of == "tc" ? "tc mirred" : of_case)
		printf "| %-17s | %-7s | %2s %4s %-16s | %6s | %-12s |\n", c,
		    what, relation, limit, text, v[1], v[2]
	}

	FILENAME == "-" { wants[++nwants] = $0; next }

	{
		value[key($2, $3, $4), $1] = $5
		rounds = $1 > rounds ? $1 : rounds
		if (!(($2, $3) in seen))
			rows[++nrows] = $2 "\t" $3
		seen[$2, $3] = 1
	}

	END {
		form = "| %-17s | %-12s | %5s | %-9s | %4s | %5s | %-9s |" \
		    " %4s | %6s |\n"
		printf "| %-17s | %-7s | %-24s | %6s | %-12s |\n", "Case",
		    "What", "Wanted of trafmirrord", "Got", ""
		print "|-------------------|---------|-----------------" \
		    "---------|-------:|--------------|"
		for (i = 1; i <= nwants; i++) {
			split(wants[i], w, "\t")
			target(w[1], w[2], w[3], w[4], w[5], w[6])
		}
		printf "\n" form, "Case", "Mirror", "Rate", "min-max",
		    "x tc", "Cost", "min-max", "x tc", "% here"
		print "|-------------------|--------------|------:|" \
		    "-----------|-----:|------:|-----------|-----:|-------:|"
		for (i = 1; i <= nrows; i++) {
			split(rows[i], w, "\t")
			row(w[1], w[2])
		}
	}' - "$T/data"
	report_ways
	report_profile
	[ ! -s "$T/notes" ] || {
		echo
		sed 's/^/- left out: /' "$T/notes"
	}
}

version() {
	"$@" 2>&1 | grep -o '[0-9][0-9]*\.[0-9][0-9.]*' | head -n 1
}

results() {
	cat <<END
# Results of bench/run

- Machine: $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), \
$(nproc) cores; load before: $load
- Kernel: Linux $(uname -r)
- Date: $(date -u +%Y-%m-%d), $minutes minutes
- trafmirrord $(git -C "$bench" describe --always --dirty 2>/dev/null ||
	    version "$trafmirrord" -V)
- iproute2 $(tc -V | sed 's/.*iproute2-\([^,]*\).*/\1/'), \
iperf3 $(version iperf3 -v), $peers

$(cat "$T/report")

Medians of $rounds alternating rounds, with the least and the greatest value.
"x tc" is the median of the ratios to tc mirred in the same round.

- **Rate**: for frames the highest rate (k: 1,000 frames/s) that loses none in
  $((trial_ms / 1000)) s: all that the generator gives beside this mirror, or what $steps
  bisections below that find. For iperf3 its goodput (G: Gbit/s).
- **Cost**: CPU time in microseconds for each copy: what a frame costs the
  generator at full speed beyond what it cost just before, without a mirror,
  and what the mirror itself uses (/proc/PID/schedstat), on a core of its own,
  for each copy that arrives. All the work of tc mirred is on the core of the generator.
  Both are CPU time, not elapsed time, so that other processes on the machine
  count for less.
- **% here**: per cent of the frames at full speed that arrived; for iperf3, of
  the bytes of TCP that passed the mirrored interface, both directions.
- "TCP in" and "out" are iperf3 to and from the mirrored host. The generator
  sends UDP of 256 flows: 60 bytes, 1514, or IMIX: 60, 590 and
  1514 bytes as 7:4:1. It has one core and the mirror the other; iperf3 and
  the mirror share both. Everything is veth. tc mirred sends into a vxlan
  device; daemonlogger and netsniff-ng forward without any encapsulation.
- Before it is measured, each mirror has frames of 1514 bytes for $warm_ms ms.
- **software**: copies are cut into segments before they leave;
  **offload**: they leave whole, as with a network card that segments tunnels.
  What iperf3 gives without a mirror is the limit of every mirror: where that is
  no more than with tc mirred, no mirror can be 1.15 x tc mirred.
- **rules**, **targets**, **encap**: frames of 60 bytes, as in "$base_case".
  Of the rules only the last one matches, so all must be looked at.
- **1000 status/s**: frames of 60 bytes, 100,000 a second, while a client on
  the core of the generator asks for the status 1,000 times a second.
- **GRE**: CPU time in microseconds for each copy sent by sendmmsg, 64 at a
  time, by the ways there are; UDP_SEGMENT is none of them. A packet socket is
  cheaper since it looks up no route and asks no firewall; who uses it has to
  follow routes and neighbours, fragment and report by itself. trafmirrord
  stays with the raw socket, for which all of that works.
- **Profile**: CPU time in microseconds for each copy, by perf, of the functions
  of the kernel that do most of it, with what these call, and of what the mirror
  does outside the kernel. "send" has the receiver's work in it where the kernel
  does that at once. A frame mirrored by tc is never copied: its clone shares
  the payload, so that its size costs nothing. The ring and the socket copy it
  once each, and TCP that is cut into segments is read once more for their
  checksums: this is the limit of a mirror outside the kernel, and the larger
  the frames, the more of the cost it is.
END
}
