/* SPDX-License-Identifier: ISC */
/* The rates of the last minute, by name. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/history.h"

struct track {
	char *name;
	double rates[HISTORY_SIZE];
};

struct history {
	struct track *tracks;
	size_t n;
	size_t now; /* index of this second in all tracks */
};

struct history *
history_new(void)
{
	return calloc(1, sizeof(struct history));
}

void
history_free(struct history *h)
{
	if (h == NULL)
		return;
	for (size_t i = 0; i < h->n; i++)
		free(h->tracks[i].name);
	free(h->tracks);
	free(h);
}

static bool
is_empty(const struct track *t)
{
	for (size_t i = 0; i < HISTORY_SIZE; i++)
		if (!isnan(t->rates[i]))
			return false;
	return true;
}

void
history_begin(struct history *h)
{
	size_t kept = 0;

	h->now = (h->now + 1) % HISTORY_SIZE;
	for (size_t i = 0; i < h->n; i++) {
		h->tracks[i].rates[h->now] = NAN;
		if (is_empty(&h->tracks[i]))
			free(h->tracks[i].name);
		else
			h->tracks[kept++] = h->tracks[i];
	}
	h->n = kept;
}

static struct track *
find(const struct history *h, const char *name)
{
	for (size_t i = 0; i < h->n; i++)
		if (strcmp(h->tracks[i].name, name) == 0)
			return &h->tracks[i];
	return NULL;
}

static struct track *
add_track(struct history *h, const char *name)
{
	struct track *more = reallocarray(h->tracks, h->n + 1, sizeof(*more));
	struct track *t;

	if (more == NULL)
		return NULL;
	h->tracks = more;
	t = &more[h->n];
	if ((t->name = strdup(name)) == NULL)
		return NULL;
	for (size_t i = 0; i < HISTORY_SIZE; i++)
		t->rates[i] = NAN;
	h->n++;
	return t;
}

void
history_add(struct history *h, const char *name, double rate)
{
	struct track *t = find(h, name);

	if (t == NULL && !isnan(rate))
		t = add_track(h, name);
	if (t != NULL)
		t->rates[h->now] = rate;
}

void
history_get(const struct history *h, const char *name, size_t n, double *rates)
{
	const struct track *t = find(h, name);

	for (size_t i = 0; i < n; i++) {
		size_t age = n - 1 - i;

		rates[i] = t == NULL || age >= HISTORY_SIZE ?
		    NAN :
		    t->rates[(h->now + HISTORY_SIZE - age) % HISTORY_SIZE];
	}
}
