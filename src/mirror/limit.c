/* SPDX-License-Identifier: ISC */
/* A token bucket: how much of a mirror's copies, or of all, may leave. */
#include "config.h"

#include "mirror/limit.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS 1000000

/* A clock that was set back further than this is a new one. */
#define BACK_NS (UINT64_C(10) * NS_PER_S)

void
limit_init(struct limit *l, uint64_t rate, uint32_t burst_ms)
{
	*l = (struct limit) { .rate = rate,
		.cost = rate == 0 ? 0 : (8 * NS_PER_S << LIMIT_SHIFT) / rate,
		.depth = (int64_t)burst_ms * NS_PER_MS << LIMIT_SHIFT };
	l->credit = l->depth;
}

static void
refill(struct limit *l, uint64_t now_ns)
{
	uint64_t passed = now_ns - l->last_ns;

	if (now_ns < l->last_ns) {
		if (l->last_ns - now_ns > BACK_NS)
			l->last_ns = now_ns;
		return;
	}
	l->last_ns = now_ns;
	/* Debts are below what 64 KiB cost at the least rate. */
	if (passed > (uint64_t)(l->depth - l->credit) >> LIMIT_SHIFT)
		l->credit = l->depth;
	else
		l->credit += (int64_t)(passed << LIMIT_SHIFT);
}

bool
limit_has(struct limit *l, uint64_t now_ns)
{
	refill(l, now_ns);
	return l->credit > 0;
}

void
limit_take(struct limit *l, uint32_t bytes)
{
	l->credit -= (int64_t)(l->cost * bytes);
}
