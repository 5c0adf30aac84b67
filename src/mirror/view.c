/* SPDX-License-Identifier: ISC */
/* What there is to see of a mirror. */
#include "config.h"

#include "conf/conf.h"
#include "deliver/target.h"
#include "mirror/aim.h"
#include "mirror/inside.h"
#include "mirror/source.h"

const struct conf_rung *
mirror_rung(const struct mirror *m)
{
	size_t n = relief_rungs(&m->relief);

	return n == 0 ? NULL : &m->conf->rungs[n - 1];
}

uint32_t
mirror_truncate(const struct mirror *m)
{
	return m->pipeline.truncate;
}

size_t
mirror_nsources(const struct mirror *m)
{
	return m->nsources;
}

struct source *
mirror_source(const struct mirror *m, size_t i)
{
	return m->sources[i];
}

bool
mirror_source_status(const struct mirror *m, size_t i,
    struct source_status *out)
{
	return roll_get(&m->roll, m->sources, m->nsources, i, out);
}

const struct nexthop *
mirror_nexthop(const struct mirror *m, size_t i, const struct source **s)
{
	size_t n = m->conf->nnext_hops;

	if (n == 0 || i / n >= m->nsources)
		return NULL;
	*s = m->sources[i / n];
	return &(*s)->nexthops.v[i % n];
}

size_t
mirror_ntargets(const struct mirror *m)
{
	return m->pipeline.ngroups;
}

static const char *
place_state(const struct group *g, const struct member *mb)
{
	return g->conf->weight == 0 ? "drained" : mb->down ? "down" : "up";
}

static const char *
target_state(const struct mirror *m, const struct group *g)
{
	const struct member *mb = &m->pipeline.members[g->first];

	if (g->n == 0)
		return g->conf->weight == 0 ? "drained" : "unresolved";
	for (size_t i = 1; i < g->n && mb->down; i++)
		mb++;
	return place_state(g, mb);
}

void
mirror_target_status(const struct mirror *m, size_t i,
    struct target_status *out)
{
	const struct group *g = &m->pipeline.groups[i];

	*out = (struct target_status) { .conf = g->conf,
		.nplaces = g->n,
		.state = target_state(m, g) };
	for (size_t j = 0; j < g->n; j++)
		out->share += pipeline_share(&m->pipeline, g->first + j);
	pipeline_count_group(&m->pipeline, i, &out->stats);
}

void
mirror_aim(const struct mirror *m, struct aim *out)
{
	*out = (struct aim) { .filter = m->filter,
		.conf = m->conf,
		.choosers = m->pipeline.choosers,
		.nchoosers = m->pipeline.nchoosers,
		.nmembers = m->pipeline.nmembers,
		.sample = m->pipeline.sample };
}

void
mirror_place_status(const struct mirror *m, size_t i, size_t j,
    struct place_status *out)
{
	const struct group *g = &m->pipeline.groups[i];
	const struct member *mb = &m->pipeline.members[g->first + j];

	*out = (struct place_status) { .conf = &mb->place,
		.title = mb->title,
		.state = place_state(g, mb),
		.share = pipeline_share(&m->pipeline, g->first + j),
		.stats = *target_stats(mb->target) };
}

size_t
mirror_nrules(const struct mirror *m)
{
	return m->hits.n;
}

const char *
mirror_rule(const struct mirror *m, size_t i, uint64_t *matched_packets)
{
	*matched_packets = hits_get(&m->hits, i);
	return m->conf->rules[i].name;
}

const struct conf_mirror *
mirror_conf(const struct mirror *m)
{
	return m->conf;
}

enum mirror_state
mirror_state(const struct mirror *m)
{
	if (!m->conf->collect)
		return MIRROR_DISABLED;
	for (size_t i = 0; i < m->nsources; i++)
		if (m->sources[i]->up &&
		    nexthop_ready(&m->sources[i]->nexthops))
			return MIRROR_COLLECTING;
	return MIRROR_WAITING;
}

enum filter_place
mirror_filter_place(const struct mirror *m)
{
	return filter_place(m->filter);
}

const struct delay *
mirror_delay(const struct mirror *m)
{
	return &m->pipeline.delay;
}

void
mirror_stats(const struct mirror *m, struct mirror_stats *out)
{
	struct source_stats src;
	struct target_stats dst;

	roll_count(&m->roll, &src);
	pipeline_count(&m->pipeline, &dst);
	for (size_t i = 0; i < m->nsources; i++) {
		source_count(m->sources[i]);
		source_stats_add(&src, &m->sources[i]->stats);
	}
	*out = (struct mirror_stats){
		.captured_packets = src.captured_packets,
		.captured_bytes = src.captured_bytes,
		.ring_dropped_packets = src.ring_dropped_packets,
		.copied_packets = dst.copied_packets,
		.copied_bytes = dst.copied_bytes,
		.dropped_packets = {
			[MIRROR_DROP_SEND_ERROR] =
			    dst.dropped[TARGET_DROP_SEND_ERROR],
			[MIRROR_DROP_RATE_LIMIT] =
			    m->pipeline.rate_limited_packets,
			[MIRROR_DROP_BANDWIDTH_LIMIT] =
			    m->pipeline.bandwidth_limited_packets,
			[MIRROR_DROP_OVERSIZE] =
			    dst.dropped[TARGET_DROP_OVERSIZE],
			[MIRROR_DROP_NO_TARGET] = m->pipeline.no_target_packets,
			[MIRROR_DROP_LOOP] = m->pipeline.loop.dropped_packets,
		},
		.congested_packets = dst.congested_packets,
		.segmented_packets = m->pipeline.segmented_packets,
		.unsegmented_packets = m->pipeline.unsegmented_packets,
		.truncated_packets = m->pipeline.truncated_packets +
		    dst.truncated_packets,
		.fragmented_packets = dst.fragmented_packets,
		.undelivered_packets = dst.undelivered_packets,
		.sampled_out_packets = m->pipeline.sampled_out_packets,
	};
}
