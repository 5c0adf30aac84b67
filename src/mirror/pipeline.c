/* SPDX-License-Identifier: ISC */
/* From captured frame to queued copy: the only place that knows the order. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "deliver/balance.h"
#include "deliver/gso.h"
#include "deliver/target.h"
#include "mirror/pipeline.h"
#include "mirror/source.h"
#include "mirror/steps.h"
#include "packet/flow.h"
#include "packet/segment.h"

static void
push(struct pipeline *pl, struct target *t, uint64_t hash,
    const struct segment *f)
{
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
deliver(struct pipeline *pl, uint64_t source_hash, uint64_t hash,
    const struct segment *f)
{
	bool any = false;

	for (size_t i = 0; i < pl->nchoosers; i++) {
		const struct chooser *c = &pl->choosers[i];
		uint16_t m = steps_choose(pl, c->balance, source_hash, hash);

		if (m == BALANCE_NONE)
			continue;
		push(pl, pl->members[c->first + m].target, hash, f);
		any = true;
	}
	if (!any)
		pl->no_target_packets++;
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
	delay_packet(&pl->delay, p->time_ns);
	while (segment_next(&s, &f)) {
		steps_truncate(pl, &f);
		pl->truncated_packets += f.truncated;
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

static uint64_t
count_copies(const struct pipeline *pl)
{
	uint64_t n = 0;

	for (size_t i = 0; i < pl->nmembers; i++)
		n += target_stats(pl->members[i].target)->copied_packets;
	return n;
}

void
pipeline_flush(struct pipeline *pl, bool wait)
{
	for (size_t i = 0; i < pl->nmembers; i++)
		target_flush(pl->members[i].target, wait);
	delay_flush(&pl->delay, count_copies(pl), source_now);
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
	    "mirror \"%s\": target %s: copies %sleave %s: %s", pl->conf->name,
	    mb->title, g->on ? "that fit into the path MTU " : "",
	    g->on ? "joined (udp-gso)" : "one by one", g->why);
}

/* ---- opening and closing ------------------------------------------------- */

static const struct member *
find_member(const struct pipeline *pl, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u)
{
	for (size_t i = 0; pl != NULL && i < pl->nmembers; i++)
		if (target_same(pl->members[i].target, ct, place, u))
			return &pl->members[i];
	return NULL;
}

static void
make_title(struct member *mb, const struct conf_target *ct)
{
	char address[ADDR_TEXT_MAX], port[16] = "";

	if (ct->host.name == NULL) {
		snprintf(mb->title, sizeof(mb->title), "\"%s\"", ct->name);
		return;
	}
	if (mb->place.port != ct->port)
		snprintf(port, sizeof(port), " port %u", mb->place.port);
	snprintf(mb->title, sizeof(mb->title), "\"%s\" at %s%s", ct->name,
	    addr_format(&mb->place.address, address), port);
}

static int
open_member(struct pipeline *pl, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u,
    const struct pipeline *old, struct err *err)
{
	const struct member *before = find_member(old, ct, place, u);
	struct member *mb = &pl->members[pl->nmembers];

	if (before != NULL) {
		*mb = *before;
		mb->lent = true;
	} else if (target_open(&mb->target, ct, place, u, err) == -1) {
		return -1;
	}
	mb->place = *place;
	make_title(mb, ct);
	pl->nmembers++;
	log_debug("mirror \"%s\": target %s: sockets %s", pl->conf->name,
	    mb->title, mb->lent ? "kept" : "opened");
	return 0;
}

static int
open_groups(struct pipeline *pl, const struct conf *c,
    const struct pipeline *old, struct err *err)
{
	const struct conf_mirror *cm = pl->conf;
	const struct target_use use = { cm->session_id, c->mark, cm->oversize,
		pl->plan };
	size_t n = 0;

	for (size_t i = 0; i < cm->ntargets; i++)
		n += cm->targets[i]->nplaces;
	pl->groups = calloc(cm->ntargets + 1, sizeof(*pl->groups));
	pl->members = calloc(n + 1, sizeof(*pl->members));
	if (pl->groups == NULL || pl->members == NULL)
		return err_sys(err, "targets");
	for (size_t i = 0; i < cm->ntargets; i++) {
		const struct conf_target *ct = cm->targets[i];

		pl->groups[pl->ngroups++] = (struct group) { .conf = ct,
			.first = pl->nmembers,
			.n = ct->nplaces };
		for (size_t j = 0; j < ct->nplaces; j++)
			if (open_member(pl, ct, &ct->places[j], &use, old,
				err) == -1)
				return -1;
	}
	return 0;
}

