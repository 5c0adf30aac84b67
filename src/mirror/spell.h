/* SPDX-License-Identifier: ISC */
/* When something that is counted begins to happen, and when it has ended. */
#ifndef TM_SPELL_H
#define TM_SPELL_H

#include <stdbool.h>
#include <stdint.h>

/* All zero is one that has not begun. */
struct spell {
	uint64_t before; /* the count at the last look */
	uint64_t start;	 /* the count before it began */
	unsigned quiet;	 /* looks since it last grew */
	bool on;
};

/* It has ended when the count has not grown for so many looks. */
#define SPELL_QUIET 10

enum spell_news { SPELL_NO_NEWS, SPELL_BEGINS, SPELL_ENDS };

/* To be called once a second. Each piece of news is told once. */
enum spell_news spell_look(struct spell *s, uint64_t count);

#endif
