/* SPDX-License-Identifier: ISC */
/* How long copies take, from the time stamp of the capture until they are
 * sent. Blocks of a ring are sent whole: the clock is read once for each of
 * them, and its copies count as late as the first of its packets, which is the
 * longest that any of them took. */
#ifndef TM_DELAY_H
#define TM_DELAY_H

#include <stddef.h>
#include <stdint.h>

#define DELAY_BOUNDS 14

/* Upper ends of the buckets, in seconds, ascending. */
extern const double delay_bounds[DELAY_BOUNDS];

/* All zero is one that has seen nothing. */
struct delay {
	uint64_t first_ns; /* time of the block's first packet, 0 = none yet */
	uint64_t copies;   /* by the targets there are, before this block */
	uint64_t counts[DELAY_BOUNDS + 1]; /* copies; the last: still later */
	double sum;			   /* seconds */
};

/* A packet captured at that time is to be copied. */
static inline void
delay_packet(struct delay *d, uint64_t time_ns)
{
	if (d->first_ns == 0)
		d->first_ns = time_ns;
}

/* The block has been sent: copies is the number of all that the targets there
 * are ever sent, now the clock that frames are stamped with. */
void delay_flush(struct delay *d, uint64_t copies, uint64_t (*now)(void));

#endif
