/* SPDX-License-Identifier: ISC */
/* Streams through a token bucket, and what must come out of it. */
#include "config.h"

#include "mirror/limit.h"
#include "unit.h"

#define MS UINT64_C(1000000)
#define S  (1000 * MS)

static uint64_t now;

/* Offers a stream for so long and returns the bits per second that pass. */
static double
offer(struct limit *l, double bits_per_s, uint32_t bytes, double seconds)
{
	double gap = bytes * 8e9 / bits_per_s, at = 0;
	uint64_t passed = 0, start = now;

	for (; at < seconds * 1e9; at += gap) {
		now = start + (uint64_t)at;
		passed += limit_pass(l, now, bytes) ? bytes : 0;
	}
	now = start + (uint64_t)(seconds * 1e9);
	return (double)passed * 8 / seconds;
}

static void
test_none(void)
{
	struct limit l;

	limit_init(&l, 0, 100);
	CU_ASSERT_DOUBLE_EQUAL(offer(&l, 1e10, 1500, 0.1), 1e10, 1e7);
}

/* Far below the limit nothing is lost, however it comes in. */
static void
test_below(void)
{
	struct limit l;

	now = 5 * S;
	limit_init(&l, 1000000000, 100);
	CU_ASSERT_DOUBLE_EQUAL(offer(&l, 2e6, 1500, 10), 2e6, 2e4);
	/* 2 Mbit/s as one burst a second at the speed of the wire */
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_DOUBLE_EQUAL(offer(&l, 1e10, 1500, 2e-4), 1e10, 1e8);
		now += S;
	}
}

static void
test_held(void)
{
	static const double rates[] = { 1e4, 1e6, 3e7, 1e9, 1e11, 1e12 };
	static const uint32_t sizes[] = { 64, 1500, 65535 };
	struct limit l;

	for (size_t r = 0; r < 6; r++)
		for (size_t s = 0; s < 3; s++) {
			double seconds = 200.0 * sizes[s] * 8 / rates[r] + 0.01;

			limit_init(&l, (uint64_t)rates[r], 1);
			offer(&l, 3 * rates[r], sizes[s], seconds);
			CU_ASSERT_DOUBLE_EQUAL(offer(&l, 3 * rates[r], sizes[s],
						   seconds) /
				rates[r],
			    1, 0.02);
		}
}

static void
test_burst(void)
{
	struct limit l;
	double sent;

	/* 100 ms of 80 Mbit/s are 1 MB. */
	limit_init(&l, 80000000, 100);
	now += S;
	sent = offer(&l, 1e10, 1000, 0.001) * 0.001 / 8;
	CU_ASSERT_DOUBLE_EQUAL(sent, 1e6, 2e4);
	now += 50 * MS;
	sent = offer(&l, 1e10, 1000, 0.001) * 0.001 / 8;
	CU_ASSERT_DOUBLE_EQUAL(sent, 5e5, 2e4);
}

/* Time that goes back a little is none, and a lot is another clock. */
static void
test_clock(void)
{
	struct limit l;

	now = 100 * S;
	limit_init(&l, 1000000, 1);
	CU_ASSERT_TRUE(limit_pass(&l, now, 60000));
	CU_ASSERT_FALSE(limit_pass(&l, now - 9 * S, 60));
	CU_ASSERT_FALSE(limit_pass(&l, now, 60));
	CU_ASSERT_FALSE(limit_pass(&l, now - 50 * S, 60));
	CU_ASSERT_TRUE(limit_pass(&l, now - 49 * S, 60));
	CU_ASSERT_TRUE(limit_pass(&l, UINT64_MAX, 60));
}

static const struct unit_test tests[] = {
	{ "none", test_none },
	{ "below", test_below },
	{ "held", test_held },
	{ "burst", test_burst },
	{ "clock", test_clock },
};
UNIT_MAIN("limit", tests)
