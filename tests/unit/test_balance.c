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
		m[i] = (struct balance_member) { names[i], weights[i] };
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

static void
test_vectors(void)
{
	static const struct balance_member m[] = { { "a", 1 }, { "b", 1 },
		{ "c", 2 } };
	struct balance *b = make(m, COUNT(m));

	for (size_t i = 0; i < COUNT(balance_vectors); i++) {
		const struct balance_vector *v = &balance_vectors[i];

		CU_ASSERT_STRING_EQUAL(m[balance_pick(b, v->hash)].name,
		    v->member);
		CU_ASSERT_EQUAL(balance_port(v->hash, 8), v->port);
		CU_ASSERT_EQUAL(balance_sampled(v->hash, 10), v->sampled);
	}
	CU_ASSERT_EQUAL(balance_share(b, 0), 16390.0 / 65537);
	CU_ASSERT_EQUAL(balance_share(b, 1), 16429.0 / 65537);
	CU_ASSERT_EQUAL(balance_share(b, 2), 32718.0 / 65537);
	balance_free(b);
}

static void
test_slots(void)
{
	static const uint8_t w[] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct balance *b = make_weights(w, COUNT(w));
	int wrong = 0;

	CU_ASSERT_EQUAL(slot_hash(1), (uint64_t)65536 << 32);
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

			CU_ASSERT_DOUBLE_EQUAL(balance_share(b, j), want, 0.02);
			CU_ASSERT_DOUBLE_EQUAL(balance_share(b, j), want,
			    5 * sqrt(want / BALANCE_SLOTS));
			all += balance_share(b, j);
		}
		CU_ASSERT_DOUBLE_EQUAL(all, 1.0, 1e-9);
		balance_free(b);
	}
}

/* The order of members changes their index, and nothing else; shares are
 * those of the slots. */
static void
test_order(void)
{
	struct balance_member m[COUNT(names)], shuffled[COUNT(names)];
	struct balance *b, *c;
	size_t held = 0;
	int wrong = 0;

	for (size_t i = 0; i < COUNT(m); i++)
		m[i] = (struct balance_member) { names[i], (uint8_t)i };
	for (size_t i = 0; i < COUNT(m); i++)
		shuffled[i] = m[(i * 7 + 3) % COUNT(m)];
	b = make(m, COUNT(m));
	c = make(shuffled, COUNT(m));
	for (uint32_t s = 0; s < BALANCE_SLOTS; s++) {
		wrong += m[owner(b, s)].name != shuffled[owner(c, s)].name;
		held += owner(b, s) == 5;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL((double)held / BALANCE_SLOTS, balance_share(b, 5));
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
	static const struct balance_member all[] = { { "a", 1 }, { "b", 1 },
		{ "c", 1 }, { "d", 1 } };
	static const struct balance_member rest[] = { { "a", 1 }, { "c", 1 },
		{ "d", 1 } };
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
	static const struct balance_member twice[] = { { "a", 1 }, { "b", 1 },
		{ "a", 0 } };
	struct balance_member *many = calloc(BALANCE_MEMBERS_MAX + 1,
	    sizeof(*many));
	struct balance *b = NULL;
	struct err err;

	CU_ASSERT_EQUAL(balance_new(&b, twice, 3, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, "balance: two members are named a");
	CU_ASSERT_EQUAL(balance_new(&b, many, BALANCE_MEMBERS_MAX + 1, &err),
	    -1);
	CU_ASSERT_STRING_EQUAL(err.text, "balance: 1025 members, at most 1024");
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
	{ "sample", test_sampled },
	{ "ports", test_ports },
	{ "choices are independent", test_independent },
};
UNIT_MAIN("balance", tests)
