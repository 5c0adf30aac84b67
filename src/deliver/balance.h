/* SPDX-License-Identifier: ISC */
/* Which target gets a copy. */
#ifndef TM_BALANCE_H
#define TM_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#define BALANCE_SLOTS 65537
#define BALANCE_NONE UINT16_MAX /* no target: all weights are 0 */

struct err;

struct balance_member {
	const char *name; /* what the choice is keyed by */
	uint8_t weight;   /* 0-100; 0 = never chosen */
};

struct balance;

/* Fills the table by weighted rendezvous: slot s belongs to the member with
 * the least -ln(u) / weight, u in (0, 1) made of the hash of (name, s).
 * So shares follow the weights, and a member that leaves or comes moves
 * only the slots it had or gets. Same members, same table, on every host
 * and in any order. At most UINT16_MAX - 1 members. */
int balance_new(struct balance **out, const struct balance_member *m,
    size_t n, struct err *err);
void balance_free(struct balance *b);

/* Index of the member for a flow hash, or BALANCE_NONE. O(1). */
uint16_t balance_pick(const struct balance *b, uint64_t hash);

/* Strict weighted round robin, spread smoothly; or BALANCE_NONE. */
uint16_t balance_next(struct balance *b);

/* Part of the slots the member holds, 0..1. */
double balance_share(const struct balance *b, size_t member);

/* Whether a flow is kept when one in n is (n = 1: all). Independent of
 * balance_pick. */
int balance_sampled(uint64_t hash, uint32_t n);

/* Which of n source ports (1-64) a flow uses. Independent of the others. */
unsigned balance_port(uint64_t hash, unsigned n);

#endif
