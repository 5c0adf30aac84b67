#!/bin/sh
# SPDX-License-Identifier: ISC
# Folders are layers: an include goes down or stays; one library, one file.
set -eu
cd "${1:-${abs_top_srcdir:-.}}"

# shellcheck disable=SC2046 # no name here has a space
awk '
BEGIN {
	n = split("base conf packet capture deliver mirror daemon ctl", order)
	for (i = 1; i <= n; i++)
		level[order[i]] = i

	# header -> the files or folders that may include it
	only["pcap.h"] = "src/capture/compile.c src/capture/program.c " \
	    "src/capture/frames.c"
	only["pcap/pcap.h"] = only["pcap.h"]
	only["pcap/bpf.h"] = only["pcap.h"]
	only["confuse.h"] = "src/conf/conf.c"
	only["linux/if_packet.h"] = "src/capture/ring.c"
	only["ev.h"] = "src/daemon/"
	only["libmnl/libmnl.h"] = "src/deliver/egress.c src/daemon/links.c " \
	    "src/daemon/neighbours.c src/daemon/onlink.c " \
	    "src/mirror/router.c"
	only["jansson.h"] = "src/daemon/ src/ctl/"
	only["ares.h"] = "src/daemon/lookup.c"
	only["curses.h"] = "src/ctl/screen.c"
	only["microhttpd.h"] = "src/daemon/web.c"
	only["cap-ng.h"] = "src/daemon/privs.c"
	only["xxhash.h"] = "src/packet/flow.c src/deliver/balance.c"
}

function complain(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what
	bad = 1
}

function check_own(header,    from, to, path) {
	split(FILENAME, path, "/")
	from = path[2]
	to = header
	sub("/.*", "", to)
	if (!(from in level))
		complain("folder " from " has no layer")
	else if (!(to in level) || to == header)
		complain("\"" header "\" does not name a folder of src/")
	else if (from to ~ /^(capturedeliver|delivercapture)$/)
		complain("capture and deliver do not know each other")
	else if (level[to] > level[from])
		complain(from " is below " to)
}

function check_library(header,    n, i, places) {
	if (!(header in only))
		return
	n = split(only[header], places, " ")
	for (i = 1; i <= n; i++)
		if (index(FILENAME, places[i]) == 1)
			return
	complain("<" header "> belongs in " only[header])
}

/^[ \t]*#[ \t]*include[ \t]/ {
	header = $0
	sub(/^[^"<]*["<]/, "", header)
	sub(/[">].*/, "", header)
	if ($0 ~ /</)
		check_library(header)
	else if (header != "config.h")
		check_own(header)
}

END { exit bad }
' $(find src -name '*.[ch]' | sort)
