/* SPDX-License-Identifier: ISC */
/* The rings in the event loop. */
#ifndef TM_WATCH_H
#define TM_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct generation;
struct watch;

/* All zero: none. */
struct watches {
	struct watch *v;
	size_t n;
};

/* Has what the rings of the mirrors hold handled from now on, instead of what
 * w watched before. Without memory it is logged, and watches_missing. */
void watches_start(struct watches *w, struct ev_loop *loop,
    const struct generation *g);

/* Must come before any of the rings is closed. */
void watches_stop(struct watches *w, struct ev_loop *loop);

/* Whether there are rings and none is watched. */
bool watches_missing(const struct watches *w, const struct generation *g);

#endif
