/* SPDX-License-Identifier: ISC */
/* The rates of the last minute, by name. */
#ifndef TM_HISTORY_H
#define TM_HISTORY_H

#include <stddef.h>

#define HISTORY_SIZE 60

struct history;

/* NULL: out of memory. */
struct history *history_new(void);
void history_free(struct history *h);

/* A second begins. Whatever gets no rate in it has a gap there; what had none
 * in all of the minute is forgotten. */
void history_begin(struct history *h);

/* The rate of this second; NAN is a gap. Nothing happens without memory. */
void history_add(struct history *h, const char *name, double rate);

/* Writes the last n of them, the newest last; gaps are NAN. */
void history_get(const struct history *h, const char *name, size_t n,
    double *rates);

#endif
