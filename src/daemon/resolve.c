/* SPDX-License-Identifier: ISC */
/* The names of DNS that targets have for addresses: what they stand for, as
 * long as the daemon runs. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ev.h>

#include "base/log.h"
#include "base/random.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "daemon/lookup.h"
#include "daemon/resolve.h"

/* Seconds to the next question: as the TTL says, within bounds; after a failure
 * 1, 2, 4 and so on, each a quarter more or less. */
#define RESOLVE_LEAST	   1
#define RESOLVE_MOST	   14400
#define RESOLVE_RETRY_MOST 32
#define RESOLVE_JITTER	   0.25

/* Answers that come one after the other are put in force together. */
#define RESOLVE_GATHER 0.02

/* Bytes of a list of places in the log. */
#define PLACES_TEXT_MAX 400
#define REASON_MAX	128

struct answer {
	struct conf_place *v;
	size_t n;
};

struct name {
	struct name *next;
	struct resolve *owner;
	char *text;
	bool wanted;
	bool asked;		   /* answered, or failed, at least once */
	struct answer now, coming; /* coming: if fresh */
	bool fresh;
	size_t left_out;   /* as last logged */
	unsigned failures; /* in a row */
	struct lookup *lookup;
	ev_timer again;
};

struct resolve {
	struct ev_loop *loop;
	struct name *names;
	ev_timer gather;
	bool waiting; /* see resolve_wait */
	resolve_cb *cb;
	void *arg;
	unsigned short seed[3];
};

/* ---- the log ---------------------------------------------------------------
 */

/* "10.0.0.1,[fd00::1]:4790*10": with port and weight if the name says them. */
static void
format_places(char buf[static PLACES_TEXT_MAX], const struct answer *a)
{
	char address[ADDR_TEXT_MAX], one[ADDR_TEXT_MAX + 20];
	size_t used = 0;

	snprintf(buf, PLACES_TEXT_MAX, "%s", a->n == 0 ? "none" : "");
	for (size_t i = 0; i < a->n; i++) {
		const struct conf_place *p = &a->v[i];
		bool six = p->address.family == AF_INET6;

		addr_format(&p->address, address);
		if (p->port == 0)
			snprintf(one, sizeof(one), "%s", address);
		else
			snprintf(one, sizeof(one), "%s%s%s:%u*%u",
			    six ? "[" : "", address, six ? "]" : "", p->port,
			    p->weight);
		if (used + strlen(one) + sizeof(",...") > PLACES_TEXT_MAX) {
			snprintf(buf + used, PLACES_TEXT_MAX - used, ",...");
			return;
		}
		used += (size_t)snprintf(buf + used, PLACES_TEXT_MAX - used,
		    "%s%s", i == 0 ? "" : ",", one);
	}
}

static void
say_change(const struct name *n)
{
	char before[PLACES_TEXT_MAX], now[PLACES_TEXT_MAX];

	format_places(before, &n->coming);
	format_places(now, &n->now);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("dns-changed", LOG_TEXT("name", n->text),
		LOG_NUMBER("places", n->now.n), LOG_TEXT("old", before),
		LOG_TEXT("new", now)),
	    "dns: %s: places have changed", n->text);
}

static void
say_failure(const struct name *n, const char *why)
{
	log_event(LOG_LEVEL_WARN,
	    LOG_KEYS("dns-failed", LOG_TEXT("name", n->text),
		LOG_TEXT("reason", why), LOG_NUMBER("places", n->now.n)),
	    "dns: %s: %s: %s", n->text, why,
	    n->now.n > 0 ? "the last good answer stays" :
			   "its targets get nothing until there is an answer");
}

static void
say_answers(const struct name *n)
{
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("dns-answers", LOG_TEXT("name", n->text),
		LOG_NUMBER("failures", n->failures)),
	    "dns: %s: answers again", n->text);
}

static void
say_left_out(struct name *n, size_t left_out)
{
	if (left_out > 0 && n->left_out == 0)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("dns-left-out", LOG_TEXT("name", n->text),
			LOG_NUMBER("left_out", left_out)),
		    "dns: %s: stands for more than %d places: the first ones "
		    "are used",
		    n->text, LOOKUP_PLACES_MAX);
	n->left_out = left_out;
}

/* ---- answers ---------------------------------------------------------------
 */

