/* SPDX-License-Identifier: ISC */
/* From captured frame to queued copy: the only place that knows the order. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "deliver/balance.h"
#include "deliver/gso.h"
#include "deliver/target.h"
#include "mirror/pipeline.h"
#include "packet/flow.h"
#include "packet/segment.h"

static void
push(struct pipeline *pl, size_t i, uint64_t hash, const struct segment *f)
{
	struct target *t = pl->members[i].target;
	uint32_t bytes = target_overhead(t) + f->head_len + f->body_len;

	if (!limit_pass(&pl->limit, f->packet->time_ns, bytes)) {
		pl->rate_limited_packets++;
		return;
	}
	if (!bandwidth_pass(&pl->bandwidth, f->packet->time_ns, bytes)) {
		pl->bandwidth_limited_packets++;
		return;
	}
	target_push(t, balance_port(hash, target_ports(t)), hash, f);
}

static void
replicate(struct pipeline *pl, uint64_t hash, const struct segment *f)
{
	bool any = false;

	for (size_t i = 0; i < pl->nmembers; i++) {
		if (pl->members[i].weight == 0)
			continue;
		push(pl, i, hash, f);
		any = true;
	}
	if (!any)
		pl->no_target_packets++;
}

/* The target for a frame that goes to one, or BALANCE_NONE. */
static uint16_t
choose(struct pipeline *pl, uint64_t source_hash, uint64_t hash)
{
	switch (pl->conf->balance) {
	case CONF_BALANCE_PACKET:
		return balance_next(pl->balance);
	case CONF_BALANCE_SOURCE:
		return balance_pick(pl->balance, source_hash);
	default:
		return balance_pick(pl->balance, hash);
	}
}

static void
truncate_frame(struct pipeline *pl, struct segment *f)
{
	uint32_t most = pl->truncate;

	if (most != 0 && f->head_len + f->body_len > most) {
		if (f->head_len > most)
			f->head_len = most;
		f->body_len = most - f->head_len;
		f->truncated = true;
	}
	pl->truncated_packets += f->truncated;
}

static void
deliver(struct pipeline *pl, uint64_t source_hash, uint64_t hash,
    const struct segment *f)
{
	uint16_t i;

	if (pl->conf->balance == CONF_BALANCE_REPLICATE) {
		replicate(pl, hash, f);
		return;
	}
	i = choose(pl, source_hash, hash);
	if (i == BALANCE_NONE)
		pl->no_target_packets++;
	else
		push(pl, i, hash, f);
}

uint32_t
pipeline_packet(struct pipeline *pl, uint64_t source_hash,
    const struct packet *p, uint64_t *bytes)
{
	uint64_t hash = flow_hash(p->data, p->caplen);
	enum segment_kind kind;
	struct segmenter s;
	struct segment f;
	uint32_t n;

	kind = segment_begin(&s, p);
	n = segment_count(&s, bytes);
	if (kind == SEGMENT_CUT)
		pl->segmented_packets += n;
	else if (kind == SEGMENT_WHOLE)
		pl->unsegmented_packets++;
	if (!loop_pass(&pl->loop, p, n))
		return n;
	if (!balance_sampled(hash, pl->sample)) {
		pl->sampled_out_packets += n;
		return n;
	}
	while (segment_next(&s, &f)) {
		truncate_frame(pl, &f);
		deliver(pl, source_hash, hash, &f);
	}
	return n;
}

void
pipeline_relieve(struct pipeline *pl, size_t rungs)
{
	pl->truncate = pl->conf->truncate;
	pl->sample = pl->conf->sample;
	for (size_t i = 0; i < rungs; i++) {
		const struct conf_rung *r = &pl->conf->rungs[i];

		if (r->relief == CONF_TRUNCATE &&
		    (pl->truncate == 0 || r->number < pl->truncate))
			pl->truncate = r->number;
		if (r->relief == CONF_SAMPLE && r->number > pl->sample)
			pl->sample = r->number;
	}
}

void
pipeline_flush(struct pipeline *pl, bool wait)
{
	for (size_t i = 0; i < pl->nmembers; i++)
		target_flush(pl->members[i].target, wait);
}

