/* SPDX-License-Identifier: ISC */
/* One field of a packet: which entries of a list its value satisfies. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "capture/axis.h"
#include "packet/flow.h"

/* From here on, bit is in (1) or out (-1). */
struct axis_edge {
	struct axis_key at;
	uint32_t bit;
	int step;
};

/* Going through all values from 0 on. */
struct sweep {
	struct axis *axis;
	size_t nwords, nsums;
	uint64_t *sums, *words; /* the present set, with all of its words */
	uint32_t *depth;	/* of each entry: ranges that hold the value */
	uint32_t *table;	/* sets by their hash; 0 is free, or empty */
	size_t mask;
	size_t room; /* of axis->words */
};

void
axis_init(struct axis *a, size_t nbits, bool is_wide)
{
	size_t nwords = axis_words(nbits);

	a->is_wide = is_wide;
	a->nbits = nbits;
	a->any = calloc(axis_words(nwords) + nwords + 1, sizeof(*a->any));
	a->no_memory = a->any == NULL;
}

static void
add_edge(struct axis *a, struct axis_key at, size_t bit, int step)
{
	if (a->no_memory)
		return;
	if (a->nedges == a->room) {
		size_t room = a->room * 2 + 16;
		struct axis_edge *more = reallocarray(a->edges, room,
		    sizeof(*more));

		if (more == NULL) {
			a->no_memory = true;
			return;
		}
		a->edges = more;
		a->room = room;
	}
	a->edges[a->nedges++] = (struct axis_edge) { .at = at,
		.bit = (uint32_t)bit,
		.step = step };
}

void
axis_add(struct axis *a, size_t bit, struct axis_key first,
    struct axis_key last)
{
	add_edge(a, first, bit, 1);
	/* Behind the last value of all there is no edge. */
	if (++last.lo == 0)
		last.hi++;
	if ((last.hi | last.lo) != 0 && (a->is_wide || last.lo <= UINT32_MAX))
		add_edge(a, last, bit, -1);
}

void
axis_add_any(struct axis *a, size_t bit)
{
	size_t nsums = axis_words(axis_words(a->nbits));

	if (a->no_memory)
		return;
	a->any[nsums + bit / 64] |= UINT64_C(1) << bit % 64;
	a->any[bit / 4096] |= UINT64_C(1) << bit / 64 % 64;
	a->nany++;
}

static int
compare_keys(const struct axis_key *x, const struct axis_key *y)
{
	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return x->lo == y->lo ? 0 : x->lo < y->lo ? -1 : 1;
}

static int
compare_edges(const void *a, const void *b)
{
	const struct axis_edge *x = a, *y = b;

	return compare_keys(&x->at, &y->at);
}

static void
step(struct sweep *s, const struct axis_edge *e)
{
	uint64_t *word = &s->words[e->bit / 64];
	uint64_t *sum = &s->sums[e->bit / 4096];
	uint64_t bit = UINT64_C(1) << e->bit % 64;
	uint64_t sum_bit = UINT64_C(1) << e->bit / 64 % 64;

	s->depth[e->bit] += (uint32_t)e->step;
	*word = s->depth[e->bit] > 0 ? *word | bit : *word & ~bit;
	*sum = *word != 0 ? *sum | sum_bit : *sum & ~sum_bit;
}

/* Appends the present set. Returns its length, 0 without memory. */
static size_t
append(struct sweep *s)
{
	size_t need = s->axis->nwords + s->nsums + s->nwords;
	uint64_t *to;
	size_t n = s->nsums;

	if (need > s->room) {
		size_t room = s->room * 2 + need;

		to = reallocarray(s->axis->words, room, sizeof(*to));
		if (to == NULL)
			return 0;
		s->axis->words = to;
		s->room = room;
	}
	to = s->axis->words + s->axis->nwords;
	memcpy(to, s->sums, s->nsums * sizeof(*to));
	for (size_t i = 0; i < s->nsums; i++)
		for (uint64_t x = s->sums[i]; x != 0; x &= x - 1)
			to[n++] = s->words[i * 64 + (size_t)__builtin_ctzll(x)];
	return n;
}

/* Finds or stores the present set. */
static int
intern(struct sweep *s, uint32_t *set)
{
	size_t n = append(s);
	const uint64_t *all = s->axis->words, *v = all + s->axis->nwords;
	uint64_t at;

	if (n == 0 || s->axis->nwords + n > UINT32_MAX)
		return -1;
	at = flow_hash_bytes(v, n * sizeof(*v));
	/* A summary tells how long its set is, so no other set with the same
	 * first words is longer or shorter. */
	for (;; at++) {
		uint32_t *slot = &s->table[at & s->mask];

		if (*slot == 0) {
			*slot = *set = (uint32_t)s->axis->nwords;
			s->axis->nwords += n;
			return 0;
		}
		if (*slot + n <= s->axis->nwords &&
		    memcmp(all + *slot, v, n * sizeof(*v)) == 0) {
			*set = *slot;
			return 0;
		}
	}
}

