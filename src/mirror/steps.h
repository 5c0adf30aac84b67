/* SPDX-License-Identifier: ISC */
/* Steps of the pipeline that copies take, and those that are only foreseen. */
#ifndef TM_STEPS_H
#define TM_STEPS_H

#include "conf/conf.h"
#include "deliver/balance.h"
#include "mirror/pipeline.h"
#include "packet/segment.h"

/* The member for a frame, or BALANCE_NONE. */
static inline uint16_t
steps_choose(const struct pipeline *pl, struct balance *b, uint64_t source_hash,
    uint64_t hash)
{
	switch (pl->conf->balance) {
	case CONF_BALANCE_PACKET:
		return balance_next(b);
	case CONF_BALANCE_SOURCE:
		return balance_pick(b, source_hash);
	default:
		return balance_pick(b, hash);
	}
}

/* Leaves of a frame what is to be copied. */
static inline void
steps_truncate(const struct pipeline *pl, struct segment *f)
{
	uint32_t most = pl->truncate;

	if (most != 0 && f->head_len + f->body_len > most) {
		if (f->head_len > most)
			f->head_len = most;
		f->body_len = most - f->head_len;
		f->truncated = true;
	}
}

#endif
