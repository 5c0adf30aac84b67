/* SPDX-License-Identifier: ISC */
/* Sets of packets: what a rule matches, as boxes that can be compared. */
#ifndef TM_BOX_H
#define TM_BOX_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

/* The packets of one address family whose protocol, addresses and ports each
 * lie in a set. The sets of addresses and ports are never empty, and as short
 * as they can be: sorted, without overlap, neighbours joined. */
struct box {
	sa_family_t family;    /* AF_INET, AF_INET6; 0: everything but IP */
	uint64_t protocols[4]; /* bit by bit */
	struct addr_prefix *addr[2]; /* source, destination */
	size_t naddr[2];
	struct conf_ports *port[2];
	size_t nport[2];
};

/* A rule as a union of boxes. */
#define BOX_RULE_MAX 5
struct box_set {
	struct box *v;
	size_t n;
};

/* What a rule matches: at most BOX_RULE_MAX boxes. Returns 0, or -1 without
 * memory. */
int box_set_from_rule(struct box_set *s, const struct conf_rule *rule);
void box_set_fini(struct box_set *s);

/* What is in both sets. Work is counted down in *budget. Returns 0, or -1
 * when that or memory does not suffice. */
int box_set_intersect(struct box_set *out, const struct box_set *a,
    const struct box_set *b, size_t *budget);

/* Whether inner lies in outer. Never says so wrongly; where more than one
 * box of outer is needed, or the budget ends, it does not say so. */
bool box_covers(const struct box *outer, const struct box *inner,
    size_t *budget);

#endif
