/* SPDX-License-Identifier: ISC */
/* Which target gets a copy. */
#ifndef TM_BALANCE_H
#define TM_BALANCE_H

#include <stddef.h>
#include <stdint.h>

#define BALANCE_SLOTS	    524288
#define BALANCE_NONE	    UINT16_MAX /* no target: all weights are 0 */
#define BALANCE_MEMBERS_MAX 8192
#define BALANCE_TURNS_MAX   (1 << 17)

struct err;

/* A target, or one of its places: members of one name, next to each other in
 * the array or not, are the places of one target. */
struct balance_member {
	const char *name; /* of the target: what the choice is keyed by */
	uint8_t weight;	  /* of the target, 0-100; 0 = never chosen */
	/* Among the places of the target, by which the choice between them is
	 * keyed: "ADDRESS PORT". A place that is the only one needs none. */
	const char *place;
	uint16_t place_weight; /* 0 = never chosen */
};

struct balance;

/* Shares out the slots of a table by weighted rendezvous: slot s belongs to the
 * target with the least score (the first by name, of equals). With H(bytes,
 * seed) for XXH3_64bits_withSeed: key = H(name, FLOW_SEED) u = ((H(s as 4
 * bytes, least significant first, key) >> 12) + 1/2) / 2^52 score = -ln(u) /
 * weight Of the target's places it belongs to the one with the least score (the
 * first by text, of equals), reckoned in the same way from key = H(place,
 * H(name, FLOW_SEED)) and the place's weight. So shares follow the weights, and
 * a target or place that leaves or comes moves only the slots it had or gets, a
 * place those of its target only; a target leaves with its last place. Same
 * members, same table, on every host and in any order. Two members of one name
 * and place are an error. Of so many slots the shares of 100 targets have a
 * standard deviation of 1.3 % by chance (of 65,536 it is 4 %). A look at one in
 * a cold cache takes 1 or 2 ns longer than at one of 65,536, of the 850 that a
 * copy costs. To fill all of them would take 2 ms for each target, in which no
 * packet is handled: each is filled when a flow first needs it, which takes 4
 * ns for each target. */
int balance_new(struct balance **out, const struct balance_member *m, size_t n,
    struct err *err);
void balance_free(struct balance *b);

/* The three choices below share one hash and are independent of each other,
 * so that what is kept of a sample spreads over all targets, and the flows of
 * one target over all its ports: the target is drawn from the high half of
 * the hash, the sample from the low half, the port from a remix of both. */

/* Index of the member for a flow hash, or BALANCE_NONE. O(1), once the slot,
 * which is (hash >> 32) * 524288 >> 32, has been filled. */
uint16_t balance_pick(const struct balance *b, uint64_t hash);

/* Whether a flow is kept when one in n is (n = 1: all): if
 * (hash mod 2^32) * n < 2^32. What one in 100 keeps, one in 10 keeps too. */
int balance_sampled(uint64_t hash, uint32_t n);

/* Which of n source ports (1-64) a flow uses:
 * ((hash * 0x9e3779b97f4a7c15 mod 2^64) >> 32) * n >> 32. */
unsigned balance_port(uint64_t hash, unsigned n);

/* Strict weighted round robin: in every window of a period (sum of weights /
 * their greatest common divisor) each target has its exact share, spread
 * smoothly; and so has each place of the turns of its target. A period that
 * would be longer than BALANCE_TURNS_MAX is cut short by making the weights
 * coarser. Or BALANCE_NONE. O(1). */
uint16_t balance_next(struct balance *b);

/* Part of the flows that is meant for the member, by the weights, 0..1. */
double balance_share(const struct balance *b, size_t member);

#endif
