/* SPDX-License-Identifier: ISC */
/* What becomes of the probes of one run in a mirror. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "deliver/target.h"
#include "mirror/inside.h"
#include "mirror/pipeline.h"
#include "mirror/source.h"
#include "mirror/trace.h"
#include "packet/packet.h"

struct trace {
	uint8_t nonce[BEACON_NONCE];
	size_t ntargets;
	trace_cb *cb;
	void *arg;
	struct target_stats *before;
	struct trace_fate *fates;
};

struct trace *
trace_new(const uint8_t nonce[static BEACON_NONCE], size_t ntargets,
    trace_cb *cb, void *arg)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	memcpy(t->nonce, nonce, BEACON_NONCE);
	t->ntargets = ntargets;
	t->cb = cb;
	t->arg = arg;
	t->before = calloc(ntargets, sizeof(*t->before));
	t->fates = calloc(ntargets, sizeof(*t->fates));
	if (t->before != NULL && t->fates != NULL)
		return t;
	trace_free(t);
	return NULL;
}

void
trace_free(struct trace *t)
{
	if (t == NULL)
		return;
	free(t->before);
	free(t->fates);
	free(t);
}

bool
trace_wants(const struct trace *t, const struct packet *p)
{
	struct beacon_flow f;
	struct beacon probe;

	return beacon_read(&probe, &f, p->data, p->caplen) &&
	    memcmp(probe.nonce, t->nonce, BEACON_NONCE) == 0;
}

static const char *
dropped(const struct pipeline *was, const struct pipeline *is)
{
	if (is->sampled_out_packets != was->sampled_out_packets)
		return "sample";
	if (is->no_target_packets != was->no_target_packets)
		return "no-target";
	if (is->rate_limited_packets != was->rate_limited_packets)
		return "rate-limit";
	if (is->bandwidth_limited_packets != was->bandwidth_limited_packets)
		return "bandwidth-limit";
	if (is->loop.dropped_packets != was->loop.dropped_packets)
		return "loop";
	return NULL;
}

static struct trace_fate
fate_of(const struct target *t, const struct target_stats *was)
{
	const struct target_stats *is = target_stats(t);
	bool failed = is->dropped[TARGET_DROP_SEND_ERROR] !=
	    was->dropped[TARGET_DROP_SEND_ERROR];

	return (struct trace_fate) {
		.copied = is->copied_packets != was->copied_packets,
		.oversize = is->dropped[TARGET_DROP_OVERSIZE] !=
		    was->dropped[TARGET_DROP_OVERSIZE],
		.error = failed ? target_failure(t) : 0,
	};
}

uint32_t
trace_packet(struct trace *t, struct pipeline *pl, const struct source *s,
    const struct packet *p, uint64_t *bytes)
{
	struct pipeline was;
	struct beacon_flow f;
	struct beacon probe;
	uint32_t n;

	pipeline_flush(pl, false);
	was = *pl;
	for (size_t i = 0; i < t->ntargets; i++)
		t->before[i] = *target_stats(pl->members[i].target);
	n = pipeline_packet(pl, s->hash, p, bytes);
	pipeline_flush(pl, false);
	for (size_t i = 0; i < t->ntargets; i++)
		t->fates[i] = fate_of(pl->members[i].target, &t->before[i]);
	beacon_read(&probe, &f, p->data, p->caplen);
	t->cb(t->arg, probe.number, s, dropped(&was, pl), t->fates);
	return n;
}

void
mirror_trace(struct mirror *m, struct trace *t)
{
	m->trace = t;
}
