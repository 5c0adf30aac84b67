/* SPDX-License-Identifier: ISC */
/* Which target gets a copy. */
#ifndef TM_BALANCE_H
#define TM_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#define BALANCE_SLOTS	    65537
#define BALANCE_NONE	    UINT16_MAX /* no target: all weights are 0 */
#define BALANCE_MEMBERS_MAX 1024

struct err;

struct balance_member {
	const char *name; /* what the choice is keyed by */
	uint8_t weight;	  /* 0-100; 0 = never chosen */
};

struct balance;

/* Fills the table by weighted rendezvous: slot s belongs to the member with
 * the least score (the first by name, of equals). With H(bytes, seed) for
 * XXH3_64bits_withSeed:
 *   key = H(name, FLOW_SEED)
 *   u = ((H(s as 4 bytes, least significant first, key) >> 12) + 1/2) / 2^52
 *   score = -ln(u) / weight
 * So shares follow the weights, and a member that leaves or comes moves
 * only the slots it had or gets. Same members, same table, on every host
 * and in any order. Two members of one name are an error. Takes about
 * 1 ms per member. */
int balance_new(struct balance **out, const struct balance_member *m, size_t n,
    struct err *err);
void balance_free(struct balance *b);

/* The three choices below share one hash and are independent of each other,
 * so that what is kept of a sample spreads over all targets, and the flows of
 * one target over all its ports: the target is drawn from the high half of
 * the hash, the sample from the low half, the port from a remix of both. */

/* Index of the member for a flow hash, or BALANCE_NONE. O(1).
 * The slot is (hash >> 32) * 65537 >> 32. */
uint16_t balance_pick(const struct balance *b, uint64_t hash);

/* Whether a flow is kept when one in n is (n = 1: all): if
 * (hash mod 2^32) * n < 2^32. What one in 100 keeps, one in 10 keeps too. */
int balance_sampled(uint64_t hash, uint32_t n);

/* Which of n source ports (1-64) a flow uses:
 * ((hash * 0x9e3779b97f4a7c15 mod 2^64) >> 32) * n >> 32. */
unsigned balance_port(uint64_t hash, unsigned n);

/* Strict weighted round robin: in every window of a period (sum of weights /
 * their greatest common divisor) each member has its exact share, spread
 * smoothly. Or BALANCE_NONE. O(1). */
uint16_t balance_next(struct balance *b);

/* Part of the slots the member holds, 0..1. */
double balance_share(const struct balance *b, size_t member);

#endif
