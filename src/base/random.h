/* SPDX-License-Identifier: ISC */
/* Bytes that nobody can guess. */
#ifndef TM_RANDOM_H
#define TM_RANDOM_H

#include <stddef.h>

/* Fills p. A kernel that has none to give, or none yet, makes them bytes of the
 * clock: it never waits. */
void random_fill(void *p, size_t len);

#endif
