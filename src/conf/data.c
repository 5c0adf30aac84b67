/* SPDX-License-Identifier: ISC */
/* The configuration as data: finding things in it, and freeing it. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

const char *
conf_host_format(const struct conf_host *host, char buf[static ADDR_TEXT_MAX])
{
	return host->name != NULL ? host->name :
				    addr_format(&host->address, buf);
}

int
conf_place_compare(const void *a, const void *b)
{
	const struct conf_place *x = a, *y = b;

	if (x->address.family != y->address.family)
		return x->address.family < y->address.family ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return memcmp(x->address.bytes, y->address.bytes,
	    sizeof(x->address.bytes));
}

size_t
conf_places_tidy(struct conf_place *v, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(v, n, sizeof(*v), conf_place_compare);
	for (size_t i = 0; i < n; i++) {
		struct conf_place *last = kept == 0 ? NULL : &v[kept - 1];

		if (last == NULL || conf_place_compare(last, &v[i]) != 0)
			v[kept++] = v[i];
		else if (v[i].weight > last->weight)
			last->weight = v[i].weight;
	}
	return kept;
}

void
conf_words_fini(struct conf_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].text);
	free(w->v);
}

static void
free_target(struct conf_target *t)
{
	free(t->name);
	free(t->host.name);
	free(t->places);
	free(t->interface);
}

static void
free_rule(struct conf_rule *rule)
{
	free(rule->name);
	free(rule->src);
	free(rule->dst);
	free(rule->src_port);
	free(rule->dst_port);
}

static void
free_mirror(struct conf_mirror *m)
{
	free(m->name);
	free(m->description);
	conf_words_fini(&m->tags);
	conf_words_fini(&m->sources);
	for (size_t i = 0; i < m->nrules; i++)
		free_rule(&m->rules[i]);
	free(m->rules);
	free(m->bpf);
	conf_words_fini(&m->target_names);
	free(m->targets);
	free(m->rungs);
	free(m->next_hops);
}

/* What an overlay shares with its base is the base's. */
static void
free_overlay(struct conf *c)
{
	struct conf *base = c->base;

	for (size_t i = 0; i < c->ntargets; i++)
		if (c->targets[i].places != base->targets[i].places)
			free(c->targets[i].places);
	for (size_t i = 0; i < c->nmirrors; i++) {
		if (c->mirrors[i].tags.v != base->mirrors[i].tags.v)
			conf_words_fini(&c->mirrors[i].tags);
		free(c->mirrors[i].targets);
	}
	free(c->mirrors);
	free(c->targets);
	free(c);
	conf_free(base);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	if (c->noverlays > 0) {
		c->noverlays--;
		return;
	}
	if (c->base != NULL) {
		free_overlay(c);
		return;
	}
	for (size_t i = 0; i < c->ntargets; i++)
		free_target(&c->targets[i]);
	for (size_t i = 0; i < c->nmirrors; i++)
		free_mirror(&c->mirrors[i]);
	for (char **file = c->files; file != NULL && *file != NULL; file++)
		free(*file);
	free(c->targets);
	free(c->mirrors);
	free(c->files);
	free(c->user);
	free(c->control_socket);
	free(c->control_group);
	free(c->state_dir);
	free(c->path);
	free(c);
}

const char *
conf_oversize_becomes(enum conf_oversize oversize)
{
	static const char *const words[] = {
		[CONF_OVERSIZE_FRAGMENT] = "fragmented",
		[CONF_OVERSIZE_TRUNCATE] = "truncated",
		[CONF_OVERSIZE_DROP] = "dropped",
	};

	return words[oversize];
}

const char *
conf_rung_format(const struct conf_rung *rung,
    char buf[static CONF_RUNG_TEXT_MAX])
{
	if (rung->relief == CONF_STOP)
		snprintf(buf, CONF_RUNG_TEXT_MAX, "stop");
	else
		snprintf(buf, CONF_RUNG_TEXT_MAX, "%s %" PRIu32,
		    rung->relief == CONF_TRUNCATE ? "truncate" : "sample",
		    rung->number);
	return buf;
}

const struct conf_mirror *
conf_mirror_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nmirrors; i++)
		if (strcmp(c->mirrors[i].name, name) == 0)
			return &c->mirrors[i];
	return NULL;
}

const struct conf_target *
conf_target_find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->ntargets; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	return NULL;
}
