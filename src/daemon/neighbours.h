/* SPDX-License-Identifier: ISC */
/* Follows the neighbour tables, ARP and ND, for the next hops of mirrors
 * (rtnetlink(7)). */
#ifndef TM_NEIGHBOURS_H
#define TM_NEIGHBOURS_H

struct err;
struct ev_loop;
struct generation;
struct neighbours;

int neighbours_open(struct neighbours **out, struct ev_loop *loop,
    struct err *err);

/* NULL is allowed. */
void neighbours_close(struct neighbours *n);

/* From now on, and right now, tells the mirrors of g (mirror_hear) which MAC
 * addresses their next hops have, as the kernel knows them; to be called again
 * when g or its sources have changed. Nothing is followed if there is no next
 * hop.
 *
 * What is not resolved is probed, after 1 s to 30 s each time, and at once if
 * an entry is deleted or cannot be confirmed. Its last MAC address is good
 * until that has failed: the kernel forgets entries for want of room, and finds
 * them again while packets wait. */
void neighbours_follow(struct neighbours *n, const struct generation *g);

#endif
