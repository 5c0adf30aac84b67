/* SPDX-License-Identifier: ISC */
/* Health checks of all targets, and what the mirrors make of them. */
#ifndef TM_HEALTH_H
#define TM_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/probe.h"

struct err;
struct ev_loop;
struct generation;
struct health;
struct mirror;

int health_new(struct health **out, struct ev_loop *loop, struct err *err);

/* NULL is allowed. */
void health_free(struct health *h);

/* From now on checks the targets that mirrors of g name, and tells the mirrors
 * what is known; changes are logged. What is to be checked as before goes on
 * as if nothing had happened; the rest begins, or ends. g is borrowed until
 * the next call. */
void health_follow(struct health *h, const struct generation *g);

/* What is known of place j of target i; false if it is not checked. */
bool health_look(const struct health *h, const struct mirror *m, size_t i,
    size_t j, struct probe_state *out);

#endif
