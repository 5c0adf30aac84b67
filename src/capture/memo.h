/* SPDX-License-Identifier: ISC */
/* What the rules said of the last packets: most belong to a flow of which
 * another one has just been looked at. */
#ifndef TM_MEMO_H
#define TM_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "capture/field.h"

/* So few that they stay in the cache of a core. */
#define MEMO_SLOTS_LOG2 10
#define MEMO_SLOTS	(1u << MEMO_SLOTS_LOG2)

struct memo_verdict {
	uint32_t rule; /* PACKET_NO_RULE: none of them alone */
	bool collect;
};

struct memo_slot {
	struct fields fields;
	struct memo_verdict verdict;
	bool used;
};

/* MEMO_SLOTS of them, to be freed; NULL without memory. */
static inline struct memo_slot *
memo_new(void)
{
	return calloc(MEMO_SLOTS, sizeof(struct memo_slot));
}

/* The one slot where a packet with these fields may be remembered. */
static inline struct memo_slot *
memo_slot(struct memo_slot *v, const struct fields *f)
{
	uint64_t h = f->src.lo * UINT64_C(0x9e3779b97f4a7c15) ^
	    f->dst.lo * UINT64_C(0xc2b2ae3d27d4eb4f) ^ f->src.hi ^
	    f->dst.hi << 7 ^ (uint64_t)f->src_port << 48 ^
	    (uint64_t)f->dst_port << 32 ^ f->protocol;

	h = (h ^ h >> 29) * UINT64_C(0x165667b19e3779f9);
	return &v[h >> (64 - MEMO_SLOTS_LOG2)];
}

#endif
