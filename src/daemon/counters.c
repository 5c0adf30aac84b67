/* SPDX-License-Identifier: ISC */
/* The counters of a mirror as log lines. */
#include "config.h"

#include <inttypes.h>

#include "conf/conf.h"
#include "daemon/counters.h"
#include "deliver/target.h"
#include "mirror/mirror.h"

void
counters_print(const struct mirror *m, void (*print)(const char *fmt, ...))
{
	const char *name = mirror_conf(m)->name;
	const struct conf_rung *rung = mirror_rung(m);
	const char *quote = rung == NULL ? "" : "\"";
	char text[CONF_RUNG_TEXT_MAX];
	struct source_status src;
	struct mirror_stats st;

	mirror_stats(m, &st);
	print(
	    "mirror \"%s\": state=%s filter=%s under-pressure=%s%s%s captured_packets=%" PRIu64
	    " captured_bytes=%" PRIu64 " ring_dropped_packets=%" PRIu64
	    " copied_packets=%" PRIu64 " copied_bytes=%" PRIu64
	    " dropped_send-error=%" PRIu64 " dropped_rate-limit=%" PRIu64
	    " dropped_bandwidth-limit=%" PRIu64 " dropped_oversize=%" PRIu64
	    " dropped_no-target=%" PRIu64 " dropped_loop=%" PRIu64
	    " segmented_packets=%" PRIu64 " unsegmented_packets=%" PRIu64
	    " truncated_packets=%" PRIu64 " fragmented_packets=%" PRIu64
	    " sampled_out_packets=%" PRIu64,
	    name, mirror_state_name(mirror_state(m)),
	    mirror_filter_place(m) == FILTER_KERNEL ? "kernel" : "userspace",
	    quote, rung == NULL ? "none" : conf_rung_format(rung, text), quote,
	    st.captured_packets, st.captured_bytes, st.ring_dropped_packets,
	    st.copied_packets, st.copied_bytes,
	    st.dropped_packets[MIRROR_DROP_SEND_ERROR],
	    st.dropped_packets[MIRROR_DROP_RATE_LIMIT],
	    st.dropped_packets[MIRROR_DROP_BANDWIDTH_LIMIT],
	    st.dropped_packets[MIRROR_DROP_OVERSIZE],
	    st.dropped_packets[MIRROR_DROP_NO_TARGET],
	    st.dropped_packets[MIRROR_DROP_LOOP], st.segmented_packets,
	    st.unsegmented_packets, st.truncated_packets, st.fragmented_packets,
	    st.sampled_out_packets);
	for (size_t i = 0; mirror_source_status(m, i, &src); i++)
		print("mirror \"%s\": source %s: captured_packets=%" PRIu64
		      " captured_bytes=%" PRIu64
		      " ring_dropped_packets=%" PRIu64 " state=%s",
		    name, src.name, src.stats.captured_packets,
		    src.stats.captured_bytes, src.stats.ring_dropped_packets,
		    source_state_name(src.state));
	for (size_t i = 0; i < mirror_ntargets(m); i++) {
		const struct target *t = mirror_target(m, i);
		const struct target_stats *ts = target_stats(t);

		print("mirror \"%s\": target \"%s\": share=%.3f "
		      "copied_packets=%" PRIu64 " copied_bytes=%" PRIu64
		      " dropped_packets=%" PRIu64,
		    name, target_name(t), mirror_share(m, i),
		    ts->copied_packets, ts->copied_bytes,
		    ts->dropped[TARGET_DROP_SEND_ERROR] +
			ts->dropped[TARGET_DROP_OVERSIZE]);
	}
	for (size_t i = 0; i < mirror_nrules(m); i++) {
		uint64_t matched;
		const char *rule = mirror_rule(m, i, &matched);

		print("mirror \"%s\": rule \"%s\": matched_packets=%" PRIu64,
		    name, rule, matched);
	}
}
