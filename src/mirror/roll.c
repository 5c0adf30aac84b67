/* SPDX-License-Identifier: ISC */
/* The roll of a mirror's sources. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "conf/conf.h"
#include "conf/select.h"
#include "mirror/roll.h"

static const char *const state_names[] = {
	[SOURCE_UP] = "up",
	[SOURCE_DOWN] = "down",
	[SOURCE_MISSING] = "missing",
};

const char *
source_state_name(enum source_state state)
{
	return state_names[state];
}

int
roll_init(struct roll *r, const struct conf_mirror *cm, struct err *err)
{
	r->conf = cm;
	r->missing = calloc(cm->sources.n, sizeof(*r->missing));
	return r->missing == NULL ? err_sys(err, "sources") : 0;
}

void
roll_fini(struct roll *r)
{
	free(r->missing);
}

/* ---- what was counted -------------------------------------------------- */

static bool
is_configured(const struct roll *r, const char *name)
{
	const struct conf_words *w = &r->conf->sources;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i].text, name) == 0)
			return true;
	return false;
}

static size_t
find_name(const struct roll *r, const char *name)
{
	size_t i = 0;

	while (i < r->nnames && strcmp(r->names[i].name, name) != 0)
		i++;
	return i;
}

static void
remove_name(struct roll *r, size_t i)
{
	r->nnames--;
	memmove(&r->names[i], &r->names[i + 1],
	    (r->nnames - i) * sizeof(r->names[0]));
}

/* Of those that a pattern found, as containers' are, the name hardly ever
 * returns. */
static void
forget_one(struct roll *r)
{
	size_t i = 0;

	while (i < r->nnames && r->names[i].configured)
		i++;
	if (i == r->nnames)
		i = 0;
	source_stats_add(&r->others, &r->names[i].stats);
	remove_name(r, i);
}

void
roll_leave(struct roll *r, const struct source *s)
{
	size_t i = find_name(r, s->name);

	if (i == r->nnames) {
		if (r->nnames == ROLL_NAMES) {
			forget_one(r);
			i--;
		}
		memset(&r->names[i], 0, sizeof(r->names[i]));
		memcpy(r->names[i].name, s->name, sizeof(s->name));
		r->names[i].configured = is_configured(r, s->name);
		r->nnames++;
	}
	source_stats_add(&r->names[i].stats, &s->stats);
}

void
roll_enter(struct roll *r, struct source *s)
{
	size_t i = find_name(r, s->name);

	if (i == r->nnames)
		return;
	source_go_on(s, &r->names[i].stats);
	remove_name(r, i);
}

void
roll_adopt(struct roll *r, const struct roll *old)
{
	memcpy(r->names, old->names, old->nnames * sizeof(r->names[0]));
	r->nnames = old->nnames;
	r->others = old->others;
	for (size_t i = 0; i < r->nnames; i++)
		r->names[i].configured = is_configured(r, r->names[i].name);
}

void
roll_count(const struct roll *r, struct source_stats *sum)
{
	*sum = r->others;
	for (size_t i = 0; i < r->nnames; i++)
		source_stats_add(sum, &r->names[i].stats);
}

/* ---- who is there ------------------------------------------------------ */

static bool
is_missing(const char *word, struct source *const *v, size_t n,
    const struct iface_list *ifaces)
{
	const struct iface *owner;
	struct addr a;

	switch (select_kind(word)) {
	case SELECT_NAME:
		break;
	case SELECT_ADDRESS:
		addr_parse(&a, word);
		if ((owner = iface_by_addr(ifaces, &a)) == NULL)
			return true;
		word = owner->name;
		break;
	default:
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i]->name, word) == 0)
			return false;
	return true;
}

void
roll_call(struct roll *r, struct source *const *v, size_t n,
    const struct iface_list *ifaces)
{
	const struct conf_words *w = &r->conf->sources;

	for (size_t i = 0; i < n; i++) {
		const struct iface *now = iface_by_name(ifaces, v[i]->name);

		v[i]->up = now != NULL && now->up;
	}
	for (size_t i = 0; i < w->n; i++)
		r->missing[i] = is_missing(w->v[i].text, v, n, ifaces);
}

static void
get_missing(const struct roll *r, const char *word, struct source_status *out)
{
	size_t i = find_name(r, word);

	*out = (struct source_status) { .name = word, .state = SOURCE_MISSING };
	if (i < r->nnames)
		out->stats = r->names[i].stats;
}

bool
roll_get(const struct roll *r, struct source *const *v, size_t n, size_t i,
    struct source_status *out)
{
	const struct conf_words *w = &r->conf->sources;

	if (i < n) {
		*out = (struct source_status) { .name = v[i]->name,
			.state = v[i]->up ? SOURCE_UP : SOURCE_DOWN,
			.stats = v[i]->stats };
		return true;
	}
	for (size_t k = 0; k < w->n; k++)
		if (r->missing[k] && i-- == n) {
			get_missing(r, w->v[k].text, out);
			return true;
		}
	return false;
}
