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

/* rate: bits per second, 8,000 to 10^12, or 0. The bucket is full and
 * holds what the rate allows in burst_ms. */
void limit_init(struct limit *l, uint64_t rate, uint32_t burst_ms);

/* Whether a copy of so many bytes may leave at now_ns; then it has. Not for a
 * rate of 0. One may if
 * any credit is left, so that a bucket smaller than a copy holds the rate, too,
 * and starves nobody. now_ns may come from several clocks that differ a little:
 * what lies before the last is no time passed. */
bool limit_take(struct limit *l, uint64_t now_ns, uint32_t bytes);

/* The same, or always where there is no limit. */
static inline bool
limit_pass(struct limit *l, uint64_t now_ns, uint32_t bytes)
{
	return l->rate == 0 || limit_take(l, now_ns, bytes);
}

/* Whether both allow the same. */
static inline bool
limit_equal(const struct limit *a, const struct limit *b)
{
	return a->rate == b->rate && a->depth == b->depth;
}

#endif
