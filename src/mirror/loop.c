/* SPDX-License-Identifier: ISC */
/* The breaker of a mirror: stops copies that come back to it where no filter
 * knows them. */
#include "config.h"

#include "mirror/loop.h"

enum loop_news
loop_poll(struct loop *l)
{
	enum loop_news news = LOOP_NO_NEWS;

	if (l->tripped && !l->said) {
		l->said = true;
		news = LOOP_BEGINS;
	}
	l->calm = l->like == 0 ? l->calm + 1 : 0;
	if (l->tripped && l->calm >= LOOP_CALM) {
		l->tripped = l->said = false;
		news = LOOP_ENDS;
	}
	l->frames = l->like = 0;
	return news;
}