static void
log_gso(const struct pipeline *pl, struct member *mb)
{
	const struct gso_choice *g = target_gso(mb->target);

	if (g == NULL || (mb->gso_logged && g->on == mb->gso_on))
		return;
	mb->gso_logged = true;
	mb->gso_on = g->on;
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("udp-gso", LOG_TEXT("mirror", pl->conf->name),
		LOG_TEXT("target", target_name(mb->target)),
		LOG_TEXT("udp_gso", g->on ? "on" : "off")),
	    "mirror \"%s\": target \"%s\": copies %sleave %s: %s",
	    pl->conf->name, target_name(mb->target),
	    g->on ? "that fit into the path MTU " : "",
	    g->on ? "joined (udp-gso)" : "one by one", g->why);
}

static const struct member *
find_member(const struct pipeline *pl, const struct conf_target *ct,
    const struct target_use *u)
{
	for (size_t i = 0; pl != NULL && i < pl->nmembers; i++)
		if (target_same(pl->members[i].target, ct, u))
			return &pl->members[i];
	return NULL;
}

static int
open_members(struct pipeline *pl, const struct conf *c,
    const struct pipeline *old, struct err *err)
{
	const struct conf_mirror *cm = pl->conf;
	const struct target_use use = { cm->session_id, c->mark, cm->oversize };

	pl->members = calloc(cm->ntargets, sizeof(*pl->members));
	if (pl->members == NULL)
		return err_sys(err, "targets");
	for (size_t i = 0; i < cm->ntargets; i++) {
		const struct conf_target *ct = cm->targets[i];
		const struct member *before = find_member(old, ct, &use);
		struct member *mb = &pl->members[i];

		if (before != NULL) {
			*mb = *before;
			mb->lent = true;
		} else if (target_open(&mb->target, ct, &use, err) == -1) {
			return -1;
		}
		mb->weight = ct->weight;
		pl->nmembers++;
		log_debug("mirror \"%s\": target \"%s\": sockets %s", cm->name,
		    ct->name, mb->lent ? "kept" : "opened");
	}
	return 0;
}

static int
open_balance(struct pipeline *pl, struct err *err)
{
	struct balance_member *b = calloc(pl->nmembers, sizeof(*b));
	int rc;

	if (b == NULL)
		return err_sys(err, "balance");
	for (size_t i = 0; i < pl->nmembers; i++) {
		b[i].name = target_name(pl->members[i].target);
		b[i].weight = pl->members[i].weight;
	}
	rc = balance_new(&pl->balance, b, pl->nmembers, err);
	free(b);
	return rc;
}

int
pipeline_init(struct pipeline *pl, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    const struct pipeline *old, struct err *err)
{
	pl->conf = cm;
	bandwidth_share_init(&pl->bandwidth, bandwidth);
	pipeline_relieve(pl, 0);
	limit_init(&pl->limit, cm->rate_limit, cm->burst_ms);
	if (open_members(pl, c, old, err) == -1)
		return -1;
	return open_balance(pl, err);
}

void
pipeline_fini(struct pipeline *pl)
{
	for (size_t i = 0; i < pl->nmembers; i++)
		if (!pl->members[i].lent)
			target_close(pl->members[i].target);
	free(pl->members);
	balance_free(pl->balance);
	memset(pl, 0, sizeof(*pl));
}

static void
add_stats(struct target_stats *sum, const struct target_stats *st)
{
	sum->copied_packets += st->copied_packets;
	sum->copied_bytes += st->copied_bytes;
	for (int k = 0; k < TARGET_DROP_KINDS; k++)
		sum->dropped[k] += st->dropped[k];
	sum->congested_packets += st->congested_packets;
	sum->fragmented_packets += st->fragmented_packets;
	sum->truncated_packets += st->truncated_packets;
}