/* ---- choosing --------------------------------------------------------------
 */

struct place_text {
	char text[ADDR_TEXT_MAX + 8];
};

static void
describe_group(const struct pipeline *pl, const struct group *g,
    struct balance_member *b, struct place_text *texts)
{
	char address[ADDR_TEXT_MAX];

	for (size_t i = g->first; i < g->first + g->n; i++) {
		const struct member *mb = &pl->members[i];

		snprintf(texts[i].text, sizeof(texts[i].text), "%s %u",
		    addr_format(&mb->place.address, address), mb->place.port);
		b[i] = (struct balance_member) { g->conf->name, g->conf->weight,
			texts[i].text, mb->weight };
	}
}

static void
free_choosers(struct chooser *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		balance_free(v[i].balance);
	free(v);
}

/* Each chooser knows its members, but not yet how to choose. */
static struct chooser *
make_choosers(const struct pipeline *pl, size_t *n)
{
	bool replicate = pl->conf->balance == CONF_BALANCE_REPLICATE;
	struct chooser *v = calloc(pl->ngroups + 1, sizeof(*v));

	*n = replicate ? pl->ngroups : 1;
	for (size_t i = 0; v != NULL && i < *n; i++) {
		v[i].first = replicate ? pl->groups[i].first : 0;
		v[i].n = replicate ? pl->groups[i].n : pl->nmembers;
	}
	return v;
}

int
pipeline_weigh(struct pipeline *pl, struct err *err)
{
	struct balance_member *b = calloc(pl->nmembers + 1, sizeof(*b));
	struct place_text *texts = calloc(pl->nmembers + 1, sizeof(*texts));
	size_t n;
	struct chooser *v = make_choosers(pl, &n);
	int rc = -1;

	if (b == NULL || texts == NULL || v == NULL) {
		err_sys(err, "balance");
		goto out;
	}
	for (size_t i = 0; i < pl->ngroups; i++)
		describe_group(pl, &pl->groups[i], b, texts);
	for (size_t i = 0; i < n; i++)
		if (balance_new(&v[i].balance, b + v[i].first, v[i].n, err) ==
		    -1)
			goto out;
	free_choosers(pl->choosers, pl->nchoosers);
	pl->choosers = v;
	pl->nchoosers = n;
	v = NULL;
	rc = 0;
out:
	if (v != NULL)
		free_choosers(v, n);
	free(texts);
	free(b);
	return rc;
}

double
pipeline_share(const struct pipeline *pl, size_t member)
{
	for (size_t i = 0; i < pl->nchoosers; i++) {
		const struct chooser *c = &pl->choosers[i];

		if (member >= c->first && member < c->first + c->n)
			return balance_share(c->balance, member - c->first);
	}
	return 0;
}

/* ---- from one to the next --------------------------------------------------
 */

int
pipeline_init(struct pipeline *pl, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    const struct pipeline *old, struct err *err)
{
	pl->conf = cm;
	bandwidth_share_init(&pl->bandwidth, bandwidth);
	pipeline_relieve(pl, 0);
	limit_init(&pl->limit, cm->rate_limit, cm->burst_ms);
	if (open_groups(pl, c, old, err) == -1)
		return -1;
	pipeline_stand_by(pl);
	return pipeline_weigh(pl, err);
}

void
pipeline_fini(struct pipeline *pl)
{
	for (size_t i = 0; i < pl->nmembers; i++)
		if (!pl->members[i].lent)
			target_close(pl->members[i].target);
	free(pl->members);
	free(pl->groups);
	free_choosers(pl->choosers, pl->nchoosers);
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
	sum->undelivered_packets += st->undelivered_packets;
	sum->truncated_packets += st->truncated_packets;
}

static void
add_members(const struct pipeline *pl, const struct group *g, bool lent,
    struct target_stats *sum)
{
	for (size_t i = g->first; i < g->first + g->n; i++)
		if (lent || !pl->members[i].lent)
			add_stats(sum, target_stats(pl->members[i].target));
}

static void
adopt_members(struct pipeline *pl, struct pipeline *old)
{
	for (size_t i = 0; i < pl->nmembers; i++) {
		if (!pl->members[i].lent)
			continue;
		for (size_t j = 0; j < old->nmembers; j++)
			if (old->members[j].target == pl->members[i].target)
				old->members[j].lent = true;
		pl->members[i].lent = false;
	}
}

