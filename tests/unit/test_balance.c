/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "deliver/balance.h"
#include "flow_vectors.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A target that has one place. */
#define ONE(name, weight)             \
	{                             \
		name, weight, NULL, 1 \
	}

static const char *const names[] = { "a", "b", "c", "d", "ids-1", "ids-2",
	"ids-3", "ids-4", "i", "j", "k", "l", "m", "n", "o", "p" };

static struct balance *
make(const struct balance_member *m, size_t n)
{
	struct balance *b = NULL;
	struct err err = { "" };

	if (balance_new(&b, m, n, &err) == -1) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return b;
}

/* Members with these weights, called as in names. */
static struct balance *
make_weights(const uint8_t *weights, size_t n)
{
	struct balance_member m[COUNT(names)];

	for (size_t i = 0; i < n; i++)
		m[i] = (struct balance_member)ONE(names[i], weights[i]);
	return make(m, n);
}

/* The least hash of a slot. */
static uint64_t
slot_hash(uint32_t slot)
{
	return ((((uint64_t)slot << 32) + BALANCE_SLOTS - 1) / BALANCE_SLOTS)
	    << 32;
}

static uint16_t
owner(const struct balance *b, uint32_t slot)
{
	return balance_pick(b, slot_hash(slot));
}

/* How many slots are a member's. */
static uint32_t
held(const struct balance *b, uint16_t member)
{
	uint32_t n = 0;

	for (uint32_t s = 0; s < BALANCE_SLOTS; s++)
		n += owner(b, s) == member;
	return n;
}

static void
test_vectors(void)
{
	static const struct balance_member m[] = { ONE("a", 1), ONE("b", 1),
		ONE("c", 2) };
	struct balance *b = make(m, COUNT(m));

	for (size_t i = 0; i < COUNT(balance_vectors); i++) {
		const struct balance_vector *v = &balance_vectors[i];

		CU_ASSERT_STRING_EQUAL(m[balance_pick(b, v->hash)].name,
		    v->member);
		CU_ASSERT_EQUAL(balance_port(v->hash, 8), v->port);
		CU_ASSERT_EQUAL(balance_sampled(v->hash, 10), v->sampled);
	}
	CU_ASSERT_EQUAL(held(b, 0), 130831);
	CU_ASSERT_EQUAL(held(b, 1), 132004);
	CU_ASSERT_EQUAL(held(b, 2), 261453);
	balance_free(b);
}

