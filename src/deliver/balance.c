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

struct balance {
	uint16_t slot[BALANCE_SLOTS];
	uint32_t *held;	      /* slots of each member */
	struct turns targets; /* v: index into places */
	struct turns *places; /* of each target; v: index of the member */
	size_t ntargets;
	uint16_t only; /* the one member with a weight, or BALANCE_NONE */
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

static double
slot_score(const struct candidate *c, const uint8_t slot[static 4])
{
	uint64_t h = XXH3_64bits_withSeed(slot, 4, c->key);

	return -log(((double)(h >> 12) + 0.5) * 0x1p-52) / c->weight;
}

/* Whose slot it is; there is at least one. */
static size_t
slot_owner(uint32_t slot, const struct field *f)
{
	const uint8_t bytes[4] = { (uint8_t)slot, (uint8_t)(slot >> 8),
		(uint8_t)(slot >> 16), (uint8_t)(slot >> 24) };
	double least = INFINITY;
	size_t owner = 0;

	for (size_t i = 0; f->n > 1 && i < f->n; i++) {
		double score = slot_score(&f->v[i], bytes);

		if (score < least) {
			least = score;
			owner = i;
		}
	}
	return owner;
}

static void
slots_fill(struct balance *b, const struct field *targets,
    const struct field *places)
{
	uint16_t owner = BALANCE_NONE;
	bool one = targets->n == 1 && places->n == 1;

	b->only = one ? places->v->index : BALANCE_NONE;
	if (one)
		b->held[b->only] = BALANCE_SLOTS;
	for (uint32_t s = 0; !one && s < BALANCE_SLOTS; s++) {
		if (targets->n > 0) {
			const struct field *f = &places[slot_owner(s, targets)];

			owner = f->v[slot_owner(s, f)].index;
			b->held[owner]++;
		}
		b->slot[s] = owner;
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

/* What the tables are filled from. */
struct builder {
	struct order order;
	struct field targets; /* index: of their places below */
	struct field *places;
	struct candidate *of_places; /* of all targets */
};

static int
builder_init(struct builder *bd, const struct balance_member *m, size_t n)
{
	bd->order.v = calloc(n + 1, sizeof(*bd->order.v));
	bd->targets.v = calloc(n + 1, sizeof(*bd->targets.v));
	bd->places = calloc(n + 1, sizeof(*bd->places));
	bd->of_places = calloc(n + 1, sizeof(*bd->of_places));
	if (bd->order.v == NULL || bd->targets.v == NULL ||
	    bd->places == NULL || bd->of_places == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		bd->order.v[i] = &m[i];
	bd->order.n = n;
	qsort(bd->order.v, n, sizeof(*bd->order.v), compare_members);
	return 0;
}

static void
builder_fini(struct builder *bd)
{
	free(bd->order.v);
	free(bd->targets.v);
	free(bd->places);
	free(bd->of_places);
}

/* Adds the target whose places begin at number *i of the order, if it can be
 * chosen, and moves *i behind them. */
static void
add_target(struct builder *bd, size_t *i, const struct balance_member *m)
{
	const struct balance_member *first = bd->order.v[*i];
	uint64_t key = hash_text(first->name, FLOW_SEED);
	struct field *f = &bd->places[bd->targets.n];

	f->v = &bd->of_places[*i];
	f->n = 0;
	for (; *i < bd->order.n; ++*i) {
		const struct balance_member *p = bd->order.v[*i];

		if (strcmp(p->name, first->name) != 0)
			break;
		if (p->place_weight > 0)
			f->v[f->n++] = (struct candidate) {
				hash_text(place_of(p), key), p->place_weight,
				(uint16_t)(p - m)
			};
	}
	if (first->weight > 0 && f->n > 0) {
		bd->targets.v[bd->targets.n] = (struct candidate) { key,
			first->weight, (uint16_t)bd->targets.n };
		bd->targets.n++;
	}
}

static int
fill(struct balance *b, const struct builder *bd)
{
	size_t n = bd->targets.n;

	slots_fill(b, &bd->targets, bd->places);
	if (n == 0)
		return 0;
	if ((b->places = calloc(n, sizeof(*b->places))) == NULL)
		return -1;
	b->ntargets = n;
	for (size_t i = 0; i < n; i++)
		if (turns_fill(&b->places[i], &bd->places[i]) == -1)
			return -1;
	return turns_fill(&b->targets, &bd->targets);
}

int
balance_new(struct balance **out, const struct balance_member *m, size_t n,
    struct err *err)
{
	struct builder bd = { .places = NULL };
	struct balance *b;
	int rc = -1;

	if (n > BALANCE_MEMBERS_MAX)
		return err_set(err, "balance: %zu members, at most %d", n,
		    BALANCE_MEMBERS_MAX);
	if ((b = calloc(1, sizeof(*b))) == NULL ||
	    (b->held = calloc(n + 1, sizeof(*b->held))) == NULL ||
	    builder_init(&bd, m, n) == -1) {
		err_sys(err, "balance");
		goto out;
	}
	if (check_order(&bd.order, err) == -1)
		goto out;
	for (size_t i = 0; i < n;)
		add_target(&bd, &i, m);
	if ((rc = fill(b, &bd)) == -1)
		err_sys(err, "balance");
out:
	builder_fini(&bd);
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
	for (size_t i = 0; i < b->ntargets; i++)
		free(b->places[i].v);
	free(b->places);
	free(b->targets.v);
	free(b->held);
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
	if (b->targets.n == 0)
		return BALANCE_NONE;
	return turns_next(&b->places[turns_next(&b->targets)]);
}

double
balance_share(const struct balance *b, size_t member)
{
	return (double)b->held[member] / BALANCE_SLOTS;
}
