/* SPDX-License-Identifier: ISC */
/* What is counted, by the names that JSON and metrics have in common. */
#ifndef TM_FIGURES_H
#define TM_FIGURES_H

#include <stddef.h>
#include <stdint.h>

struct target_stats;

struct figure {
	const char *name;
	size_t offset;	  /* of a uint64_t in the struct that counts */
	const char *help; /* what it is, in a line; NULL: a sum of others */
};

/* Each ends with a name that is NULL. */
extern const struct figure figures_source[]; /* of struct source_stats */
extern const struct figure figures_target[]; /* of struct target_stats */
extern const struct figure figures_sums[];   /* of struct mirror_stats: what
					      * its sources and targets have
					      * counted */
extern const struct figure figures_mirror[]; /* and what is its own */

uint64_t figure_get(const struct figure *f, const void *stats);

/* What was dropped of a target's copies, for any reason. */
uint64_t figures_dropped(const struct target_stats *st);

#endif
