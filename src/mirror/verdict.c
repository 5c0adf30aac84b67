/* SPDX-License-Identifier: ISC */
/* Whether something is up, from good and bad answers. */
#include "config.h"

#include "conf/conf.h"
#include "mirror/verdict.h"

enum verdict_news
verdict_answer(struct verdict *v, const struct conf_check *c, bool good)
{
	unsigned enough = v->down ? c->rise : c->fall;

	v->against = good == v->down ? v->against + 1 : 0;
	if (v->against < enough)
		return VERDICT_NO_NEWS;
	v->against = 0;
	v->down = !v->down;
	return v->down ? VERDICT_DOWN : VERDICT_UP;
}
