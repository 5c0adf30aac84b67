/* SPDX-License-Identifier: ISC */
/* The breaker of a mirror: stops copies that come back to it where no filter
 * knows them. */
#ifndef TM_LOOP_H
#define TM_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

/* All zero is a breaker that has not tripped. */
struct loop {
	uint64_t frames; /* collected since the last loop_poll */
	uint64_t like;	 /* of these, such as may have come round */
	bool tripped;
	bool said;     /* that it has tripped */
	unsigned calm; /* polls in a row without one */
	uint64_t dropped_packets;
};

/* It trips when so many frames between two polls, and one in LOOP_SHARE of
 * all, look like copies of copies. Where all copies of a mirror come back to
 * it, two of three do after a few turns; where one in a thousand does, a few
 * hundred turns later, as what goes round stays and is joined by more. */
#define LOOP_LEAST 100
#define LOOP_SHARE 4

/* Polls without any, until it is closed again. */
#define LOOP_CALM 10

enum loop_news { LOOP_NO_NEWS, LOOP_BEGINS, LOOP_ENDS };

/* Whether a captured frame, n frames on the wire, may be copied; counts it if
 * not. */
static inline bool
loop_pass(struct loop *l, const struct packet *p, uint32_t n)
{
	l->frames += n;
	if (!p->like_copy)
		return true;
	l->like += n;
	if (l->like >= LOOP_LEAST && l->like * LOOP_SHARE >= l->frames)
		l->tripped = true;
	if (l->tripped)
		l->dropped_packets += n;
	return !l->tripped;
}

/* Whether a frame is dropped as long as nothing changes. */
static inline bool
loop_stops(const struct loop *l, const struct packet *p)
{
	return l->tripped && p->like_copy;
}

/* To be called once a second. Each piece of news is told once. */
enum loop_news loop_poll(struct loop *l);

#endif
