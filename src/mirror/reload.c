/* SPDX-License-Identifier: ISC */
/* From one configuration to the next, as a transaction. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "conf/conf.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define RELOAD_BUDGET  64 /* blocks of one ring at a time */
#define RELOAD_TURN_MS 2

static struct mirror *
find_mirror(const struct generation *g, const char *name)
{
	for (size_t i = 0; g != NULL && i < g->nmirrors; i++)
		if (strcmp(mirror_conf(g->mirrors[i])->name, name) == 0)
			return g->mirrors[i];
	return NULL;
}

/* Between two slow steps: what the rings hold by now, if it has been long.
 * next_ms: when it has been, to begin with 0. */
static void
run(const struct generation *g, uint64_t *next_ms)
{
	uint64_t now = source_clock_ms();

	if (now < *next_ms)
		return;
	*next_ms = now + RELOAD_TURN_MS;
	for (size_t i = 0; g != NULL && i < g->nmirrors; i++)
		for (size_t j = 0; j < mirror_nsources(g->mirrors[i]); j++)
			mirror_run(mirror_source(g->mirrors[i], j),
			    RELOAD_BUDGET);
}

static int
open_mirror(struct generation *g, const struct conf *c,
    const struct conf_mirror *cm, struct generation *old,
    const struct iface_list *ifaces, struct err *err)
{
	struct mirror *before = find_mirror(old, cm->name);
	struct mirror **m = &g->mirrors[g->nmirrors];
	uint64_t next_ms = 0;

	if (mirror_new(m, c, cm, &g->bandwidth, before, err) == -1)
		return -1;
	g->nmirrors++;
	for (size_t i = 0; i < ifaces->n; i++) {
		run(old, &next_ms);
		if (mirror_open(*m, &ifaces->v[i], before, err) == -1)
			return -1;
	}
	return 0;
}

int
reload_prepare(struct generation **out, struct conf **c, struct generation *old,
    const struct iface_list *ifaces, struct err *err)
{
	struct generation *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return err_sys(err, "configuration");
	bandwidth_init(&g->bandwidth, *c);
	g->mirrors = calloc((*c)->nmirrors + 1, sizeof(struct mirror *));
	if (g->mirrors == NULL) {
		err_sys(err, "configuration");
		goto fail;
	}
	for (size_t i = 0; i < (*c)->nmirrors; i++)
		if (open_mirror(g, *c, &(*c)->mirrors[i], old, ifaces, err) ==
		    -1)
			goto fail;
	g->conf = *c;
	*c = NULL;
	*out = g;
	return 0;
fail:
	generation_free(g);
	return -1;
}

void
reload_commit(struct generation *g, struct generation *old)
{
	uint64_t next_ms = 0;

	bandwidth_adopt(&g->bandwidth, old == NULL ? NULL : &old->bandwidth);
	for (size_t i = 0; i < g->nmirrors; i++) {
		struct mirror *before = find_mirror(old,
		    mirror_conf(g->mirrors[i])->name);

		if (before != NULL)
			mirror_commit(g->mirrors[i], before);
	}
	for (size_t i = 0; old != NULL && i < old->nmirrors; i++)
		if (find_mirror(g, mirror_conf(old->mirrors[i])->name) == NULL)
			mirror_drain(old->mirrors[i]);
	for (size_t i = 0; old != NULL && i < old->nmirrors; i++)
		while (mirror_close(old->mirrors[i]))
			run(g, &next_ms);
	generation_free(old);
}

size_t
generation_sources(const struct generation *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->nmirrors; i++)
		n += mirror_nsources(g->mirrors[i]);
	return n;
}

void
generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->nmirrors; i++)
		mirror_free(g->mirrors[i]);
	free(g->mirrors);
	conf_free(g->conf);
	free(g);
}
