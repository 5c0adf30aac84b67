/* SPDX-License-Identifier: ISC */
/* The ladder of a mirror that has more to do than it can: when it climbs, and
 * when it comes down again. */
#ifndef TM_PRESSURE_H
#define TM_PRESSURE_H

#include <stddef.h>
#include <stdint.h>

/* What a look finds; packets are those since the look before. */
struct pressure_signs {
	unsigned fill;	    /* of the fullest ring, per cent */
	uint64_t lost;	    /* for which a ring had no room */
	uint64_t copied;    /* that were sent */
	uint64_t congested; /* for which the kernel had no room */
};

/* Looks come once a second. Pressure is a ring at least half full, a packet
 * lost there, or one copy in ten for which no device queue or socket buffer has
 * room. Other failures to send, as without a route, are none: to send less
 * would not mend them. So many looks in a row
 * lead one rung up: one alone may be a burst that the ring is for. */
#define PRESSURE_FILL  50
#define PRESSURE_SHARE 10
#define PRESSURE_LOOKS 2

/* It is calm with nothing of that and rings less than a tenth full; so many
 * looks in a row lead one rung down. If the pressure is back in less than
 * that, the next descent waits twice as long, up to the most. */
#define PRESSURE_FILL_CALM 10
#define PRESSURE_CALM	   10
#define PRESSURE_CALM_MAX  320

/* All zero, but nrungs, is a ladder that nobody has climbed. */
struct pressure {
	size_t nrungs;
	size_t rung;	/* in force are the first so many */
	unsigned high;	/* looks in a row with pressure */
	unsigned calm;	/* looks in a row without */
	unsigned wait;	/* calm looks that a descent takes */
	unsigned early; /* looks in which a climb makes that longer */
};

enum pressure_step { PRESSURE_STAYS, PRESSURE_CLIMBS, PRESSURE_DESCENDS };

/* What the look leads to; then rung is the new one. */
enum pressure_step pressure_look(struct pressure *p,
    const struct pressure_signs *s);

#endif
