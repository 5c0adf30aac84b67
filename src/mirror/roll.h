/* SPDX-License-Identifier: ISC */
/* The roll of a mirror's sources: which are up, down or missing, and what was
 * counted under the name of an interface that left. */
#ifndef TM_ROLL_H
#define TM_ROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "mirror/source.h"

struct conf_mirror;
struct err;
struct iface_list;

/* Names of interfaces that left, as many as are remembered. */
#define ROLL_NAMES 128

enum source_state { SOURCE_UP, SOURCE_DOWN, SOURCE_MISSING };

struct source_status {
	const char *name; /* interface; when missing, the value of sources */
	enum source_state state;
	struct source_stats stats;
};

struct roll_name {
	char name[IFNAMSIZ];
	bool configured; /* by itself: to be forgotten last */
	struct source_stats stats;
};

struct roll {
	const struct conf_mirror *conf;
	bool *missing;			    /* for each value of sources */
	struct roll_name names[ROLL_NAMES]; /* the first to leave first */
	size_t nnames;
	struct source_stats others; /* of those forgotten */
};

/* "up" and so on, as logs call them. */
const char *source_state_name(enum source_state state);

/* r must be zero. */
int roll_init(struct roll *r, const struct conf_mirror *cm, struct err *err);
void roll_fini(struct roll *r);

/* Takes the counters over from the mirror before. */
void roll_adopt(struct roll *r, const struct roll *old);

/* s leaves, or changes its name: what it has counted is kept for the next of
 * that name. */
void roll_leave(struct roll *r, const struct source *s);

/* s goes on with what was counted under its name. */
void roll_enter(struct roll *r, struct source *s);

/* Looks which of the n sources are up, and which values of sources name an
 * interface or address that is not among theirs. */
void roll_call(struct roll *r, struct source *const *v, size_t n,
    const struct iface_list *ifaces);

/* Number i of the n sources and, behind them, of what is missing; returns false
 * at the end. */
bool roll_get(const struct roll *r, struct source *const *v, size_t n, size_t i,
    struct source_status *out);

/* Sums over all that left. */
void roll_count(const struct roll *r, struct source_stats *sum);

#endif
