/* SPDX-License-Identifier: ISC */
/* A token bucket: how much of a mirror's copies, or of all, may leave. */
#ifndef TM_LIMIT_H
#define TM_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct limit {
	uint64_t rate;	/* bits per second, 0 = no limit */
	uint64_t cost;	/* of a byte: nanoseconds, times 2^LIMIT_SHIFT */
	int64_t depth;	/* nanoseconds, likewise */
	int64_t credit; /* likewise; below 0 after a copy larger than it */
	uint64_t last_ns;
};

#define LIMIT_SHIFT 16

#define LIMIT_RATE_MIN 8000

/* rate: bits per second, LIMIT_RATE_MIN to 10^12, or 0. The bucket is full and
 * holds what the rate allows in burst_ms. */
void limit_init(struct limit *l, uint64_t rate, uint32_t burst_ms);

/* The two halves of limit_pass, for a limit that is not 0: whether any credit
 * is left at now_ns, and that a copy has left, with credit or without. */
bool limit_has(struct limit *l, uint64_t now_ns);
void limit_take(struct limit *l, uint32_t bytes);

/* Whether a copy of so many bytes may leave at now_ns; then it has. One may if
 * any credit is left, so that a bucket smaller than a copy holds the rate, too,
 * and starves nobody. now_ns may come from several clocks that differ a little:
 * what lies before the last is no time passed. */
static inline bool
limit_pass(struct limit *l, uint64_t now_ns, uint32_t bytes)
{
	if (l->rate == 0)
		return true;
	if (!limit_has(l, now_ns))
		return false;
	limit_take(l, bytes);
	return true;
}

/* Whether both allow the same. */
static inline bool
limit_equal(const struct limit *a, const struct limit *b)
{
	return a->rate == b->rate && a->depth == b->depth;
}

#endif