static void
test_slots(void)
{
	static const uint8_t w[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct balance *b = make_weights(w, COUNT(w));
	int wrong = 0;

	CU_ASSERT_EQUAL(slot_hash(1), (uint64_t)8192 << 32);
	for (uint32_t s = 0; s < BALANCE_SLOTS - 1; s++)
		wrong += owner(b, s) != balance_pick(b, slot_hash(s + 1) - 1);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(owner(b, BALANCE_SLOTS - 1),
	    balance_pick(b, UINT64_MAX));
	balance_free(b);
}

static void
test_shares(void)
{
	static const uint8_t sets[][8] = { { 1, 1 }, { 1, 1, 1, 1 },
		{ 1, 2, 3, 4 }, { 100, 50, 25, 25 }, { 1, 9 }, { 10, 1, 1 },
		{ 7, 5, 3, 2, 1 }, { 100, 100, 100, 100, 100, 100, 100, 100 } };

	for (size_t i = 0; i < COUNT(sets); i++) {
		struct balance *b = make_weights(sets[i], 8);
		double sum = 0, all = 0;

		for (size_t j = 0; j < 8; j++)
			sum += sets[i][j];
		for (size_t j = 0; j < 8; j++) {
			double want = sets[i][j] / sum;

			CU_ASSERT_DOUBLE_EQUAL(balance_share(b, j), want, 1e-9);
			CU_ASSERT_DOUBLE_EQUAL(held(b, (uint16_t)j),
			    want * BALANCE_SLOTS,
			    5 * sqrt(want * BALANCE_SLOTS));
			all += balance_share(b, j);
		}
		CU_ASSERT_DOUBLE_EQUAL(all, 1.0, 1e-9);
		balance_free(b);
	}
}

/* The order of members changes their index, and nothing else. */
static void
test_order(void)
{
	struct balance_member m[COUNT(names)], shuffled[COUNT(names)];
	struct balance *b, *c;
	int wrong = 0;

	for (size_t i = 0; i < COUNT(m); i++)
		m[i] = (struct balance_member)ONE(names[i], (uint8_t)i);
	for (size_t i = 0; i < COUNT(m); i++)
		shuffled[i] = m[(i * 7 + 3) % COUNT(m)];
	b = make(m, COUNT(m));
	c = make(shuffled, COUNT(m));
	for (uint32_t s = 0; s < BALANCE_SLOTS; s++)
		wrong += m[owner(b, s)].name != shuffled[owner(c, s)].name;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(balance_share(b, 5), 5.0 / 120);
	for (int i = 0; i < 240; i++)
		wrong += m[balance_next(b)].name !=
		    shuffled[balance_next(c)].name;
	CU_ASSERT_EQUAL(wrong, 0);
	balance_free(b);
	balance_free(c);
}

/* Slots that change hands between two sets of weights, other than from the
 * member that lost weight or to the one that gained. */
static int
strays(const uint8_t *before, const uint8_t *after, size_t n, size_t changed)
{
	struct balance *b = make_weights(before, n);
	struct balance *c = make_weights(after, n);
	int gains = after[changed] > before[changed];
	int count = 0;

	for (uint32_t s = 0; s < BALANCE_SLOTS; s++) {
		if (owner(b, s) == owner(c, s))
			continue;
		count += (gains ? owner(c, s) : owner(b, s)) != changed;
	}
	balance_free(b);
	balance_free(c);
	return count;
}

static void
test_change(void)
{
	static const uint8_t w[][4] = { { 3, 3, 3, 3 }, { 3, 0, 3, 3 },
		{ 3, 5, 3, 3 }, { 3, 1, 3, 3 }, { 3, 100, 3, 3 } };

	for (size_t i = 0; i < COUNT(w); i++)
		for (size_t j = 0; j < COUNT(w); j++)
			CU_ASSERT_EQUAL(strays(w[i], w[j], 4, 1), 0);
}

/* Taking one of four out of the list is what weight 0 is, to every other;
 * with it back, all is as before. */
static void
test_remove(void)
{
	static const struct balance_member all[] = { ONE("a", 1), ONE("b", 1),
		ONE("c", 1), ONE("d", 1) };
	static const struct balance_member rest[] = { ONE("a", 1), ONE("c", 1),
		ONE("d", 1) };
	struct balance *b = make(all, 4), *c = make(rest, 3);
	struct balance *again = make(all, 4);
	int moved = 0, wrong = 0;

	for (uint32_t s = 0; s < BALANCE_SLOTS; s++) {
		wrong += owner(b, s) != owner(again, s);
		if (owner(b, s) == 1)
			moved++;
		else
			wrong += all[owner(b, s)].name[0] !=
			    rest[owner(c, s)].name[0];
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT(moved > 0);
	CU_ASSERT_DOUBLE_EQUAL(balance_share(c, 0), 1.0 / 3, 0.01);
	balance_free(b);
	balance_free(c);
	balance_free(again);
}

static void
test_weight_zero(void)
{
	static const uint8_t some[] = { 0, 1, 0, 2 }, none[] = { 0, 0 };
	struct balance *b = make_weights(some, 4);
	int wrong = 0;

	for (uint32_t s = 0; s < BALANCE_SLOTS; s++)
		wrong += some[owner(b, s)] == 0;
	for (int i = 0; i < 100; i++)
		wrong += some[balance_next(b)] == 0;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(balance_share(b, 2), 0.0);
	balance_free(b);
	for (size_t n = 0; n <= 2; n++) {
		b = make_weights(none, n);
		CU_ASSERT_EQUAL(balance_pick(b, unit_random()), BALANCE_NONE);
		CU_ASSERT_EQUAL(balance_next(b), BALANCE_NONE);
		if (n > 0)
			CU_ASSERT_EQUAL(balance_share(b, n - 1), 0.0);
		balance_free(b);
	}
}

static void
test_refused(void)
{
	static const struct balance_member twice[] = { ONE("a", 1), ONE("b", 1),
		ONE("a", 0) };
	struct balance_member *many = calloc(BALANCE_MEMBERS_MAX + 1,
	    sizeof(*many));
	struct balance *b = NULL;
	struct err err;

	CU_ASSERT_EQUAL(balance_new(&b, twice, 3, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "balance: two members are named a");
	CU_ASSERT_EQUAL(balance_new(&b, many, BALANCE_MEMBERS_MAX + 1, &err),
	    -1);
	CU_ASSERT_STRING_EQUAL(err.text, "balance: 8193 members, at most 8192");
	CU_ASSERT_PTR_NULL(b);
	balance_free(NULL);
	free(many);
}

/* In every window of one period each member has its exact count. */
static void
check_turns(const uint8_t *w, size_t n, uint32_t period, uint32_t unit)
{
	struct balance *b = make_weights(w, n);
	uint16_t *turn = calloc((size_t)period * 3, sizeof(*turn));
	uint32_t count[COUNT(names)] = { 0 };
	int wrong = 0;

	for (uint32_t i = 0; i < period * 3; i++) {
		turn[i] = balance_next(b);
		count[turn[i]]++;
		if (i >= period)
			count[turn[i - period]]--;
		for (size_t j = 0; i >= period - 1 && j < n; j++)
			wrong += count[j] != w[j] / unit;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	free(turn);
	balance_free(b);
}

static void
test_turns(void)
{
	static const uint8_t equal[] = { 10, 10, 10 }, few[] = { 5, 1, 1 },
			     even[] = { 2, 4, 0, 6 }, odd[] = { 100, 99, 1 },
			     one[] = { 100 };

	check_turns(equal, 3, 3, 10);
	check_turns(few, 3, 7, 1);
	check_turns(even, 4, 6, 2);
	check_turns(odd, 3, 200, 1);
	check_turns(one, 1, 1, 100);
}

/* Not in bursts: who has half the weight has every other turn. */
static void
test_turns_smooth(void)
{
	static const uint8_t w[] = { 7, 1, 1, 1, 1, 1, 1, 1 };
	struct balance *b = make_weights(w, COUNT(w));
	int last = -1, run = 0, longest = 0;

	for (int i = 0; i < 140; i++) {
		int m = balance_next(b);

		run = m == last ? run + 1 : 1;
		longest = run > longest ? run : longest;
		last = m;
	}
	CU_ASSERT(longest <= 2);
	balance_free(b);
}

/* Chi-square against equal parts. By a fair hash the bound is passed once in
 * some millions. */
static int
is_even(const uint32_t *count, size_t n)
{
	double sum = 0, chi = 0, df = (double)n - 1;

	for (size_t i = 0; i < n; i++)
		sum += count[i];
	for (size_t i = 0; i < n; i++) {
		double d = count[i] - sum / (double)n;

		chi += d * d / (sum / (double)n);
	}
	return chi < df + 6 * sqrt(2 * df) + 20;
}

static void
test_sampled(void)
{
	CU_ASSERT(balance_sampled(UINT64_MAX, 1));
	CU_ASSERT(balance_sampled(0, UINT32_MAX));
	CU_ASSERT(!balance_sampled(2, UINT32_MAX));
	for (uint32_t n = 2; n <= 1000; n *= 3) {
		uint32_t count[2] = { 0 };
		double want = 400000.0 / n;

		for (int i = 0; i < 400000; i++)
			count[balance_sampled(unit_random(), n)]++;
		CU_ASSERT_DOUBLE_EQUAL(count[1], want, 6 * sqrt(want));
	}
}

static void
test_ports(void)
{
	for (unsigned n = 1; n <= 64; n++) {
		uint32_t count[64] = { 0 };

		for (int i = 0; i < 20000; i++)
			count[balance_port(unit_random(), n)]++;
		CU_ASSERT(n == 1 || is_even(count, n));
	}
}

/* Of the flows that a sample keeps, each (target, port) gets its part. */
static void
test_independent(void)
{
	static const uint8_t w[] = { 1, 1, 1, 1, 1 };
	static const uint32_t samples[] = { 1, 2, 10, 100, 65536 };
	static const uint8_t ports[] = { 2, 8, 13, 64 };
	struct balance *b = make_weights(w, COUNT(w));

	for (size_t i = 0; i < COUNT(samples) * COUNT(ports); i++) {
		uint32_t n = samples[i / COUNT(ports)];
		unsigned p = ports[i % COUNT(ports)];
		uint32_t both[COUNT(w) * 64] = { 0 };

		for (int j = 0; j < 100000; j++) {
			/* Only kept flows, or the rare ones take long. */
			uint64_t h = unit_random();

			h = (h & ~(uint64_t)UINT32_MAX) | (h & UINT32_MAX) / n;
			CU_ASSERT(balance_sampled(h, n));
			both[balance_pick(b, h) * p + balance_port(h, p)]++;
		}
		CU_ASSERT(is_even(both, COUNT(w) * p));
	}
	balance_free(b);
}

/* ---- places ----------------------------------------------------------------
 */

static const struct balance_member pool[] = {
	ONE("a", 1),
	{ "pool", 2, "10.0.0.1 4789", 1 },
	{ "pool", 2, "10.0.0.2 4789", 1 },
	{ "pool", 2, "10.0.0.3 4789", 2 },
	ONE("z", 1),
};

/* Whatever places a target has, its slots are those that its name and weight
 * give it; their weights divide them, and nothing else. */
static void
test_places(void)
{
	static const struct balance_member single[] = { ONE("a", 1),
		ONE("pool", 2), ONE("z", 1) };
	struct balance *b = make(pool, COUNT(pool)), *c = make(single, 3);
	double whole = balance_share(c, 1);
	int wrong = 0;

	for (uint32_t s = 0; s < BALANCE_SLOTS; s++)
		wrong += pool[owner(b, s)].name[0] !=
		    single[owner(c, s)].name[0];
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_DOUBLE_EQUAL(balance_share(b, 1), whole / 4, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(balance_share(b, 2), whole / 4, 0.01);
	CU_ASSERT_DOUBLE_EQUAL(balance_share(b, 3), whole / 2, 0.01);
	balance_free(b);
	balance_free(c);
}

/* The table as trafmirrord.conf(5) has it. */
static void
test_place_vectors(void)
{
	static const struct balance_member m[] = { ONE("a", 1), ONE("b", 1),
		{ "c", 2, "10.0.0.1 4789", 1 }, { "c", 2, "10.0.0.2 4789", 1 },
		{ "c", 2, "fd00::3 4790", 2 } };
	struct balance *b = make(m, COUNT(m));

	for (size_t i = 0; i < COUNT(place_vectors); i++) {
		const struct place_vector *v = &place_vectors[i];
		const struct balance_member *to = &m[balance_pick(b, v->hash)];

		CU_ASSERT_STRING_EQUAL(to->place == NULL ? to->name : to->place,
		    v->place);
	}
	balance_free(b);
}

/* Slots that change hands if pool gets other place weights, other than from or
 * to the places whose weight has changed. */
static int
place_strays(const uint16_t before[static 3], const uint16_t after[static 3],
    int *moved)
{
	struct balance_member m[COUNT(pool)], n[COUNT(pool)];
	struct balance *b, *c;
	int count = 0;

	memcpy(m, pool, sizeof(m));
	memcpy(n, pool, sizeof(n));
	for (size_t i = 0; i < 3; i++) {
		m[1 + i].place_weight = before[i];
		n[1 + i].place_weight = after[i];
	}
	b = make(m, COUNT(m));
	c = make(n, COUNT(n));
	*moved = 0;
	for (uint32_t s = 0; s < BALANCE_SLOTS; s++) {
		uint16_t x = owner(b, s), y = owner(c, s);

		if (x == y)
			continue;
		++*moved;
		count += m[x].place_weight == n[x].place_weight &&
		    m[y].place_weight == n[y].place_weight;
	}
	balance_free(b);
	balance_free(c);
	return count;
}

static void
test_place_leaves(void)
{
	static const uint16_t all[] = { 1, 1, 2 }, two[] = { 1, 0, 2 },
			      one[] = { 0, 0, 2 }, more[] = { 1, 1, 3 };
	struct balance *b = make(pool, COUNT(pool));
	int moved;

	CU_ASSERT_EQUAL(place_strays(all, two, &moved), 0);
	CU_ASSERT_EQUAL(moved, (int)held(b, 2));
	CU_ASSERT_EQUAL(place_strays(two, all, &moved), 0);
	CU_ASSERT_EQUAL(moved, (int)held(b, 2));
	CU_ASSERT_EQUAL(place_strays(two, one, &moved), 0);
	CU_ASSERT_EQUAL(place_strays(all, more, &moved), 0);
	balance_free(b);
}

/* Without its last place a target has no part any more: what weight 0 is. */
static void
test_no_place(void)
{
	struct balance_member m[] = { ONE("a", 1), ONE("b", 1),
		{ "b", 1, "x", 0 }, ONE("c", 1) };
	static const uint8_t w[] = { 1, 0, 1 };
	struct balance *b, *c = make_weights(w, 3);
	int wrong = 0;

	m[1].place_weight = 0;
	b = make(m, COUNT(m));
	for (uint32_t s = 0; s < BALANCE_SLOTS; s++)
		wrong += strcmp(m[owner(b, s)].name, names[owner(c, s)]) != 0;
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(balance_share(b, 1), 0.0);
	balance_free(b);
	balance_free(c);
	m[0].place_weight = m[3].place_weight = 0;
	b = make(m, COUNT(m));
	CU_ASSERT_EQUAL(balance_pick(b, unit_random()), BALANCE_NONE);
	CU_ASSERT_EQUAL(balance_next(b), BALANCE_NONE);
	balance_free(b);
}

/* Each target has its exact turns, and each place its exact part of them. */
static void
test_place_turns(void)
{
	struct balance *b = make(pool, COUNT(pool));
	uint32_t count[COUNT(pool)] = { 0 };

	for (int i = 0; i < 4 * 4 * 10; i++)
		count[balance_next(b)]++;
	CU_ASSERT_EQUAL(count[0], 40);
	CU_ASSERT_EQUAL(count[1], 20);
	CU_ASSERT_EQUAL(count[2], 20);
	CU_ASSERT_EQUAL(count[3], 40);
	CU_ASSERT_EQUAL(count[4], 40);
	balance_free(b);
}

/* Weights of SRV records may have no common measure. */
static void
test_long_turns(void)
{
	struct balance_member m[64];
	char places[64][4];
	struct balance *b;
	double sum = 0, next[64] = { 0 };

	for (size_t i = 0; i < COUNT(m); i++) {
		snprintf(places[i], sizeof(places[i]), "%zu", i);
		m[i] = (struct balance_member) { "a", 1, places[i],
			(uint16_t)(65535 - 997 * i) };
		sum += m[i].place_weight;
	}
	b = make(m, COUNT(m));
	for (int i = 0; i < 1000000; i++)
		next[balance_next(b)] += 1e-6;
	for (size_t i = 0; i < COUNT(m); i++)
		CU_ASSERT_DOUBLE_EQUAL(next[i], m[i].place_weight / sum,
		    0.01 * m[i].place_weight / sum);
	balance_free(b);
}

static void
test_places_refused(void)
{
	static const struct balance_member twice[] = { { "a", 1, "x", 1 },
		ONE("b", 1), { "a", 1, "y", 1 }, { "a", 1, "x", 0 } };
	struct balance *b = NULL;
	struct err err;

	CU_ASSERT_EQUAL(balance_new(&b, twice, 4, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text,
	    "balance: two members are named a at x");
	CU_ASSERT_PTR_NULL(b);
}

static const struct unit_test tests[] = {
	{ "vectors", test_vectors },
	{ "slots", test_slots },
	{ "shares follow weights", test_shares },
	{ "order of members", test_order },
	{ "a changed weight moves no other's slots", test_change },
	{ "remove and add back", test_remove },
	{ "weight zero", test_weight_zero },
	{ "refused", test_refused },
	{ "turns of a period", test_turns },
	{ "turns are spread", test_turns_smooth },
	{ "places share the slots of a target", test_places },
	{ "vectors of places", test_place_vectors },
	{ "a place moves no other's slots", test_place_leaves },
	{ "no place left", test_no_place },
	{ "turns of places", test_place_turns },
	{ "weights without a common measure", test_long_turns },
	{ "places refused", test_places_refused },
	{ "sample", test_sampled },
	{ "ports", test_ports },
	{ "choices are independent", test_independent },
};
UNIT_MAIN("balance", tests)
