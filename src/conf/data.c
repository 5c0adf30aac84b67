/* SPDX-License-Identifier: ISC */
/* The configuration as data: finding things in it, and freeing it. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"

static void
free_words(struct conf_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].text);
	free(w->v);
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
	free_words(&m->tags);
	free_words(&m->sources);
	for (size_t i = 0; i < m->nrules; i++)
		free_rule(&m->rules[i]);
	free(m->rules);
	free(m->bpf);
	free_words(&m->target_names);
	free(m->targets);
	free(m->rungs);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->ntargets; i++) {
		free(c->targets[i].name);
		free(c->targets[i].interface);
	}
	for (size_t i = 0; i < c->nmirrors; i++)
		free_mirror(&c->mirrors[i]);
	for (char **file = c->files; file != NULL && *file != NULL; file++)
		free(*file);
	free(c->targets);
	free(c->mirrors);
	free(c->files);
	free(c->user);
	free(c->path);
	free(c);
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
