/* SPDX-License-Identifier: ISC */
/* The counters of mirrors as log lines. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/num.h"
#include "conf/conf.h"
#include "daemon/counters.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define DROPPED_MAX 512 /* bytes of all reasons together */

typedef void print_line(const char *fmt, ...);

/* " dropped_REASON=N" of each. */
static void
format_dropped(char buf[static DROPPED_MAX], const struct mirror_stats *st)
{
	int len = 0;

	for (int i = 0; i < MIRROR_DROP_KINDS; i++)
		len += snprintf(buf + len, (size_t)(DROPPED_MAX - len),
		    " dropped_%s=%" PRIu64,
		    mirror_drop_name((enum mirror_drop)i),
		    st->dropped_packets[i]);
}

static void
print_mirror(const struct mirror *m, print_line *print)
{
	const struct conf_rung *rung = mirror_rung(m);
	char text[CONF_RUNG_TEXT_MAX + 2] = "none", dropped[DROPPED_MAX];
	struct mirror_stats st;

	if (rung != NULL) {
		char plain[CONF_RUNG_TEXT_MAX];

		snprintf(text, sizeof(text), "\"%s\"",
		    conf_rung_format(rung, plain));
	}
	mirror_stats(m, &st);
	format_dropped(dropped, &st);
	print("mirror \"%s\": state=%s filter=%s under-pressure=%s "
	      "captured_packets=%" PRIu64 " captured_bytes=%" PRIu64
	      " ring_dropped_packets=%" PRIu64 " copied_packets=%" PRIu64
	      " copied_bytes=%" PRIu64 "%s segmented_packets=%" PRIu64
	      " unsegmented_packets=%" PRIu64 " truncated_packets=%" PRIu64
	      " fragmented_packets=%" PRIu64 " undelivered_packets=%" PRIu64
	      " sampled_out_packets=%" PRIu64,
	    mirror_conf(m)->name, mirror_state_name(mirror_state(m)),
	    mirror_filter_place(m) == FILTER_KERNEL ? "kernel" : "userspace",
	    text, st.captured_packets, st.captured_bytes,
	    st.ring_dropped_packets, st.copied_packets, st.copied_bytes,
	    dropped, st.segmented_packets, st.unsegmented_packets,
	    st.truncated_packets, st.fragmented_packets, st.undelivered_packets,
	    st.sampled_out_packets);
}

static void
print_next_hops(const struct mirror *m, print_line *print)
{
	const struct nexthop *h;
	const struct source *s;

	for (size_t i = 0; (h = mirror_nexthop(m, i, &s)) != NULL; i++) {
		char address[ADDR_TEXT_MAX], mac[NEXTHOP_MAC_TEXT] = "none";

		if (h->state == NEXTHOP_RESOLVED)
			nexthop_format(h->mac, mac);
		print("mirror \"%s\": next hop %s of %s: state=%s mac=%s",
		    mirror_conf(m)->name, addr_format(&h->address, address),
		    s->name, nexthop_state_name(h->state), mac);
	}
}

static void
print_copies(const char *mirror, const char *title, const char *state,
    double share, const struct target_stats *st, print_line *print)
{
	print("mirror \"%s\": target %s: share=%.3f "
	      "copied_packets=%" PRIu64 " copied_bytes=%" PRIu64
	      " dropped_packets=%" PRIu64 " undelivered_packets=%" PRIu64
	      " state=%s",
	    mirror, title, share, st->copied_packets, st->copied_bytes,
	    st->dropped[TARGET_DROP_SEND_ERROR] +
		st->dropped[TARGET_DROP_OVERSIZE],
	    st->undelivered_packets, state);
}

static void
print_target(const struct mirror *m, size_t i, print_line *print)
{
	const char *name = mirror_conf(m)->name;
	char title[4 * CONF_NAME_MAX + 3];
	struct target_status t;
	struct place_status p;

	mirror_target_status(m, i, &t);
	snprintf(title, sizeof(title), "\"%s\"", t.conf->name);
	print_copies(name, title, t.state, t.share, &t.stats, print);
	for (size_t j = 0; t.conf->host.name != NULL && j < t.nplaces; j++) {
		mirror_place_status(m, i, j, &p);
		print_copies(name, p.title, p.state, p.share, &p.stats, print);
	}
}

void
counters_print(const struct mirror *m, print_line *print)
{
	const char *name = mirror_conf(m)->name;
	struct source_status src;

	print_mirror(m, print);
	for (size_t i = 0; mirror_source_status(m, i, &src); i++)
		print("mirror \"%s\": source %s: captured_packets=%" PRIu64
		      " captured_bytes=%" PRIu64
		      " ring_dropped_packets=%" PRIu64 " state=%s",
		    name, src.name, src.stats.captured_packets,
		    src.stats.captured_bytes, src.stats.ring_dropped_packets,
		    source_state_name(src.state));
	print_next_hops(m, print);
	for (size_t i = 0; i < mirror_ntargets(m); i++)
		print_target(m, i, print);
	for (size_t i = 0; i < mirror_nrules(m); i++) {
		uint64_t matched;
		const char *rule = mirror_rule(m, i, &matched);

		print("mirror \"%s\": rule \"%s\": matched_packets=%" PRIu64,
		    name, rule, matched);
	}
}

const char *
counters_total(const struct generation *g, char buf[static COUNTERS_TOTAL_MAX])
{
	size_t sources = generation_sources(g);

	snprintf(buf, COUNTERS_TOTAL_MAX, "%zu mirror%s, %zu source%s",
	    g->nmirrors, NUM_S(g->nmirrors), sources, NUM_S(sources));
	return buf;
}