static bool
same_places(const struct answer *a, const struct lookup_answer *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (conf_place_compare(&a->v[i], &b->v[i]) != 0 ||
		    a->v[i].weight != b->v[i].weight)
			return false;
	return true;
}

static void
forget_coming(struct name *n)
{
	free(n->coming.v);
	n->coming = (struct answer) { NULL, 0 };
	n->fresh = false;
}

static int
keep_coming(struct name *n, const struct lookup_answer *a)
{
	struct conf_place *v = calloc(a->n, sizeof(*v));

	if (v == NULL)
		return -1;
	memcpy(v, a->v, a->n * sizeof(*v));
	n->coming = (struct answer) { v, a->n };
	n->fresh = true;
	return 0;
}

static void
swap_answers(const struct resolve *r)
{
	for (struct name *n = r->names; n != NULL; n = n->next) {
		struct answer now = n->now;

		if (!n->fresh)
			continue;
		n->now = n->coming;
		n->coming = now;
	}
}

static void
ask_again(struct name *n, double seconds)
{
	ev_timer_stop(n->owner->loop, &n->again);
	ev_timer_set(&n->again, seconds, 0);
	ev_timer_start(n->owner->loop, &n->again);
}

/* The answer is refused: the next one is not left to a TTL of hours. */
static void
hurry(struct name *n)
{
	if (ev_timer_remaining(n->owner->loop, &n->again) > RESOLVE_RETRY_MOST)
		ask_again(n, RESOLVE_RETRY_MOST);
}

static void
on_gather(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct resolve *r = w->data;
	bool done;

	swap_answers(r);
	done = r->waiting || r->cb(r->arg);
	if (!done)
		swap_answers(r);
	for (struct name *n = r->names; n != NULL; n = n->next) {
		if (done && n->fresh)
			say_change(n);
		else if (n->fresh)
			hurry(n);
		forget_coming(n);
	}
}

static void
fail(struct name *n, const char *why)
{
	double wait = ldexp(1, n->failures < 16 ? (int)n->failures : 16);
	double jitter = 1 - RESOLVE_JITTER +
	    2 * RESOLVE_JITTER * erand48(n->owner->seed);

	if (n->failures++ == 0)
		say_failure(n, why);
	ask_again(n, fmin(wait, RESOLVE_RETRY_MOST) * jitter);
}

static bool
has_family(const struct answer *a, int family)
{
	size_t i = 0;

	while (i < a->n && a->v[i].address.family != family)
		i++;
	return i < a->n;
}

/* Why a is no good answer, or NULL. What is not known of one kind of address
 * does not matter unless the last good answer has such. */
static const char *
refute(char buf[static REASON_MAX], const struct name *n,
    const struct lookup_answer *a)
{
	const char *no_a = a->unknown[LOOKUP_IPV4];
	const char *no_aaaa = a->unknown[LOOKUP_IPV6];

	if (a->error != NULL)
		return a->error;
	if (no_a != NULL && has_family(&n->now, AF_INET))
		snprintf(buf, REASON_MAX, "A: %s", no_a);
	else if (no_aaaa != NULL && has_family(&n->now, AF_INET6))
		snprintf(buf, REASON_MAX, "AAAA: %s", no_aaaa);
	else
		return NULL;
	return buf;
}

/* A name that comes to stand for nothing has failed: what is gone for good, an
 * operator takes out of the configuration. */
static void
on_answer(void *arg, const struct lookup_answer *a)
{
	struct name *n = arg;
	struct resolve *r = n->owner;
	char buf[REASON_MAX];
	const char *why = refute(buf, n, a);

	n->asked = true;
	forget_coming(n);
	if (why != NULL) {
		fail(n, why);
	} else if (!same_places(&n->now, a) && keep_coming(n, a) == -1) {
		fail(n, "out of memory");
	} else {
		if (n->failures > 0)
			say_answers(n);
		n->failures = 0;
		say_left_out(n, a->left_out);
		ask_again(n, fmin(fmax(a->ttl, RESOLVE_LEAST), RESOLVE_MOST));
	}
	if (n->fresh && !ev_is_active(&r->gather)) {
		ev_timer_set(&r->gather, RESOLVE_GATHER, 0);
		ev_timer_start(r->loop, &r->gather);
	}
	lookup_free(n->lookup);
	n->lookup = NULL;
}

