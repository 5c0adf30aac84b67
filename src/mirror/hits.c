/* SPDX-License-Identifier: ISC */
/* What each rule of a mirror has collected. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "mirror/hits.h"

static int
compare_names(const void *a, const void *b)
{
	const struct conf_rule *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* The rules in the order of their names, or NULL. */
static const struct conf_rule **
by_name(const struct conf_mirror *m)
{
	const struct conf_rule **v = calloc(m->nrules + 1, sizeof(*v));

	if (v == NULL)
		return NULL;
	for (size_t i = 0; i < m->nrules; i++)
		v[i] = &m->rules[i];
	qsort(v, m->nrules, sizeof(*v), compare_names);
	return v;
}

/* Walks both in order. */
static int
find_former(struct hits *h, const struct conf_mirror *m,
    const struct conf_mirror *old)
{
	const struct conf_rule **v = by_name(m), **before = by_name(old);
	size_t j = 0;
	int rc = -1;

	if (v != NULL && before != NULL) {
		for (size_t i = 0; i < m->nrules; i++) {
			int order = -1;

			while (j < old->nrules &&
			    (order = strcmp(before[j]->name, v[i]->name)) < 0)
				j++;
			if (j < old->nrules && order == 0)
				h->former[v[i] - m->rules] =
				    (uint32_t)(before[j] - old->rules);
		}
		rc = 0;
	}
	free(v);
	free(before);
	return rc;
}

int
hits_init(struct hits *h, const struct conf_mirror *m,
    const struct conf_mirror *old, struct err *err)
{
	h->n = m->nrules;
	h->rule = calloc(h->n + 1, sizeof(*h->rule));
	h->former = calloc(h->n + 1, sizeof(*h->former));
	if (h->rule == NULL || h->former == NULL)
		return err_sys(err, "rules");
	for (size_t i = 0; i < h->n; i++)
		h->former[i] = HITS_NEW;
	if (old != NULL && find_former(h, m, old) == -1)
		return err_sys(err, "rules");
	return 0;
}

void
hits_fini(struct hits *h)
{
	free(h->rule);
	free(h->former);
	memset(h, 0, sizeof(*h));
}

void
hits_adopt(struct hits *h, const struct hits *old)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->former[i] != HITS_NEW)
			h->rule[i] += hits_get(old, h->former[i]);
}