static bool
is_empty(const struct sweep *s)
{
	for (size_t i = 0; i < s->nsums; i++)
		if (s->sums[i] != 0)
			return false;
	return true;
}

/* Begins an interval with the present set, unless the one before has it. */
static int
begin(struct sweep *s, const struct axis_key *at)
{
	struct axis *a = s->axis;
	uint32_t set = 0;

	if (!is_empty(s) && intern(s, &set) == -1)
		return -1;
	if (a->n > 0 && a->set[a->n - 1] == set)
		return 0;
	if (a->is_wide)
		a->wide[a->n] = *at;
	else
		a->narrow[a->n] = (uint32_t)at->lo;
	a->set[a->n++] = set;
	return 0;
}

static int
run(struct sweep *s)
{
	const struct axis *a = s->axis;
	struct axis_key at = { 0, 0 };

	for (size_t i = 0; i < a->nedges;) {
		/* The values below the first edge are in no range. */
		if (i == 0 && compare_keys(&at, &a->edges[0].at) != 0 &&
		    begin(s, &at) == -1)
			return -1;
		at = a->edges[i].at;
		for (; i < a->nedges && compare_keys(&a->edges[i].at, &at) == 0;
		     i++)
			step(s, &a->edges[i]);
		if (begin(s, &at) == -1)
			return -1;
	}
	return a->n > 0 ? 0 : begin(s, &at);
}

static int
allocate(struct sweep *s)
{
	struct axis *a = s->axis;
	size_t most = a->nedges + 1, slots = 2;

	while (slots < 2 * most)
		slots *= 2;
	s->mask = slots - 1;
	s->table = calloc(slots, sizeof(*s->table));
	s->depth = calloc(a->nbits + 1, sizeof(*s->depth));
	s->sums = calloc(s->nsums + s->nwords + 1, sizeof(*s->sums));
	a->words = calloc(s->nsums + 1, sizeof(*a->words));
	a->set = calloc(most, sizeof(*a->set));
	if (a->is_wide)
		a->wide = calloc(most, sizeof(*a->wide));
	else
		a->narrow = calloc(most, sizeof(*a->narrow));
	if (s->table == NULL || s->depth == NULL || s->sums == NULL ||
	    a->words == NULL || a->set == NULL ||
	    (a->wide == NULL && a->narrow == NULL))
		return -1;
	s->words = s->sums + s->nsums;
	/* The empty set. */
	a->nwords = s->nsums;
	s->room = s->nsums + 1;
	return 0;
}

int
axis_build(struct axis *a)
{
	struct sweep s = { .axis = a, .nwords = axis_words(a->nbits) };
	int rc = -1;

	if (a->no_memory)
		return -1;
	s.nsums = axis_words(s.nwords);
	if (a->nedges > 0)
		qsort(a->edges, a->nedges, sizeof(*a->edges), compare_edges);
	if (allocate(&s) == 0)
		rc = run(&s);
	free(s.table);
	free(s.depth);
	free(s.sums);
	free(a->edges);
	a->edges = NULL;
	a->nedges = a->room = 0;
	return rc;
}

void
axis_fini(struct axis *a)
{
	free(a->narrow);
	free(a->wide);
	free(a->set);
	free(a->words);
	free(a->any);
	free(a->edges);
	memset(a, 0, sizeof(*a));
}

static bool
same(const void *a, const void *b, size_t n, size_t size)
{
	return n == 0 || memcmp(a, b, n * size) == 0;
}

bool
axis_equal(const struct axis *a, const struct axis *b)
{
	size_t nwords = axis_words(a->nbits);

	if (a->is_wide != b->is_wide || a->nbits != b->nbits || a->n != b->n ||
	    a->nwords != b->nwords)
		return false;
	if (a->is_wide ? !same(a->wide, b->wide, a->n, sizeof(*a->wide)) :
			 !same(a->narrow, b->narrow, a->n, sizeof(*a->narrow)))
		return false;
	return same(a->set, b->set, a->n, sizeof(*a->set)) &&
	    same(a->words, b->words, a->nwords, sizeof(*a->words)) &&
	    same(a->any, b->any, axis_words(nwords) + nwords, sizeof(*a->any));
}

/* Both searches keep the value at or behind "at"; the comparisons are coin
 * tosses, so they add instead of jumping. */
const uint64_t *
axis_find(const struct axis *a, uint32_t v)
{
	const uint32_t *at = a->narrow;

	for (size_t n = a->n; n > 1;) {
		size_t half = n / 2;

		at += half & -(size_t)(at[half] <= v);
		n -= half;
	}
	return a->words + a->set[at - a->narrow];
}

const uint64_t *
axis_find_wide(const struct axis *a, struct axis_key v)
{
	const struct axis_key *at = a->wide;

	for (size_t n = a->n; n > 1;) {
		size_t half = n / 2;
		bool below = at[half].hi == v.hi ? at[half].lo <= v.lo :
						   at[half].hi < v.hi;

		at += half & -(size_t)below;
		n -= half;
	}
	return a->words + a->set[at - a->wide];
}
