/* SPDX-License-Identifier: ISC */
/* The rings in the event loop. */
#include "config.h"

#include <ev.h>
#include <stdlib.h>

#include "base/log.h"
#include "daemon/watch.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

/* Blocks of one ring before the others have their turn. */
#define WATCH_RING_BUDGET 8

struct watch {
	ev_io io;
	struct source *source;
};

static void
on_ring(struct ev_loop *loop, ev_io *w, int revents)
{
	struct watch *wt = w->data;

	mirror_run(wt->source, WATCH_RING_BUDGET);
}

static void
watch(struct watches *w, struct ev_loop *loop, struct source *s)
{
	struct watch *wt = &w->v[w->n++];

	wt->source = s;
	ev_io_init(&wt->io, on_ring, ring_fd(s->ring), EV_READ);
	wt->io.data = wt;
	ev_io_start(loop, &wt->io);
}

void
watches_start(struct watches *w, struct ev_loop *loop,
    const struct generation *g)
{
	size_t n = generation_sources(g);

	watches_stop(w, loop);
	if (n == 0)
		return;
	if ((w->v = calloc(n, sizeof(*w->v))) == NULL) {
		log_warn("interfaces: watch");
		return;
	}
	for (size_t i = 0; i < g->nmirrors; i++)
		for (size_t j = 0; j < mirror_nsources(g->mirrors[i]); j++)
			watch(w, loop, mirror_source(g->mirrors[i], j));
}

void
watches_stop(struct watches *w, struct ev_loop *loop)
{
	for (size_t i = 0; i < w->n; i++)
		ev_io_stop(loop, &w->v[i].io);
	free(w->v);
	*w = (struct watches) { NULL, 0 };
}

bool
watches_missing(const struct watches *w, const struct generation *g)
{
	return w->v == NULL && generation_sources(g) > 0;
}
