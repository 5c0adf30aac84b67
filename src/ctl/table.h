/* SPDX-License-Identifier: ISC */
/* Rates as a table for people: lines of text that no terminal has to break. */
#ifndef TM_TABLE_H
#define TM_TABLE_H

#include <stddef.h>

#include "ctl/art.h"

#define TABLE_HEAD 2 /* lines that belong above all others */

struct history;
struct rates;

/* What a line means to who looks at it. */
enum table_look {
	TABLE_PLAIN,
	TABLE_TITLE,
	TABLE_MIRROR,
	TABLE_IDLE, /* not wanted, or long ago */
	TABLE_WARN, /* less than wanted */
	TABLE_LOSS, /* packets are lost now */
	TABLE_CURVE
};

struct table_line {
	enum table_look look;
	char *text; /* printable UTF-8 */
};

/* All zero at first; table_fini ends it. */
struct table {
	struct table_line *lines;
	size_t n;
};

/* Adds the lines, of not more than width columns. Without memory there are
 * fewer of them. h: NULL, or it holds the captured packets of mirrors. */
void table_make(struct table *t, const struct rates *r, const struct history *h,
    int width, enum art art);

/* Adds one line. */
void table_add(struct table *t, enum table_look look, const char *text,
    int width);

void table_fini(struct table *t);

#endif
