/* SPDX-License-Identifier: ISC */
/* One mirror: its rings, its targets, and how one configuration of them
 * follows another. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/log.h"
#include "capture/savefile.h"
#include "conf/conf.h"
#include "conf/select.h"
#include "deliver/balance.h"
#include "mirror/hits.h"
#include "mirror/mirror.h"
#include "mirror/pipeline.h"
#include "mirror/relief.h"
#include "packet/flow.h"

/* What a ring shares with the one before it has been handled by then. */
#define MIRROR_FORMER_NS UINT64_C(1000000000)

struct mirror {
	const struct conf *root;
	const struct conf_mirror *conf;
	struct filter *filter;
	bool filter_lent;
	struct pipeline pipeline;
	struct source **sources;
	size_t nsources;
	bool open_failed; /* logged already */
	bool open_fails;  /* in the look that goes on */
	struct roll roll;
	struct hits hits;
	struct relief relief;
};

static const char *const state_names[] = {
	[MIRROR_COLLECTING] = "collecting",
	[MIRROR_DISABLED] = "disabled",
	[MIRROR_WAITING] = "waiting",
};

static const char *const drop_names[] = {
	[MIRROR_DROP_SEND_ERROR] = "send-error",
	[MIRROR_DROP_RATE_LIMIT] = "rate-limit",
	[MIRROR_DROP_BANDWIDTH_LIMIT] = "bandwidth-limit",
	[MIRROR_DROP_OVERSIZE] = "oversize",
	[MIRROR_DROP_NO_TARGET] = "no-target",
	[MIRROR_DROP_LOOP] = "loop",
};

const char *
mirror_drop_name(enum mirror_drop reason)
{
	return drop_names[reason];
}

const char *
mirror_state_name(enum mirror_state state)
{
	return state_names[state];
}

/* ---- running ----------------------------------------------------------- */

static void
mirror_packet(void *arg, const struct packet *p)
{
	struct source *s = arg;
	struct mirror *m = s->owner;
	uint64_t bytes;
	uint32_t n;

	if (p->time_ns < s->from_ns)
		return;
	n = pipeline_packet(&m->pipeline, s->hash, p, &bytes);
	hits_add(&m->hits, p->rule, n);
	s->stats.captured_packets += n;
	s->stats.captured_bytes += bytes;
}

static void
mirror_flush(void *arg)
{
	struct mirror *m = ((struct source *)arg)->owner;

	pipeline_flush(&m->pipeline, false);
}

static void
mirror_flush_wait(void *arg)
{
	struct mirror *m = ((struct source *)arg)->owner;

	pipeline_flush(&m->pipeline, true);
}

unsigned
mirror_run(struct source *s, unsigned budget)
{
	return source_run(s, budget, mirror_packet, mirror_flush);
}

int
mirror_run_savefile(struct mirror *m, const char *path, uint64_t *nread,
    struct err *err)
{
	const char *name = m->conf->sources.v[0].text;
	struct source s = { .owner = m,
		.hash = flow_hash_bytes(name, strlen(name)) };
	struct packet_handler h = { mirror_packet, mirror_flush_wait, &s };
	int rc = savefile_run(path, m->filter, &h, nread, err);

	source_stats_add(&m->roll.others, &s.stats);
	return rc;
}

void
mirror_drain(struct mirror *m)
{
	for (size_t i = 0; i < m->nsources; i++)
		source_drain(m->sources[i], mirror_packet, mirror_flush);
}

/* ---- opening and closing ----------------------------------------------- */

static int
open_filter(struct mirror *m, struct mirror *old, struct err *err)
{
	const struct filter *before = old == NULL ? NULL : old->filter;

	if (filter_new(&m->filter, m->root, m->conf, err) == -1)
		return -1;
	if (before != NULL && filter_equal(m->filter, before)) {
		filter_free(m->filter);
		m->filter = old->filter;
		m->filter_lent = true;
	}
	return 0;
}

static struct source *
find_source(const struct mirror *m, unsigned ifindex)
{
	for (size_t i = 0; m != NULL && i < m->nsources; i++)
		if (m->sources[i]->ifindex == ifindex)
			return m->sources[i];
	return NULL;
}

static int
add_source(struct mirror *m, struct source *s, struct err *err)
{
	struct source **v;

	v = realloc(m->sources, (m->nsources + 1) * sizeof(*v));
	if (v == NULL)
		return err_sys(err, "%s", s->name);
	m->sources = v;
	v[m->nsources++] = s;
	s->owner = m;
	return 0;
}

/* Does what the rungs in force say. */
static void
obey(struct mirror *m)
{
	pipeline_relieve(&m->pipeline, relief_rungs(&m->relief));
	relief_obey(&m->relief, m->sources, m->nsources, m->filter);
}

