/* SPDX-License-Identifier: ISC */
/* Which target gets a copy. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/err.h"
#include "deliver/balance.h"
#include "packet/flow.h"

struct balance {
	uint16_t slot[BALANCE_SLOTS];
	uint32_t *held; /* slots of each member */
	uint16_t *turn; /* one period of the round robin */
	uint32_t turns;
	uint32_t next;
	uint16_t only; /* the one member with a weight, or BALANCE_NONE */
};

/* A member on its way into the tables. */
struct candidate {
	const char *name;
	uint64_t key;
	int32_t credit;
	uint16_t index;
	uint8_t weight;
};

static int
candidate_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The members in the order of their names, so that ties do not depend on
 * the order of the configuration. */
static int
candidates_sort(struct candidate *c, const struct balance_member *m, size_t n,
    struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		c[i].name = m[i].name;
		c[i].key = XXH3_64bits_withSeed(m[i].name, strlen(m[i].name),
		    FLOW_SEED);
		c[i].index = (uint16_t)i;
		c[i].weight = m[i].weight;
	}
	qsort(c, n, sizeof(*c), candidate_compare);
	for (size_t i = 1; i < n; i++)
		if (strcmp(c[i - 1].name, c[i].name) == 0)
			return err_set(err,
			    "balance: two members are named "
			    "%s",
			    c[i].name);
	return 0;
}

/* Drops who can never be chosen; returns how many stay. */
static size_t
candidates_prune(struct candidate *c, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (c[i].weight != 0)
			c[kept++] = c[i];
	return kept;
}

static double
slot_score(const struct candidate *c, const uint8_t slot[static 4])
{
	uint64_t h = XXH3_64bits_withSeed(slot, 4, c->key);

	return -log(((double)(h >> 12) + 0.5) * 0x1p-52) / c->weight;
}

static uint16_t
slot_owner(uint32_t slot, const struct candidate *c, size_t n)
{
	const uint8_t bytes[4] = { (uint8_t)slot, (uint8_t)(slot >> 8),
		(uint8_t)(slot >> 16), (uint8_t)(slot >> 24) };
	uint16_t owner = BALANCE_NONE;
	double least = INFINITY;

	for (size_t i = 0; i < n; i++) {
		double score = slot_score(&c[i], bytes);

		if (score < least) {
			least = score;
			owner = c[i].index;
		}
	}
	return owner;
}

static uint32_t
divisor(uint32_t a, uint32_t b)
{
	while (b != 0) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Who has most credit is next and pays one round; all earn their weight. */
static uint16_t
turn_owner(struct candidate *c, size_t n, int32_t round)
{
	struct candidate *best = c;

	for (size_t i = 0; i < n; i++) {
		c[i].credit += c[i].weight;
		if (c[i].credit > best->credit)
			best = &c[i];
	}
	best->credit -= round;
	return best->index;
}

static int
turns_fill(struct balance *b, struct candidate *c, size_t n, struct err *err)
{
	uint32_t sum = 0, unit = 0;

	for (size_t i = 0; i < n; i++) {
		sum += c[i].weight;
		unit = divisor(c[i].weight, unit);
	}
	if (sum == 0)
		return 0;
	b->turns = sum / unit;
	if ((b->turn = calloc(b->turns, sizeof(*b->turn))) == NULL)
		return err_sys(err, "balance");
	for (uint32_t i = 0; i < b->turns; i++)
		b->turn[i] = turn_owner(c, n, (int32_t)sum);
	return 0;
}

static void
slots_fill(struct balance *b, const struct candidate *c, size_t n)
{
	for (uint32_t s = 0; s < BALANCE_SLOTS; s++) {
		b->slot[s] = slot_owner(s, c, n);
		if (n > 0)
			b->held[b->slot[s]]++;
	}
}

int
balance_new(struct balance **out, const struct balance_member *m, size_t n,
    struct err *err)
{
	struct candidate *c = NULL;
	struct balance *b;

	if (n > BALANCE_MEMBERS_MAX)
		return err_set(err, "balance: %zu members, at most %d", n,
		    BALANCE_MEMBERS_MAX);
	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->held = calloc(n + 1, sizeof(*b->held))) == NULL ||
	    (c = calloc(n + 1, sizeof(*c))) == NULL) {
		err_sys(err, "balance");
		goto fail;
	}
	if (candidates_sort(c, m, n, err) == -1)
		goto fail;
	n = candidates_prune(c, n);
	slots_fill(b, c, n);
	b->only = n == 1 ? c->index : BALANCE_NONE;
	if (turns_fill(b, c, n, err) == -1)
		goto fail;
	free(c);
	*out = b;
	return 0;
fail:
	free(c);
	balance_free(b);
	return -1;
}

void
balance_free(struct balance *b)
{
	if (b == NULL)
		return;
	free(b->held);
	free(b->turn);
	free(b);
}

uint16_t
balance_pick(const struct balance *b, uint64_t hash)
{
	/* The table is large, and cold in the cache. */
	if (b->only != BALANCE_NONE)
		return b->only;
	return b->slot[((hash >> 32) * BALANCE_SLOTS) >> 32];
}

int
balance_sampled(uint64_t hash, uint32_t n)
{
	return ((hash & UINT32_MAX) * n) >> 32 == 0;
}

unsigned
balance_port(uint64_t hash, unsigned n)
{
	uint64_t mixed = (hash * 0x9e3779b97f4a7c15) >> 32;

	return (unsigned)((mixed * n) >> 32);
}

uint16_t
balance_next(struct balance *b)
{
	uint16_t owner;

	if (b->turns == 0)
		return BALANCE_NONE;
	owner = b->turn[b->next];
	if (++b->next == b->turns)
		b->next = 0;
	return owner;
}

double
balance_share(const struct balance *b, size_t member)
{
	return (double)b->held[member] / BALANCE_SLOTS;
}
