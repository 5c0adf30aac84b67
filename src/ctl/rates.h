/* SPDX-License-Identifier: ISC */
/* Two answers to status: how fast the counters grow. */
#ifndef TM_RATES_H
#define TM_RATES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A thing in an answer, and the same thing in the one before. Borrowed. */
struct rates {
	const json_t *now;
	const json_t *before; /* NULL: nothing to compare with */
	double seconds;	      /* between them */
};

/* Of two whole answers. before may be NULL, and is not compared with if
 * another process gave it, which counts anew. */
struct rates rates_between(const json_t *before, const json_t *now,
    double seconds);

/* The i-th thing in an array; that of before has the same text in key. False
 * if there are not so many. */
bool rates_item(const struct rates *r, const char *array, const char *key,
    size_t i, struct rates *item);

/* A member that is an object. */
struct rates rates_member(const struct rates *r, const char *name);

/* By how much the counter grows in a second. NAN if that is not known: it is
 * new, or less than it was, since it began anew. */
double rates_of(const struct rates *r, const char *counter);

#endif
