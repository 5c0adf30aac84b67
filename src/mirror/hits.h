/* SPDX-License-Identifier: ISC */
/* What each rule of a mirror has collected. */
#ifndef TM_HITS_H
#define TM_HITS_H

#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

struct conf_mirror;
struct err;

struct hits {
	size_t n;
	uint64_t *rule; /* packets of each alone */
	uint64_t all;	/* packets of all of them together */
	/* The number of each rule in the mirror before, or HITS_NEW. */
	uint32_t *former;
};

#define HITS_NEW UINT32_MAX

/* Counts for the rules of m, which are those of old (or NULL) where the names
 * are equal. h must be zero, and hits_fini follows also after an error. */
int hits_init(struct hits *h, const struct conf_mirror *m,
    const struct conf_mirror *old, struct err *err);
void hits_fini(struct hits *h);

/* Adds what the rules had in the mirror before. Cannot fail. */
void hits_adopt(struct hits *h, const struct hits *old);

/* Adds n packets to a rule, or with PACKET_NO_RULE to all. */
static inline void
hits_add(struct hits *h, uint32_t rule, uint64_t n)
{
	if (rule == PACKET_NO_RULE)
		h->all += n;
	else
		h->rule[rule] += n;
}

static inline uint64_t
hits_get(const struct hits *h, size_t rule)
{
	return h->rule[rule] + h->all;
}

#endif