static int
open_source(struct mirror *m, struct mirror *old, const struct iface *i,
    struct err *err)
{
	const struct source *before = find_source(old, i->index);
	struct source *s;

	if (before != NULL && source_same(before, m->conf, i)) {
		if ((s = source_borrow(before)) == NULL)
			return err_sys(err, "%s", i->name);
	} else if (source_open(&s, m->conf, i, m->filter, err) == -1) {
		return -1;
	}
	if (add_source(m, s, err) == -1) {
		source_close(s);
		return -1;
	}
	log_debug("mirror \"%s\": %s: ring %s", m->conf->name, i->name,
	    s->ring_lent ? "kept" : "opened");
	return 0;
}

int
mirror_open(struct mirror *m, const struct iface *i, struct mirror *old,
    struct err *err)
{
	struct err why;

	if (!m->conf->collect || !select_source(m->root, m->conf, i) ||
	    open_source(m, old, i, &why) == 0)
		return 0;
	/* It went after the list was made: the next one is without it. */
	if (!iface_exists(i))
		return 0;
	return err_set(err, "mirror \"%s\": %s", m->conf->name, why.text);
}

bool
mirror_close(struct mirror *m)
{
	if (m->nsources == 0)
		return false;
	source_close(m->sources[--m->nsources]);
	return true;
}

int
mirror_new(struct mirror **out, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    struct mirror *old, struct err *err)
{
	struct mirror *m = calloc(1, sizeof(*m));
	struct err why;

	if (m == NULL)
		return err_sys(err, "mirror \"%s\"", cm->name);
	m->root = c;
	m->conf = cm;
	relief_init(&m->relief, cm);
	if (roll_init(&m->roll, cm, &why) == -1 ||
	    open_filter(m, old, &why) == -1 ||
	    hits_init(&m->hits, cm, old == NULL ? NULL : old->conf, &why) ==
		-1 ||
	    pipeline_init(&m->pipeline, c, cm, bandwidth,
		old == NULL ? NULL : &old->pipeline, &why) == -1)
		goto fail;
	*out = m;
	return 0;
fail:
	mirror_free(m);
	return err_set(err, "mirror \"%s\": %s", cm->name, why.text);
}

void
mirror_free(struct mirror *m)
{
	if (m == NULL)
		return;
	while (mirror_close(m))
		continue;
	free(m->sources);
	roll_fini(&m->roll);
	pipeline_fini(&m->pipeline);
	hits_fini(&m->hits);
	if (!m->filter_lent)
		filter_free(m->filter);
	free(m);
}

/* ---- taking over from the mirror before -------------------------------- */

static void
remove_source(struct mirror *m, size_t i)
{
	source_count(m->sources[i]);
	roll_leave(&m->roll, m->sources[i]);
	source_close(m->sources[i]);
	m->sources[i] = m->sources[--m->nsources];
}

static void
drained_packet(void *arg, const struct packet *p)
{
	const struct source *s = arg;

	if (p->time_ns < s->until_ns)
		mirror_packet(arg, p);
}

/* The rings that the new mirror does not go on with: what they hold is sent
 * the old way. A new ring of the same interface holds some of it too. */
static void
drain_left_sources(struct mirror *m, struct mirror *old)
{
	for (size_t i = 0; i < old->nsources; i++) {
		struct source *s = old->sources[i];
		struct source *next = find_source(m, s->ifindex);

		if (s->ring_lent)
			continue;
		s->until_ns = UINT64_MAX;
		if (next != NULL)
			s->until_ns = next->from_ns = source_now();
		source_drain(s, drained_packet, mirror_flush);
		roll_leave(&m->roll, s);
	}
}

static void
take_sources(struct mirror *m, struct mirror *old)
{
	for (size_t i = 0; i < m->nsources; i++) {
		struct source *s = m->sources[i];

		if (!s->ring_lent)
			continue;
		source_adopt(s, find_source(old, s->ifindex));
		/* Tried before on a scratch socket: it does not fail. */
		if (!m->filter_lent &&
		    ring_set_filter(s->ring, m->filter, NULL) == -1)
			remove_source(m, i--);
	}
}

void
mirror_commit(struct mirror *m, struct mirror *old)
{
	roll_adopt(&m->roll, &old->roll);
	take_sources(m, old);
	drain_left_sources(m, old);
	for (size_t i = 0; i < m->nsources; i++)
		roll_enter(&m->roll, m->sources[i]);
	pipeline_adopt(&m->pipeline, &old->pipeline);
	hits_adopt(&m->hits, &old->hits);
	relief_adopt(&m->relief, &old->relief);
	obey(m);
	if (m->filter_lent) {
		m->filter_lent = false;
		old->filter_lent = true;
	}
}

/* ---- the world around -------------------------------------------------- */

