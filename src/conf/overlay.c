/* SPDX-License-Identifier: ISC */
/* A configuration that differs from another one in what an operator has
 * switched, and in what names of DNS stand for. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/overlay.h"

static void *
copy_array(const void *v, size_t n, size_t size)
{
	void *copy = calloc(n + 1, size);

	if (copy != NULL && n > 0)
		memcpy(copy, v, n * size);
	return copy;
}

/* The mirrors' lists of targets are to name the targets of the overlay. */
static int
copy_targets(struct conf *c, const struct conf *base)
{
	for (size_t i = 0; i < c->nmirrors; i++) {
		struct conf_mirror *m = &c->mirrors[i];
		const struct conf_target **v = calloc(m->ntargets + 1,
		    sizeof(*v));

		for (size_t j = 0; v != NULL && j < m->ntargets; j++)
			v[j] = &c->targets[m->targets[j] - base->targets];
		m->targets = v;
		if (v == NULL) {
			c->nmirrors = i;
			return -1;
		}
	}
	return 0;
}

struct conf *
overlay_new(struct conf *base)
{
	struct conf *c = malloc(sizeof(*c));

	if (c == NULL)
		return NULL;
	*c = *base;
	c->base = base;
	c->noverlays = 0;
	base->noverlays++;
	c->targets = copy_array(base->targets, base->ntargets,
	    sizeof(*base->targets));
	c->mirrors = copy_array(base->mirrors, base->nmirrors,
	    sizeof(*base->mirrors));
	if (c->targets == NULL || c->mirrors == NULL)
		c->ntargets = c->nmirrors = 0;
	else if (copy_targets(c, base) == 0)
		return c;
	conf_free(c);
	return NULL;
}

/* All but the one with this key. Returns 0, or -1 without memory. */
static int
copy_tags(struct conf_words *to, const struct conf_words *from, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < from->n; i++) {
		const char *text = from->v[i].text;

		if (strncmp(text, key, len) == 0 && text[len] == '=')
			continue;
		to->v[to->n] = from->v[i];
		if ((to->v[to->n].text = strdup(text)) == NULL)
			return -1;
		to->n++;
	}
	return 0;
}

int
overlay_set_tag(struct conf *c, struct conf_mirror *m, const char *key,
    const char *value)
{
	const struct conf_mirror *before = &c->base->mirrors[m - c->mirrors];
	struct conf_words tags = { calloc(m->tags.n + 1, sizeof(*tags.v)), 0 };
	char *text;

	if (tags.v == NULL || copy_tags(&tags, &m->tags, key) == -1)
		goto fail;
	if (value != NULL) {
		if (asprintf(&text, "%s=%s", key, value) == -1)
			goto fail;
		tags.v[tags.n++].text = text;
	}
	if (m->tags.v != before->tags.v)
		conf_words_fini(&m->tags);
	m->tags = tags;
	return 0;
fail:
	conf_words_fini(&tags);
	return -1;
}

int
overlay_set_places(struct conf *c, struct conf_target *t,
    const struct conf_place *v, size_t n)
{
	const struct conf_target *before = &c->base->targets[t - c->targets];
	struct conf_place *places = copy_array(v, n, sizeof(*v));

	if (places == NULL)
		return -1;
	if (t->places != before->places)
		free(t->places);
	t->places = places;
	t->nplaces = conf_places_tidy(places, n);
	return 0;
}
