/* SPDX-License-Identifier: ISC */
/* The ladder of a mirror that has more to do than it can: when it climbs, and
 * when it comes down again. */
#include "config.h"

#include <stdbool.h>

#include "mirror/pressure.h"

static bool
is_high(const struct pressure_signs *s)
{
	return s->fill >= PRESSURE_FILL || s->lost > 0 ||
	    (s->congested > 0 &&
		s->congested * PRESSURE_SHARE >= s->congested + s->copied);
}

static bool
is_calm(const struct pressure_signs *s)
{
	return s->fill < PRESSURE_FILL_CALM && !is_high(s);
}

static enum pressure_step
climb(struct pressure *p)
{
	p->high = 0;
	if (p->rung == p->nrungs)
		return PRESSURE_STAYS;
	if (p->early > 0)
		p->wait *= 2;
	else if (p->rung == 0)
		p->wait = PRESSURE_CALM;
	if (p->wait > PRESSURE_CALM_MAX)
		p->wait = PRESSURE_CALM_MAX;
	p->early = 0;
	p->rung++;
	return PRESSURE_CLIMBS;
}

static enum pressure_step
descend(struct pressure *p)
{
	p->calm = 0;
	p->early = p->wait;
	p->rung--;
	return PRESSURE_DESCENDS;
}

enum pressure_step
pressure_look(struct pressure *p, const struct pressure_signs *s)
{
	p->high = is_high(s) ? p->high + 1 : 0;
	p->calm = is_calm(s) ? p->calm + 1 : 0;
	p->early -= p->early > 0;
	if (p->high >= PRESSURE_LOOKS)
		return climb(p);
	if (p->rung > 0 && p->calm >= p->wait)
		return descend(p);
	return PRESSURE_STAYS;
}
