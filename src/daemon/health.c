/* SPDX-License-Identifier: ISC */
/* Health checks of all targets, and what the mirrors make of them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "daemon/health.h"
#include "daemon/ping.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define SUBJECT_MAX (ADDR_TEXT_MAX + 16)

struct check {
	struct check *next;
	struct probe *probe;
	bool wanted;
};

struct health {
	struct ev_loop *loop;
	struct pings *pings;
	const struct generation *gen;
	struct check *first;
};

int
health_new(struct health **out, struct ev_loop *loop, struct err *err)
{
	struct health *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->pings = pings_new(loop)) == NULL) {
		free(h);
		return err_sys(err, "health checks");
	}
	h->loop = loop;
	*out = h;
	return 0;
}

static void
remove_check(struct check **at)
{
	struct check *c = *at;

	*at = c->next;
	probe_free(c->probe);
	free(c);
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	while (h->first != NULL)
		remove_check(&h->first);
	pings_free(h->pings);
	free(h);
}

/* ---- places and checks --------------------------------------------------- */

/* Of place j of t. Returns false if it is not to be checked. */
static bool
get_key(struct probe_key *key, const struct generation *g,
    const struct conf_target *t, size_t j)
{
	*key = (struct probe_key) { .address = t->places[j].address,
		.way = { .source = t->source_address, .mark = g->conf->mark },
		.check = t->check };
	if (t->interface != NULL)
		snprintf(key->way.interface, sizeof(key->way.interface), "%s",
		    t->interface);
	return t->check.kind != CONF_CHECK_NONE;
}

typedef bool compare(const struct probe_key *a, const struct probe_key *b);

static struct check *
find(const struct health *h, const struct probe_key *key, compare *fits)
{
	struct check *c = h->first;

	while (c != NULL && !fits(probe_key(c->probe), key))
		c = c->next;
	return c;
}

static struct check *
find_check(const struct health *h, const struct probe_key *key)
{
	return find(h, key, probe_key_equal);
}

bool
health_look(const struct health *h, const struct mirror *m, size_t i, size_t j,
    struct probe_state *out)
{
	struct probe_key key;
	const struct check *c;

	if (!get_key(&key, h->gen, mirror_conf(m)->targets[i], j) ||
	    (c = find_check(h, &key)) == NULL)
		return false;
	probe_look(c->probe, out);
	return true;
}

/* ---- news ---------------------------------------------------------------- */

/* "icmp 10.0.9.11" or "tcp 10.0.9.11 port 80". */
static void
describe(char buf[static SUBJECT_MAX], const struct probe_key *key)
{
	char address[ADDR_TEXT_MAX], port[16] = "";

	if (key->check.port != 0)
		snprintf(port, sizeof(port), " port %u", key->check.port);
	snprintf(buf, SUBJECT_MAX, "%s %s%s",
	    schema_check_name(key->check.kind),
	    addr_format(&key->address, address), port);
}

static void
say_news(const struct probe *p, const char *target)
{
	const struct probe_key *key = probe_key(p);
	char subject[SUBJECT_MAX];
	struct probe_state state;

	describe(subject, key);
	probe_look(p, &state);
	if (state.down)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("target-down", LOG_TEXT("target", target),
			LOG_TEXT("check", subject),
			LOG_TEXT("error", state.last_error)),
		    "target \"%s\": down: %s: %s (%u in a row); its flows go "
		    "to the others",
		    target, subject, state.last_error, key->check.fall);
	else
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("target-up", LOG_TEXT("target", target),
			LOG_TEXT("check", subject)),
		    "target \"%s\": up: %s: %u answers in a row; its flows "
		    "come back",
		    target, subject, key->check.rise);
}

static void
tell_mirror(const struct health *h, struct mirror *m)
{
	const struct conf_mirror *cm = mirror_conf(m);
	struct probe_state state;

	for (size_t i = 0; i < cm->ntargets; i++)
		for (size_t j = 0; j < cm->targets[i]->nplaces; j++)
			mirror_set_place_down(m, i, j,
			    health_look(h, m, i, j, &state) && state.down);
	mirror_settle_targets(m);
}

static bool
is_checked_by(const struct health *h, const struct conf_target *t, size_t j,
    const struct probe *p)
{
	struct probe_key key;

	return get_key(&key, h->gen, t, j) &&
	    probe_key_equal(&key, probe_key(p));
}

static bool
has_place(const struct health *h, const struct conf_target *t,
    const struct probe *p)
{
	size_t j = 0;

	while (j < t->nplaces && !is_checked_by(h, t, j, p))
		j++;
	return j < t->nplaces;
}

/* Of this probe alone: when thousands of places go down at once, looking at
 * all the others each time would take seconds. */
static void
tell_mirror_news(const struct health *h, struct mirror *m,
    const struct probe *p)
{
	const struct conf_mirror *cm = mirror_conf(m);
	struct probe_state state;
	bool told = false;

	probe_look(p, &state);
	for (size_t i = 0; i < cm->ntargets; i++)
		for (size_t j = 0; j < cm->targets[i]->nplaces; j++)
			if (is_checked_by(h, cm->targets[i], j, p)) {
				mirror_set_place_down(m, i, j, state.down);
				told = true;
			}
	if (told)
		mirror_settle_targets(m);
}

static void
on_news(void *arg, const struct probe *p)
{
	const struct health *h = arg;
	const struct generation *g = h->gen;

	for (size_t i = 0; i < g->conf->ntargets; i++)
		if (has_place(h, &g->conf->targets[i], p))
			say_news(p, g->conf->targets[i].name);
	for (size_t i = 0; i < g->nmirrors; i++)
		tell_mirror_news(h, g->mirrors[i], p);
}

/* ---- from one configuration to the next ---------------------------------- */

/* Without memory the target goes unchecked, and is up, until the next time. A
 * check that only changes its times knows what the one before has found. */
static void
want(struct health *h, const struct probe_key *key)
{
	struct check *c = find_check(h, key);

	if (c == NULL) {
		const struct check *like = find(h, key, probe_key_alike);

		if ((c = calloc(1, sizeof(*c))) != NULL)
			c->probe = probe_new(h->loop, h->pings, key,
			    like == NULL ? NULL : like->probe, on_news, h);
		if (c == NULL || c->probe == NULL) {
			free(c);
			log_warn("health checks");
			return;
		}
		c->next = h->first;
		h->first = c;
	}
	c->wanted = true;
}

static void
want_places(struct health *h, const struct conf_target *t)
{
	struct probe_key key;

	for (size_t j = 0; j < t->nplaces; j++)
		if (get_key(&key, h->gen, t, j))
			want(h, &key);
}

void
health_follow(struct health *h, const struct generation *g)
{
	h->gen = g;
	for (struct check *c = h->first; c != NULL; c = c->next)
		c->wanted = false;
	for (size_t i = 0; i < g->nmirrors; i++) {
		const struct conf_mirror *cm = mirror_conf(g->mirrors[i]);

		for (size_t j = 0; j < cm->ntargets; j++)
			want_places(h, cm->targets[j]);
	}
	for (struct check **at = &h->first; *at != NULL;)
		if ((*at)->wanted)
			at = &(*at)->next;
		else
			remove_check(at);
	for (size_t i = 0; i < g->nmirrors; i++)
		tell_mirror(h, g->mirrors[i]);
}
