/* SPDX-License-Identifier: ISC */
/* The terminal that a table is shown on. */
#ifndef TM_SCREEN_H
#define TM_SCREEN_H

#include <stdbool.h>

#include "ctl/table.h"

struct screen;

/* Takes the terminal over. NULL: standard input and output are none, or none
 * on which the cursor can be moved. */
struct screen *screen_open(void);

/* Leaves the terminal as it was. */
void screen_close(struct screen *s);

int screen_width(const struct screen *s);
enum art screen_art(const struct screen *s);

/* Takes what has been typed, and a new size. False: the user wants to leave. */
bool screen_keys(struct screen *s);

/* Shows what fits of the table, which screen_width has been wide, and below it
 * notice, if that is not empty. */
void screen_show(struct screen *s, const struct table *t, const char *notice);

#endif
