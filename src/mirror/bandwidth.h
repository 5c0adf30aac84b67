/* SPDX-License-Identifier: ISC */
/* What the copies of all mirrors together may take, and how they share it. */
#ifndef TM_BANDWIDTH_H
#define TM_BANDWIDTH_H

#include <stdbool.h>
#include <stdint.h>

#include "mirror/limit.h"

struct conf;

struct bandwidth {
	struct limit all;
	uint64_t share; /* bits per second kept for each mirror, 0 = nothing */
};

/* The part of one mirror. */
struct bandwidth_share {
	struct limit own;
	struct bandwidth *of;
};

/* The bandwidth-limit of c, an equal share of it for each mirror that
 * collects. */
void bandwidth_init(struct bandwidth *b, const struct conf *c);

/* Goes on with the level of old (or NULL) if the limit is the same. */
void bandwidth_adopt(struct bandwidth *b, const struct bandwidth *old);

/* A full share of b, which must outlive it. */
void bandwidth_share_init(struct bandwidth_share *s, struct bandwidth *b);

/* The same for a share. */
void bandwidth_share_adopt(struct bandwidth_share *s,
    const struct bandwidth_share *old);

/* The same as bandwidth_pass where there is a limit. */
bool bandwidth_take(struct bandwidth_share *s, uint64_t now_ns, uint32_t bytes);

/* Whether a copy of so many bytes may leave at now_ns; then it has. It may if
 * the share of its mirror has credit left, or if all together have: so nobody
 * starves, what one does not use the others may, and no more than the limit
 * leaves in the long run. */
static inline bool
bandwidth_pass(struct bandwidth_share *s, uint64_t now_ns, uint32_t bytes)
{
	return s->of->all.rate == 0 || bandwidth_take(s, now_ns, bytes);
}

#endif
