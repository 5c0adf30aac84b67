/* SPDX-License-Identifier: ISC */
/* Which target gets a copy. */
#include "config.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL /* four bytes at a time, and often */
#include <xxhash.h>

#include "base/err.h"
#include "deliver/balance.h"
#include "packet/flow.h"

/* One period of a round robin. */
struct turns {
	uint16_t *v; /* whose turn it is */
	uint32_t n;
	uint32_t next;
};

/* Who may be chosen: a target, or one of its places. */
struct candidate {
	uint64_t key;
	uint32_t weight;
	uint16_t index; /* of the member */
};

/* Candidates of one rank; weight 0 is left out. */
struct field {
	struct candidate *v;
	size_t n;
};

struct balance {
	uint16_t *slot; /* number of the member, and 1; 0: not known yet */
	uint16_t only;	/* the one member with a weight, or BALANCE_NONE */
	struct field targets;	     /* index: of their places */
	struct field *places;	     /* of each target; index: of the member */
	struct candidate *of_places; /* of all targets */
	double *share;		     /* of each member */
	struct turns turns;	     /* v: index into place_turns */
	struct turns *place_turns; /* of each target; v: index of the member */
};

/* The members in an order that does not depend on theirs: by name, then by
 * place. */
struct order {
	const struct balance_member **v;
	size_t n;
};

static const char *
place_of(const struct balance_member *m)
{
	return m->place == NULL ? "" : m->place;
}

static int
compare_members(const void *a, const void *b)
{
	const struct balance_member *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	return order != 0 ? order : strcmp(place_of(*x), place_of(*y));
}

static int
check_order(const struct order *o, struct err *err)
{
	for (size_t i = 1; i < o->n; i++) {
		const struct balance_member *m = o->v[i];

		if (compare_members(&o->v[i - 1], &o->v[i]) != 0)
			continue;
		if (m->place == NULL)
			return err_set(err, "balance: two members are named %s",
			    m->name);
		return err_set(err, "balance: two members are named %s at %s",
		    m->name, m->place);
	}
	return 0;
}

static uint64_t
hash_text(const char *text, uint64_t seed)
{
	return XXH3_64bits_withSeed(text, strlen(text), seed);
}

/* ---- slots -------------------------------------------------------------- */

/* Whose slot it is; there is at least one. */
static size_t
slot_owner(uint32_t slot, const struct field *f)
{
	const uint8_t bytes[4] = { (uint8_t)slot, (uint8_t)(slot >> 8),
		(uint8_t)(slot >> 16), (uint8_t)(slot >> 24) };
	double least = INFINITY;
	uint64_t most = 0;
	size_t owner = 0;

	for (size_t i = 0; f->n > 1 && i < f->n; i++) {
		const struct candidate *c = &f->v[i];
		uint64_t x = XXH3_64bits_withSeed(bytes, 4, c->key) >> 12;
		double score;

		/* The logarithm takes longer than all else. */
		if (i > 0 && x <= most && c->weight <= f->v[owner].weight)
			continue;
		score = -log(((double)x + 0.5) * 0x1p-52) / c->weight;
		if (score < least) {
			least = score;
			most = x;
			owner = i;
		}
	}
	return owner;
}

static uint16_t
slot_member(const struct balance *b, uint32_t slot)
{
	const struct field *f;

	if (b->targets.n == 0)
		return BALANCE_NONE;
	f = &b->places[slot_owner(slot, &b->targets)];
	return f->v[slot_owner(slot, f)].index;
}

static uint32_t
sum_weights(const struct field *f)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < f->n; i++)
		sum += f->v[i].weight;
	return sum;
}

static void
set_shares(struct balance *b)
{
	double all = sum_weights(&b->targets);

	for (size_t i = 0; i < b->targets.n; i++) {
		const struct field *f = &b->places[i];
		double whole = b->targets.v[i].weight / all / sum_weights(f);

		for (size_t j = 0; j < f->n; j++)
			b->share[f->v[j].index] = whole * f->v[j].weight;
	}
}

/* ---- turns -------------------------------------------------------------- */

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

/* Weights in a period that is short enough: each is halved as often as it
 * takes, but never to nothing. Returns the length of the period. */
static uint32_t
turns_scale(const struct field *f, int32_t *weights)
{
	uint32_t sum, unit;

	for (unsigned shift = 0;; shift++) {
		sum = unit = 0;
		for (size_t i = 0; i < f->n; i++) {
			uint32_t w = f->v[i].weight >> shift;

			weights[i] = (int32_t)(w == 0 ? 1 : w);
			sum += (uint32_t)weights[i];
			unit = divisor((uint32_t)weights[i], unit);
		}
		if (sum / unit <= BALANCE_TURNS_MAX)
			break;
	}
	for (size_t i = 0; i < f->n; i++)
		weights[i] /= (int32_t)unit;
	return sum / unit;
}

/* Who has most credit is next and pays one round; all earn their weight. */
static size_t
turn_owner(const int32_t *weights, int32_t *credits, size_t n, int32_t round)
{
	size_t best = 0;

	for (size_t i = 0; i < n; i++) {
		credits[i] += weights[i];
		if (credits[i] > credits[best])
			best = i;
	}
	credits[best] -= round;
	return best;
}

