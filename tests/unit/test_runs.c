/* SPDX-License-Identifier: ISC */
/* Random traffic, and what an order of sending must never do. */
#include "config.h"

#include <string.h>

#include "deliver/runs.h"
#include "unit.h"

static const struct runs_limits gso = { 63, 48, 1472, 65507 };
static struct runs r;

/* A copy's number is the address of its header. */
static void
add(const struct runs_limits *limits, uintptr_t number, uint64_t flow,
    size_t len)
{
	const struct iovec iov[2] = { { (void *)number, 8 },
		{ NULL, len - 8 } };

	runs_add(&r, limits, flow, iov);
}

static uintptr_t
number_of(unsigned copy)
{
	return (uintptr_t)r.copy[copy].iov[0].iov_base;
}

static void
test_equal_sizes(void)
{
	runs_clear(&r);
	for (unsigned i = 0; i < 100; i++)
		add(&gso, i, i, 68);
	CU_ASSERT_EQUAL(r.nruns, 2);
	CU_ASSERT_EQUAL(r.run[0].copies, 63);
	CU_ASSERT_EQUAL(r.run[1].copies, 37);
	CU_ASSERT_FALSE(runs_has_tail(&r, 0, &gso));
	runs_clear(&r);
	for (unsigned i = 0; i < 100; i++)
		add(&gso, i, i, 1400);
	CU_ASSERT_EQUAL(r.run[0].copies, 65507 / 1400);
}

/* Sizes that alternate, of different flows, make two runs. */
static void
test_across_flows(void)
{
	runs_clear(&r);
	for (unsigned i = 0; i < 60; i++)
		add(&gso, i, i, i % 2 == 0 ? 68 : 1400);
	CU_ASSERT_EQUAL(r.nruns, 2);
}

/* Of one flow they must not. */
static void
test_one_flow(void)
{
	runs_clear(&r);
	for (unsigned i = 0; i < 10; i++)
		add(&gso, i, 7, i % 2 == 0 ? 1400 : 68);
	CU_ASSERT_EQUAL(r.nruns, 10);
	for (unsigned i = 0; i < 10; i++)
		CU_ASSERT_EQUAL(runs_has_tail(&r, i, &gso), i % 2 == 0);
}

static void
test_too_long(void)
{
	runs_clear(&r);
	add(&gso, 0, 1, 1473);
	add(&gso, 1, 1, 1473);
	add(&gso, 2, 1, 68);
	CU_ASSERT_EQUAL(r.nruns, 3);
	CU_ASSERT_FALSE(runs_has_tail(&r, 1, &gso));
}

static void
test_too_short(void)
{
	runs_clear(&r);
	add(&gso, 0, 1, 47);
	add(&gso, 1, 2, 47);
	add(&gso, 2, 3, 40);
	CU_ASSERT_EQUAL(r.nruns, 3);
	CU_ASSERT_FALSE(runs_has_tail(&r, 1, &gso));
}

static void
test_singles(void)
{
	static const struct runs_limits single = { 1, 0, 65535, 65535 };

	runs_clear(&r);
	for (unsigned i = 0; i < 20; i++)
		add(&single, i, i, 68 - i);
	CU_ASSERT_EQUAL(r.nruns, 20);
	for (unsigned i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(number_of(r.run[i].first), i);
		CU_ASSERT_FALSE(runs_has_tail(&r, i, &single));
	}
}

static void
test_full(void)
{
	runs_clear(&r);
	for (unsigned i = 0; i < RUNS_COPIES; i++) {
		CU_ASSERT_FALSE(runs_full(&r));
		add(&gso, i, 0, 60 + i % 2);
	}
	CU_ASSERT_TRUE(runs_full(&r));
	CU_ASSERT_EQUAL(r.nruns, RUNS_COPIES);
}

/* Every copy once, equal sizes in a run, and flows in their order. */
static void
check_runs(const unsigned *flow, const size_t *len, unsigned n)
{
	uintptr_t last_of[RUNS_COPIES];
	unsigned seen = 0, bad = 0;

	memset(last_of, 0, sizeof(last_of));
	for (unsigned i = 0; i < r.nruns; i++) {
		unsigned at = r.run[i].first;

		bad += r.run[i].copies > gso.copies ||
		    (r.run[i].copies > 1 &&
			r.run[i].copies * r.run[i].len > gso.total);
		for (unsigned k = 0; k < r.run[i].copies; k++) {
			uintptr_t c = number_of(at);

			bad += len[c] != r.run[i].len;
			bad += c + 1 <= last_of[flow[c]];
			last_of[flow[c]] = c + 1;
			seen++;
			at = r.copy[at].next;
		}
	}
	CU_ASSERT_EQUAL(seen, n);
	CU_ASSERT_EQUAL(bad, 0);
}

static void
test_random(void)
{
	static const size_t sizes[] = { 68, 598, 1472, 132, 2000 };
	unsigned flow[RUNS_COPIES];
	size_t len[RUNS_COPIES];

	for (unsigned round = 0; round < 2000; round++) {
		unsigned n = 1 + (unsigned)unit_random() % RUNS_COPIES;
		unsigned nflows = 1 + (unsigned)unit_random() % RUNS_COPIES;
		unsigned nsizes = 1 + (unsigned)unit_random() % 5;

		runs_clear(&r);
		for (unsigned i = 0; i < n; i++) {
			flow[i] = (unsigned)unit_random() % nflows;
			len[i] = sizes[(unsigned)unit_random() % nsizes];
			add(&gso, i, flow[i] * UINT64_C(0x9e3779b97f4a7c15),
			    len[i]);
		}
		check_runs(flow, len, n);
	}
}

static const struct unit_test tests[] = {
	{ "equal sizes", test_equal_sizes },
	{ "across flows", test_across_flows },
	{ "one flow", test_one_flow },
	{ "too long", test_too_long },
	{ "too short", test_too_short },
	{ "singles", test_singles },
	{ "full", test_full },
	{ "random", test_random },
};
UNIT_MAIN("runs", tests)
