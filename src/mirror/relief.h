/* SPDX-License-Identifier: ISC */
/* What a mirror does less of when it is under pressure (pressure.h). */
#ifndef TM_RELIEF_H
#define TM_RELIEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/pressure.h"

struct conf_mirror;
struct filter;
struct source;

/* Packets since ever. */
struct relief_counts {
	uint64_t lost;	    /* for which a ring had no room */
	uint64_t copied;    /* that were sent */
	uint64_t congested; /* that found no room in the kernel */
};

struct relief {
	const struct conf_mirror *conf;
	struct pressure pressure;
	struct relief_counts before; /* at the last look */
	bool stopped;		     /* nothing enters the rings */
};

void relief_init(struct relief *r, const struct conf_mirror *cm);

/* Goes on where old was, from the start if the rungs are
 * others, or nothing is collected. To be
 * obeyed. */
void relief_adopt(struct relief *r, const struct relief *old);

/* To be called once a second. Returns whether other rungs are in force now, as
 * is logged, and to be obeyed. */
bool relief_look(struct relief *r, struct source *const *v, size_t n,
    const struct relief_counts *now);

/* How many rungs are in force, from the first on. */
size_t relief_rungs(const struct relief *r);

/* Stops capturing, or has the sources captured with f again. */
void relief_obey(struct relief *r, struct source *const *v, size_t n,
    const struct filter *f);

#endif
