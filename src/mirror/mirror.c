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
#include "mirror/inside.h"
#include "packet/flow.h"

/* What a ring shares with the one before it has been handled by then. */
#define MIRROR_FORMER_NS UINT64_C(1000000000)

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
	if (m->trace != NULL && trace_wants(m->trace, p))
		n = trace_packet(m->trace, &m->pipeline, s, p, &bytes);
	else
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

void
mirror_inject(struct source *s, const uint8_t *frame, uint32_t len)
{
	const struct mirror *m = s->owner;
	struct packet p = { .data = frame,
		.caplen = len,
		.len = len,
		.time_ns = source_now(),
		.direction = PACKET_IN };

	if (!filter_match(m->filter, frame, len, len, &p.rule) ||
	    filter_is_copy(m->filter, &p))
		return;
	mirror_packet(s, &p);
	mirror_flush(s);
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
		ring_stop(m->sources[i]->ring);
	for (size_t i = 0; i < m->nsources; i++)
		source_drain(m->sources[i], mirror_packet, mirror_flush);
}

/* ---- opening and closing ----------------------------------------------- */

static bool
same_nexthops(const struct conf_mirror *a, const struct conf_mirror *b)
{
	if (a->nnext_hops != b->nnext_hops)
		return false;
	for (size_t i = 0; i < a->nnext_hops; i++)
		if (!addr_equal(&a->next_hops[i], &b->next_hops[i]))
			return false;
	return true;
}

static int
open_filter(struct mirror *m, struct mirror *old, struct err *err)
{
	const struct filter *before = old == NULL ? NULL : old->filter;

	if (filter_new(&m->filter, m->root, m->conf, err) == -1)
		return -1;
	if (before != NULL && filter_equal(m->filter, before) &&
	    same_nexthops(m->conf, old->conf)) {
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
	const struct source_use use = { m->conf, m->filter, before };
	struct source *s;

	if (before != NULL && source_same(before, m->conf, i)) {
		if ((s = source_borrow(&use)) == NULL)
			return err_sys(err, "%s", i->name);
	} else if (source_open(&s, &use, i, err) == -1) {
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

static int
prepare(struct mirror *m, struct bandwidth *bandwidth, struct mirror *old,
    struct err *err)
{
	const struct conf_mirror *cm = m->conf;

	relief_init(&m->relief, cm);
	if (roll_init(&m->roll, cm, err) == -1 ||
	    open_filter(m, old, err) == -1 ||
	    hits_init(&m->hits, cm, old == NULL ? NULL : old->conf, err) == -1)
		return -1;
	return pipeline_init(&m->pipeline, m->root, cm, bandwidth,
	    old == NULL ? NULL : &old->pipeline, err);
}

/* Takes m; rc: of prepare. */
static int
finish(struct mirror **out, struct mirror *m, int rc,
    const struct conf_mirror *cm, struct err *why, struct err *err)
{
	if (rc == 0) {
		*out = m;
		return 0;
	}
	mirror_free(m);
	return err_set(err, "mirror \"%s\": %s", cm->name, why->text);
}

static struct mirror *
allocate(const struct conf *c, const struct conf_mirror *cm, struct err *err)
{
	struct mirror *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		err_sys(err, "mirror \"%s\"", cm->name);
		return NULL;
	}
	m->root = c;
	m->conf = cm;
	return m;
}

int
mirror_new(struct mirror **out, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    struct mirror *old, struct err *err)
{
	struct mirror *m = allocate(c, cm, err);
	struct err why;

	if (m == NULL)
		return -1;
	return finish(out, m, prepare(m, bandwidth, old, &why), cm, &why, err);
}

int
mirror_plan(struct mirror **out, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    struct target_plan *plan, struct err *err)
{
	struct mirror *m = allocate(c, cm, err);
	struct err why;

	if (m == NULL)
		return -1;
	m->pipeline.plan = plan;
	return finish(out, m, prepare(m, bandwidth, NULL, &why), cm, &why, err);
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

/* Where the rings end that the new mirror does not go on with: a new ring of
 * the same interface has what comes from now on. They are stopped together, as
 * each has to be waited for. */
static void
stop_left_sources(struct mirror *m, struct mirror *old)
{
	bool goes_on = false;

	for (size_t i = 0; i < old->nsources; i++) {
		struct source *s = old->sources[i];
		struct source *next = find_source(m, s->ifindex);

		s->until_ns = UINT64_MAX;
		if (s->ring_lent || next == NULL)
			continue;
		source_succeed(next, s);
		goes_on = true;
	}
	if (goes_on)
		source_await_stamped();
	for (size_t i = 0; i < old->nsources; i++)
		if (!old->sources[i]->ring_lent)
			ring_stop(old->sources[i]->ring);
}

/* What they hold is sent the old way. */
static void
drain_left_sources(struct mirror *m, struct mirror *old)
{
	stop_left_sources(m, old);
	for (size_t i = 0; i < old->nsources; i++) {
		struct source *s = old->sources[i];

		if (s->ring_lent)
			continue;
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
		    source_set_filter(s, m->filter, NULL) == -1)
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
	m->drops = old->drops;
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
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("interface-renamed", LOG_TEXT("mirror", m->conf->name),
		LOG_TEXT("interface", now->name), LOG_TEXT("before", s->name)),
	    "mirror \"%s\": %s: interface is called %s now", m->conf->name,
	    s->name, now->name);
	source_count(s);
	roll_leave(&m->roll, s);
	source_rename(s, now);
}

/* now: the interface of s, or NULL. */
static void
say_leaving(const struct mirror *m, const struct source *s,
    const struct iface *now)
{
	const char *name = m->conf->name;

	if (now == NULL)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("interface-gone", LOG_TEXT("mirror", name),
			LOG_TEXT("interface", s->name)),
		    "mirror \"%s\": %s: interface is gone", name, s->name);
	else if (strcmp(now->name, s->name) != 0)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("interface-left", LOG_TEXT("mirror", name),
			LOG_TEXT("interface", now->name),
			LOG_TEXT("before", s->name)),
		    "mirror \"%s\": %s: interface is called %s now, and is no "
		    "source any more",
		    name, s->name, now->name);
	else
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("interface-left", LOG_TEXT("mirror", name),
			LOG_TEXT("interface", s->name)),
		    "mirror \"%s\": %s: no source any more: its addresses have "
		    "changed",
		    name, s->name);
}

