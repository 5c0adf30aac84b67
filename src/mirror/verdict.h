/* SPDX-License-Identifier: ISC */
/* Whether something is up, from good and bad answers. */
#ifndef TM_VERDICT_H
#define TM_VERDICT_H

#include <stdbool.h>

struct conf_check;

/* All zero is up. */
struct verdict {
	bool down;
	unsigned against; /* answers in a row that speak for a change */
};

enum verdict_news { VERDICT_NO_NEWS, VERDICT_DOWN, VERDICT_UP };

/* Down after check-fall bad answers in a row, up after check-rise good ones;
 * one that says the opposite begins the row anew. */
enum verdict_news verdict_answer(struct verdict *v, const struct conf_check *c,
    bool good);

#endif