void
pipeline_adopt(struct pipeline *pl, struct pipeline *old)
{
	for (size_t i = 0; i < pl->nmembers; i++) {
		if (!pl->members[i].lent)
			continue;
		for (size_t j = 0; j < old->nmembers; j++)
			if (old->members[j].target == pl->members[i].target)
				old->members[j].lent = true;
		pl->members[i].lent = false;
	}
	pl->gone = old->gone;
	for (size_t j = 0; j < old->nmembers; j++)
		if (!old->members[j].lent)
			add_stats(&pl->gone,
			    target_stats(old->members[j].target));
	pl->segmented_packets = old->segmented_packets;
	pl->unsegmented_packets = old->unsegmented_packets;
	pl->truncated_packets = old->truncated_packets;
	pl->sampled_out_packets = old->sampled_out_packets;
	pl->no_target_packets = old->no_target_packets;
	pl->rate_limited_packets = old->rate_limited_packets;
	pl->bandwidth_limited_packets = old->bandwidth_limited_packets;
	pl->loop = old->loop;
	bandwidth_share_adopt(&pl->bandwidth, &old->bandwidth);
	if (limit_equal(&pl->limit, &old->limit))
		pl->limit = old->limit;
}

void
pipeline_tick(struct pipeline *pl)
{
	uint64_t frames = pl->loop.frames, like = pl->loop.like;

	switch (loop_poll(&pl->loop)) {
	case LOOP_BEGINS:
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("loop", LOG_TEXT("mirror", pl->conf->name),
			LOG_NUMBER("like_copies", like),
			LOG_NUMBER("packets", frames)),
		    "mirror \"%s\": its copies come back to it (%ju of %ju "
		    "packets in a second look like copies of copies): "
		    "such packets are dropped until none has come for "
		    "%d s",
		    pl->conf->name, (uintmax_t)like, (uintmax_t)frames,
		    LOOP_CALM);
		break;
	case LOOP_ENDS:
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("no-loop", LOG_TEXT("mirror", pl->conf->name),
			LOG_NUMBER("dropped_loop", pl->loop.dropped_packets)),
		    "mirror \"%s\": no more copies come back", pl->conf->name);
		break;
	case LOOP_NO_NEWS:
		break;
	}
}

static void
say_failure(const struct pipeline *pl, struct member *mb, int failure)
{
	const struct target_stats *st = target_stats(mb->target);
	uint64_t lost = st->dropped[TARGET_DROP_SEND_ERROR];
	const char *name = target_name(mb->target);

	if (failure == 0)
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("sending-again",
			LOG_TEXT("mirror", pl->conf->name),
			LOG_TEXT("target", name),
			LOG_NUMBER("dropped_packets", lost - mb->lost)),
		    "mirror \"%s\": target \"%s\": sending again",
		    pl->conf->name, name);
	else
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("send-error", LOG_TEXT("mirror", pl->conf->name),
			LOG_TEXT("target", name),
			LOG_TEXT("error", strerror(failure))),
		    "mirror \"%s\": target \"%s\": send: %s", pl->conf->name,
		    name, strerror(failure));
	mb->failure = failure;
}

void
pipeline_poll(struct pipeline *pl)
{
	for (size_t i = 0; i < pl->nmembers; i++) {
		struct member *mb = &pl->members[i];
		int failure = target_poll(mb->target);

		log_gso(pl, mb);
		path_follow(&mb->path, pl->conf, mb->target);
		if (failure == 0 && mb->failure == 0)
			mb->lost = target_stats(mb->target)
				       ->dropped[TARGET_DROP_SEND_ERROR];
		if (failure == mb->failure)
			continue;
		say_failure(pl, mb, failure);
	}
}

void
pipeline_reroute(struct pipeline *pl)
{
	for (size_t i = 0; i < pl->nmembers; i++) {
		struct member *mb = &pl->members[i];

		target_reroute(mb->target);
		log_gso(pl, mb);
		path_follow(&mb->path, pl->conf, mb->target);
	}
}

void
pipeline_count(const struct pipeline *pl, struct target_stats *sum)
{
	*sum = pl->gone;
	for (size_t i = 0; i < pl->nmembers; i++)
		add_stats(sum, target_stats(pl->members[i].target));
}