/* The turns of f, which has at least one. */
static int
turns_fill(struct turns *t, const struct field *f)
{
	int32_t *weights = calloc(f->n, sizeof(*weights));
	int32_t *credits = calloc(f->n, sizeof(*credits));
	uint32_t n = 0;

	if (weights != NULL && credits != NULL) {
		n = turns_scale(f, weights);
		t->v = calloc(n, sizeof(*t->v));
	}
	for (uint32_t i = 0; t->v != NULL && i < n; i++)
		t->v[i] =
		    f->v[turn_owner(weights, credits, f->n, (int32_t)n)].index;
	t->n = n;
	free(weights);
	free(credits);
	return t->v == NULL ? -1 : 0;
}

static uint16_t
turns_next(struct turns *t)
{
	uint16_t owner = t->v[t->next];

	if (++t->next == t->n)
		t->next = 0;
	return owner;
}

/* ---- putting it together ------------------------------------------------- */

/* Adds the target whose places begin at number *i of the order, if it can be
 * chosen, and moves *i behind them. */
static void
add_target(struct balance *b, const struct order *o, size_t *i,
    const struct balance_member *m)
{
	const struct balance_member *first = o->v[*i];
	uint64_t key = hash_text(first->name, FLOW_SEED);
	struct field *f = &b->places[b->targets.n];

	f->v = &b->of_places[*i];
	f->n = 0;
	for (; *i < o->n; ++*i) {
		const struct balance_member *p = o->v[*i];

		if (strcmp(p->name, first->name) != 0)
			break;
		if (p->place_weight > 0)
			f->v[f->n++] = (struct candidate) {
				hash_text(place_of(p), key), p->place_weight,
				(uint16_t)(p - m)
			};
	}
	if (first->weight > 0 && f->n > 0) {
		b->targets.v[b->targets.n] = (struct candidate) { key,
			first->weight, (uint16_t)b->targets.n };
		b->targets.n++;
	}
}

static int
fill_turns(struct balance *b)
{
	size_t n = b->targets.n;

	for (size_t i = 0; i < n; i++)
		if (turns_fill(&b->place_turns[i], &b->places[i]) == -1)
			return -1;
	return n == 0 ? 0 : turns_fill(&b->turns, &b->targets);
}

static int
init(struct balance *b, const struct balance_member *m, size_t n,
    struct order *o)
{
	b->slot = calloc(BALANCE_SLOTS, sizeof(*b->slot));
	b->targets.v = calloc(n + 1, sizeof(*b->targets.v));
	b->places = calloc(n + 1, sizeof(*b->places));
	b->of_places = calloc(n + 1, sizeof(*b->of_places));
	b->share = calloc(n + 1, sizeof(*b->share));
	b->place_turns = calloc(n + 1, sizeof(*b->place_turns));
	o->v = calloc(n + 1, sizeof(*o->v));
	if (b->slot == NULL || b->targets.v == NULL || b->places == NULL ||
	    b->of_places == NULL || b->share == NULL ||
	    b->place_turns == NULL || o->v == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		o->v[i] = &m[i];
	o->n = n;
	qsort(o->v, n, sizeof(*o->v), compare_members);
	return 0;
}

int
balance_new(struct balance **out, const struct balance_member *m, size_t n,
    struct err *err)
{
	struct order o = { NULL, 0 };
	struct balance *b;
	int rc = -1;

	if (n > BALANCE_MEMBERS_MAX)
		return err_set(err, "balance: %zu members, at most %d", n,
		    BALANCE_MEMBERS_MAX);
	if ((b = calloc(1, sizeof(*b))) == NULL || init(b, m, n, &o) == -1) {
		err_sys(err, "balance");
		goto out;
	}
	if (check_order(&o, err) == -1)
		goto out;
	for (size_t i = 0; i < n;)
		add_target(b, &o, &i, m);
	set_shares(b);
	b->only = b->targets.n == 1 && b->places->n == 1 ? b->places->v->index :
							   BALANCE_NONE;
	if ((rc = fill_turns(b)) == -1)
		err_sys(err, "balance");
out:
	free(o.v);
	if (rc == -1)
		balance_free(b);
	else
		*out = b;
	return rc;
}

void
balance_free(struct balance *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < b->targets.n; i++)
		free(b->place_turns[i].v);
	free(b->place_turns);
	free(b->turns.v);
	free(b->share);
	free(b->of_places);
	free(b->places);
	free(b->targets.v);
	free(b->slot);
	free(b);
}

uint16_t
balance_pick(const struct balance *b, uint64_t hash)
{
	uint32_t slot = (uint32_t)(((hash >> 32) * BALANCE_SLOTS) >> 32);

	/* The table is large, and cold in the cache. */
	if (b->only != BALANCE_NONE)
		return b->only;
	if (b->slot[slot] == 0)
		b->slot[slot] = (uint16_t)(slot_member(b, slot) + 1);
	return (uint16_t)(b->slot[slot] - 1);
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
	if (b->targets.n == 0)
		return BALANCE_NONE;
	return turns_next(&b->place_turns[turns_next(&b->turns)]);
}

double
balance_share(const struct balance *b, size_t member)
{
	return b->share[member];
}