static void
on_again(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct name *n = w->data;

	n->lookup = lookup_new(loop, n->text, on_answer, n);
	if (n->lookup == NULL)
		fail(n, "out of memory");
}

/* ---- names ------------------------------------------------------------------
 */

static void
free_name(struct name *n)
{
	ev_timer_stop(n->owner->loop, &n->again);
	lookup_free(n->lookup);
	free(n->now.v);
	free(n->coming.v);
	free(n->text);
	free(n);
}

static struct name *
find_name(const struct resolve *r, const char *text)
{
	struct name *n = r->names;

	while (n != NULL && strcasecmp(n->text, text) != 0)
		n = n->next;
	return n;
}

static void
want_name(struct resolve *r, const char *text)
{
	struct name *n = find_name(r, text);

	if (n != NULL) {
		n->wanted = true;
		return;
	}
	n = calloc(1, sizeof(*n));
	if (n == NULL || (n->text = strdup(text)) == NULL) {
		free(n);
		log_warn("dns: %s", text);
		return;
	}
	n->owner = r;
	n->wanted = true;
	n->next = r->names;
	r->names = n;
	ev_timer_init(&n->again, on_again, 0, 0);
	n->again.data = n;
	ask_again(n, 0);
}

struct resolve *
resolve_new(struct ev_loop *loop, resolve_cb *cb, void *arg)
{
	struct resolve *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->cb = cb;
	r->arg = arg;
	ev_timer_init(&r->gather, on_gather, 0, 0);
	r->gather.data = r;
	random_fill(r->seed, sizeof(r->seed));
	return r;
}

void
resolve_free(struct resolve *r)
{
	if (r == NULL)
		return;
	ev_timer_stop(r->loop, &r->gather);
	while (r->names != NULL) {
		struct name *n = r->names;

		r->names = n->next;
		free_name(n);
	}
	free(r);
}

void
resolve_follow(struct resolve *r, const struct conf *c)
{
	for (struct name *n = r->names; n != NULL; n = n->next)
		n->wanted = false;
	for (size_t i = 0; i < c->nmirrors; i++)
		for (size_t j = 0; j < c->mirrors[i].ntargets; j++)
			if (c->mirrors[i].targets[j]->host.name != NULL)
				want_name(r,
				    c->mirrors[i].targets[j]->host.name);
	for (struct name **at = &r->names; *at != NULL;) {
		struct name *n = *at;

		if (n->wanted) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		free_name(n);
	}
}

static bool
all_asked(const struct resolve *r)
{
	for (const struct name *n = r->names; n != NULL; n = n->next)
		if (!n->asked)
			return false;
	return true;
}

static void
on_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	*(bool *)w->data = true;
}

void
resolve_wait(struct resolve *r, double seconds)
{
	bool over = false;
	ev_timer limit;

	ev_timer_init(&limit, on_limit, seconds, 0);
	limit.data = &over;
	ev_timer_start(r->loop, &limit);
	r->waiting = true;
	while (!over && !all_asked(r))
		ev_run(r->loop, EVRUN_ONCE);
	ev_timer_stop(r->loop, &limit);
	ev_timer_stop(r->loop, &r->gather);
	on_gather(r->loop, &r->gather, 0);
	r->waiting = false;
	for (struct name *n = r->names; n != NULL; n = n->next)
		if (!n->asked) {
			say_failure(n, "no answer yet");
			n->failures = 1;
		}
}

/* ---- places -------------------------------------------------------------- */

static int
apply(const struct answer *a, struct conf *c, struct conf_target *t)
{
	struct conf_place v[LOOKUP_PLACES_MAX];
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++) {
		struct conf_place p = a->v[i];

		if (t->source_address.family != 0 &&
		    t->source_address.family != p.address.family)
			continue;
		if (p.port == 0 || !conf_encap_has_ports(t->encap))
			p.port = t->port;
		v[n++] = p;
	}
	return overlay_set_places(c, t, v, n);
}

int
resolve_apply(const struct resolve *r, struct conf *c)
{
	for (size_t i = 0; r != NULL && i < c->ntargets; i++) {
		struct conf_target *t = &c->targets[i];
		const struct name *n;

		if (t->host.name == NULL)
			continue;
		n = find_name(r, t->host.name);
		if (n != NULL && apply(&n->now, c, t) == -1)
			return -1;
	}
	return 0;
}