static void
rename_source(struct mirror *m, struct source *s, const struct iface *now)
{
	log_info("mirror \"%s\": %s: interface is called %s now", m->conf->name,
	    s->name, now->name);
	source_count(s);
	roll_leave(&m->roll, s);
	source_rename(s, now);
	roll_enter(&m->roll, s);
}

bool
mirror_leave(struct mirror *m, const struct iface_list *ifaces, size_t *at)
{
	for (; *at < m->nsources; ++*at) {
		struct source *s = m->sources[*at];
		const struct iface *now = source_find(s, ifaces);

		if (now == NULL || !select_source(m->root, m->conf, now)) {
			log_warnx("mirror \"%s\": %s: %s", m->conf->name,
			    s->name,
			    now != NULL && strcmp(now->name, s->name) == 0 ?
				"no source any more: its addresses have "
				"changed" :
				"interface is gone");
			source_drain(s, mirror_packet, mirror_flush);
			remove_source(m, *at);
			return true;
		}
		if (strcmp(now->name, s->name) != 0)
			rename_source(m, s, now);
	}
	return false;
}

enum mirror_entry
mirror_enter(struct mirror *m, const struct iface *i)
{
	struct err err;

	if (!m->conf->collect || find_source(m, i->index) != NULL ||
	    !select_source(m->root, m->conf, i))
		return MIRROR_NOTHING;
	if (open_source(m, NULL, i, &err) == 0) {
		log_info("mirror \"%s\": %s: capturing", m->conf->name,
		    i->name);
		roll_enter(&m->roll, find_source(m, i->index));
		obey(m);
		return MIRROR_ENTERED;
	}
	/* It went after the list was made: the next one is without it. */
	if (!iface_exists(i))
		return MIRROR_NOTHING;
	m->open_fails = true;
	if (!m->open_failed)
		log_warnx("mirror \"%s\": %s", m->conf->name, err.text);
	return MIRROR_REFUSED;
}

static void
say_states(struct mirror *m)
{
	for (size_t i = 0; i < m->nsources; i++) {
		struct source *s = m->sources[i];

		if (!source_changed_state(s))
			continue;
		if (s->up)
			log_info("mirror \"%s\": %s: interface is up",
			    m->conf->name, s->name);
		else
			log_warnx("mirror \"%s\": %s: interface is down",
			    m->conf->name, s->name);
	}
}

void
mirror_settle(struct mirror *m, const struct iface_list *ifaces)
{
	m->open_failed = m->open_fails;
	m->open_fails = false;
	if (!m->conf->collect)
		return;
	roll_call(&m->roll, m->sources, m->nsources, ifaces);
	say_states(m);
}

void
mirror_reroute(struct mirror *m)
{
	pipeline_reroute(&m->pipeline);
}

/* A clock that is set back must not make a source deaf: the difference wraps
 * around then. */
static void
forget_former_rings(struct mirror *m)
{
	uint64_t now = source_now();

	for (size_t i = 0; i < m->nsources; i++) {
		struct source *s = m->sources[i];

		if (now - s->from_ns <= MIRROR_FORMER_NS)
			continue;
		s->from_ns = 0;
		ring_share_time(s->ring, false);
	}
}

static void
follow_pressure(struct mirror *m)
{
	struct mirror_stats st;

	if (m->conf->nrungs == 0)
		return;
	mirror_stats(m, &st);
	if (relief_look(&m->relief, m->sources, m->nsources,
		&(struct relief_counts) { st.ring_dropped_packets,
		    st.copied_packets, st.congested_packets }))
		obey(m);
}

void
mirror_poll(struct mirror *m)
{
	forget_former_rings(m);
	/* The kernel counts losses in 32 bits, and from 0 when asked. */
	for (size_t i = 0; i < m->nsources; i++) {
		source_count(m->sources[i]);
		source_say_losses(m->sources[i], m->conf->name);
	}
	say_states(m);
	pipeline_poll(&m->pipeline);
	follow_pressure(m);
}

/* ---- looking at it ----------------------------------------------------- */

const struct conf_rung *
mirror_rung(const struct mirror *m)
{
	size_t n = relief_rungs(&m->relief);

	return n == 0 ? NULL : &m->conf->rungs[n - 1];
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

size_t
mirror_ntargets(const struct mirror *m)
{
	return m->pipeline.nmembers;
}

const struct target *
mirror_target(const struct mirror *m, size_t i)
{
	return m->pipeline.members[i].target;
}

double
mirror_share(const struct mirror *m, size_t i)
{
	return balance_share(m->pipeline.balance, i);
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
		if (m->sources[i]->up)
			return MIRROR_COLLECTING;
	return MIRROR_WAITING;
}

enum filter_place
mirror_filter_place(const struct mirror *m)
{
	return filter_place(m->filter);
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
		.sampled_out_packets = m->pipeline.sampled_out_packets,
	};
}
