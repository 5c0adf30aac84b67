/* SPDX-License-Identifier: ISC */
/* What the copies of all mirrors together may take, and how they share it. */
#include "config.h"

#include "conf/conf.h"
#include "mirror/bandwidth.h"

/* As that of a mirror's rate-limit by default. */
#define BURST_MS 100

void
bandwidth_init(struct bandwidth *b, const struct conf *c)
{
	uint64_t n = 0;

	for (size_t i = 0; i < c->nmirrors; i++)
		n += c->mirrors[i].collect;
	limit_init(&b->all, c->bandwidth_limit, BURST_MS);
	b->share = c->bandwidth_limit / (n > 0 ? n : 1);
	if (b->share < LIMIT_RATE_MIN)
		b->share = 0;
}

void
bandwidth_adopt(struct bandwidth *b, const struct bandwidth *old)
{
	if (old != NULL && limit_equal(&b->all, &old->all))
		b->all = old->all;
}

void
bandwidth_share_init(struct bandwidth_share *s, struct bandwidth *b)
{
	s->of = b;
	limit_init(&s->own, b->share, BURST_MS);
}

void
bandwidth_share_adopt(struct bandwidth_share *s,
    const struct bandwidth_share *old)
{
	if (limit_equal(&s->own, &old->own))
		s->own = old->own;
}

bool
bandwidth_take(struct bandwidth_share *s, uint64_t now_ns, uint32_t bytes)
{
	struct limit *all = &s->of->all;
	bool own;

	own = s->own.rate != 0 && limit_pass(&s->own, now_ns, bytes);
	if (!limit_has(all, now_ns) && !own)
		return false;
	limit_take(all, bytes);
	return true;
}
