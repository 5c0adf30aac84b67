/* SPDX-License-Identifier: ISC */
/* The way through the pipeline, without a step that leaves a trace. */
#include "config.h"

#include "conf/conf.h"
#include "deliver/balance.h"
#include "deliver/target.h"
#include "mirror/loop.h"
#include "mirror/pipeline.h"
#include "mirror/steps.h"
#include "packet/flow.h"
#include "packet/segment.h"

static void
foresee_copy(const struct pipeline *pl, size_t i, double share, uint64_t hash,
    const struct segment *f, struct pipeline_forecast *out)
{
	const struct target *t = pl->members[i].target;
	struct pipeline_copy *c = &out->copies[out->n++];

	*c = (struct pipeline_copy) { .to = t,
		.share = share,
		.frame = f->head_len + f->body_len };
	target_foresee(t, balance_port(hash, target_ports(t)), c->frame,
	    &c->target);
}

/* All members that have turns. */
static void
foresee_turns(const struct pipeline *pl, const struct chooser *c, uint64_t hash,
    const struct segment *f, struct pipeline_forecast *out)
{
	for (size_t i = 0; i < c->n; i++) {
		double share = balance_share(c->balance, i);

		if (share > 0)
			foresee_copy(pl, c->first + i, share, hash, f, out);
	}
}

void
pipeline_foresee(const struct pipeline *pl, uint64_t source_hash,
    const struct packet *p, struct pipeline_forecast *out)
{
	uint64_t hash = flow_hash(p->data, p->caplen);
	struct segmenter s;
	struct segment f;

	out->n = 0;
	out->loops = loop_stops(&pl->loop, p);
	out->sampled_out = !balance_sampled(hash, pl->sample);
	segment_begin(&s, p);
	segment_next(&s, &f);
	steps_truncate(pl, &f);
	out->truncated = f.truncated;
	for (size_t i = 0; i < pl->nchoosers; i++) {
		const struct chooser *c = &pl->choosers[i];
		uint16_t m;

		if (pl->conf->balance == CONF_BALANCE_PACKET)
			foresee_turns(pl, c, hash, &f, out);
		else if ((m = steps_choose(pl, c->balance, source_hash,
			      hash)) != BALANCE_NONE)
			foresee_copy(pl, c->first + m, 1, hash, &f, out);
	}
}
