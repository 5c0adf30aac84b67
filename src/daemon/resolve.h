/* SPDX-License-Identifier: ISC */
/* The names of DNS that targets have for addresses: what they stand for, as
 * long as the daemon runs. */
#ifndef TM_RESOLVE_H
#define TM_RESOLVE_H

#include <stdbool.h>

struct conf;
struct ev_loop;
struct resolve;

/* Names stand for something else now: to be put in force by resolve_apply.
 * Returns false if that was not possible: then it is as if they had not
 * changed. */
typedef bool resolve_cb(void *arg);

/* NULL without memory. */
struct resolve *resolve_new(struct ev_loop *loop, resolve_cb *cb, void *arg);
void resolve_free(struct resolve *r);

/* Asks from now on for the names of those targets that mirrors of c use, and no
 * more for others. Of names it knows the answers stay. */
void resolve_follow(struct resolve *r, const struct conf *c);

/* Runs the loop until each name is answered or has failed, at most so long.
 * What is known then may be applied; cb is not called. */
void resolve_wait(struct resolve *r, double seconds);

/* Gives the targets of overlay c the places their names stand for: none if that
 * is not known; with source-address, those of its family. Returns 0, or -1
 * without memory. r may be NULL: nothing is known. */
int resolve_apply(const struct resolve *r, struct conf *c);

#endif