static struct group *
find_group(const struct pipeline *pl, const char *name)
{
	for (size_t i = 0; i < pl->ngroups; i++)
		if (strcmp(pl->groups[i].conf->name, name) == 0)
			return &pl->groups[i];
	return NULL;
}

/* What places have counted that leave stays with their target, if that
 * stays. */
static void
adopt_counters(struct pipeline *pl, const struct pipeline *old)
{
	pl->gone = old->gone;
	for (size_t i = 0; i < old->ngroups; i++) {
		const struct group *g = &old->groups[i];
		struct group *next = find_group(pl, g->conf->name);
		struct target_stats *sum = next == NULL ? &pl->gone :
							  &next->gone;

		add_stats(sum, &g->gone);
		add_members(old, g, false, sum);
	}
}

void
pipeline_adopt(struct pipeline *pl, struct pipeline *old)
{
	adopt_members(pl, old);
	adopt_counters(pl, old);
	pl->segmented_packets = old->segmented_packets;
	pl->unsegmented_packets = old->unsegmented_packets;
	pl->truncated_packets = old->truncated_packets;
	pl->sampled_out_packets = old->sampled_out_packets;
	pl->no_target_packets = old->no_target_packets;
	pl->rate_limited_packets = old->rate_limited_packets;
	pl->bandwidth_limited_packets = old->bandwidth_limited_packets;
	pl->loop = old->loop;
	pipeline_say_all_down(pl, old->all_down);
	pl->delay = old->delay;
	pl->delay.copies = count_copies(pl);
	bandwidth_share_adopt(&pl->bandwidth, &old->bandwidth);
	if (limit_equal(&pl->limit, &old->limit))
		pl->limit = old->limit;
}

static void
follow_loop(struct pipeline *pl)
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
		    "mirror \"%s\": target %s: sending again", pl->conf->name,
		    mb->title);
	else
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("send-error", LOG_TEXT("mirror", pl->conf->name),
			LOG_TEXT("target", name),
			LOG_TEXT("error", strerror(failure))),
		    "mirror \"%s\": target %s: send: %s", pl->conf->name,
		    mb->title, strerror(failure));
	mb->failure = failure;
}

static void
follow_undelivered(const struct pipeline *pl, struct member *mb)
{
	const char *why = strerror(target_undelivered_error(mb->target));
	const char *name = target_name(mb->target);
	uint64_t n = target_stats(mb->target)->undelivered_packets;

	switch (spell_look(&mb->undelivered, n)) {
	case SPELL_BEGINS:
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("undelivered", LOG_TEXT("mirror", pl->conf->name),
			LOG_TEXT("target", name), LOG_TEXT("error", why)),
		    "mirror \"%s\": target %s: copies do not arrive: %s",
		    pl->conf->name, mb->title, why);
		break;
	case SPELL_ENDS:
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("not-undelivered",
			LOG_TEXT("mirror", pl->conf->name),
			LOG_TEXT("target", name),
			LOG_NUMBER("undelivered_packets",
			    n - mb->undelivered.start)),
		    "mirror \"%s\": target %s: no more copies are known not "
		    "to arrive",
		    pl->conf->name, mb->title);
		break;
	case SPELL_NO_NEWS:
		break;
	}
}

void
pipeline_tick(struct pipeline *pl)
{
	follow_loop(pl);
	for (size_t i = 0; i < pl->nmembers; i++)
		follow_undelivered(pl, &pl->members[i]);
}

void
pipeline_poll(struct pipeline *pl)
{
	for (size_t i = 0; i < pl->nmembers; i++) {
		struct member *mb = &pl->members[i];
		int failure = target_poll(mb->target);

		log_gso(pl, mb);
		path_follow(&mb->path, pl->conf, mb->title, mb->target);
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
		path_follow(&mb->path, pl->conf, mb->title, mb->target);
	}
}

void
pipeline_count_group(const struct pipeline *pl, size_t group,
    struct target_stats *sum)
{
	const struct group *g = &pl->groups[group];

	*sum = g->gone;
	add_members(pl, g, true, sum);
}

void
pipeline_count(const struct pipeline *pl, struct target_stats *sum)
{
	struct target_stats st;

	*sum = pl->gone;
	for (size_t i = 0; i < pl->ngroups; i++) {
		pipeline_count_group(pl, i, &st);
		add_stats(sum, &st);
	}
}
