/* SPDX-License-Identifier: ISC */
/* trafmirrorctl listen: sees probes of trafmirrorctl verify arrive, and answers
 * them. */
#ifndef TM_LISTEN_H
#define TM_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

/* Prints a line for each, until count have come (0: for ever). Returns 0, or -1
 * after saying why on stderr. */
int listen_run(uint64_t count, bool json);

#endif