bool
mirror_leave(struct mirror *m, const struct iface_list *ifaces, size_t *at)
{
	for (; *at < m->nsources; ++*at) {
		struct source *s = m->sources[*at];
		const struct iface *now = source_find(s, ifaces);

		if (now == NULL || !select_source(m->root, m->conf, now)) {
			say_leaving(m, s, now);
			source_drain(s, mirror_packet, mirror_flush);
			remove_source(m, *at);
			return true;
		}
		if (strcmp(now->name, s->name) != 0)
			rename_source(m, s, now);
	}
	/* Only now have all let go of the name that another one has taken. */
	for (size_t i = 0; i < m->nsources; i++)
		roll_enter(&m->roll, m->sources[i]);
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
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("interface-captured",
			LOG_TEXT("mirror", m->conf->name),
			LOG_TEXT("interface", i->name)),
		    "mirror \"%s\": %s: capturing", m->conf->name, i->name);
		roll_enter(&m->roll, find_source(m, i->index));
		obey(m);
		return MIRROR_ENTERED;
	}
	/* It went after the list was made: the next one is without it. */
	if (!iface_exists(i))
		return MIRROR_NOTHING;
	if (!m->open_failed && !m->open_fails)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("interface-refused",
			LOG_TEXT("mirror", m->conf->name),
			LOG_TEXT("interface", i->name)),
		    "mirror \"%s\": %s", m->conf->name, err.text);
	m->open_fails = true;
	return MIRROR_REFUSED;
}

static void
say_states(struct mirror *m)
{
	for (size_t i = 0; i < m->nsources; i++) {
		struct source *s = m->sources[i];

		nexthop_say(&s->nexthops, m->conf->name, s->name, s->up,
		    source_clock_ms());
		if (!source_changed_state(s))
			continue;
		log_event(s->up ? LOG_LEVEL_INFO : LOG_LEVEL_WARN,
		    LOG_KEYS(s->up ? "interface-up" : "interface-down",
			LOG_TEXT("mirror", m->conf->name),
			LOG_TEXT("interface", s->name)),
		    "mirror \"%s\": %s: interface is %s", m->conf->name,
		    s->name, s->up ? "up" : "down");
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
mirror_set_place_down(struct mirror *m, size_t i, size_t j, bool down)
{
	pipeline_set_down(&m->pipeline, m->pipeline.groups[i].first + j, down);
}

void
mirror_settle_targets(struct mirror *m)
{
	pipeline_settle(&m->pipeline);
}

void
mirror_hear(struct mirror *m, unsigned ifindex, const struct addr *a,
    const uint8_t *mac)
{
	struct source *s = find_source(m, ifindex);

	if (s != NULL)
		source_hear(s, m->conf->name, a, mac);
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
follow_pressure(struct mirror *m, const struct mirror_stats *st)
{
	const struct relief_counts now = { st->ring_dropped_packets,
		st->copied_packets, st->congested_packets };

	if (m->conf->nrungs > 0 &&
	    relief_look(&m->relief, m->sources, m->nsources, &now))
		obey(m);
}

void
mirror_poll(struct mirror *m)
{
	say_states(m);
	pipeline_poll(&m->pipeline);
}

void
mirror_tick(struct mirror *m)
{
	struct mirror_stats st;

	forget_former_rings(m);
	/* The kernel counts losses in 32 bits, and from 0 when asked. */
	mirror_stats(m, &st);
	for (size_t i = 0; i < m->nsources; i++)
		source_say_losses(m->sources[i], m->conf->name);
	drops_say(&m->drops, m->conf->name, &st);
	follow_pressure(m, &st);
	pipeline_tick(&m->pipeline);
	mirror_poll(m);
}
