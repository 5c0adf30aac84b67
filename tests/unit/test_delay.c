/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "mirror/delay.h"
#include "unit.h"

#define MS UINT64_C(1000000)

static uint64_t now, asked;

static uint64_t
clock_ns(void)
{
	asked++;
	return now;
}

static uint64_t
total(const struct delay *d)
{
	uint64_t n = 0;

	for (size_t i = 0; i <= DELAY_BOUNDS; i++)
		n += d->counts[i];
	return n;
}

/* The bucket of a delay. */
static size_t
bucket(double seconds)
{
	size_t i = 0;

	while (i < DELAY_BOUNDS && seconds > delay_bounds[i])
		i++;
	return i;
}

static void
test_bounds(void)
{
	for (size_t i = 1; i < DELAY_BOUNDS; i++)
		CU_ASSERT(delay_bounds[i - 1] < delay_bounds[i]);
}

/* All copies of a block count as late as its first packet; what none of them
 * came of costs no look at the clock. */
static void
test_blocks(void)
{
	struct delay d = { 0 };

	asked = 0;
	delay_packet(&d, 1000 * MS);
	delay_packet(&d, 1003 * MS);
	now = 1004 * MS;
	delay_flush(&d, 3, clock_ns);
	CU_ASSERT_EQUAL(total(&d), 3);
	CU_ASSERT_EQUAL(d.counts[bucket(0.004)], 3);
	CU_ASSERT_DOUBLE_EQUAL(d.sum, 0.012, 1e-9);
	CU_ASSERT_EQUAL(asked, 1);
	delay_flush(&d, 3, clock_ns);
	delay_packet(&d, 2000 * MS);
	delay_flush(&d, 3, clock_ns);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(total(&d), 3);
	delay_packet(&d, 3000 * MS);
	now = 13000 * MS;
	delay_flush(&d, 5, clock_ns);
	CU_ASSERT_EQUAL(d.counts[DELAY_BOUNDS], 2);
	CU_ASSERT_DOUBLE_EQUAL(d.sum, 20.012, 1e-9);
}

static void
test_edges(void)
{
	struct delay d = { 0 };

	/* On a bound is below it. */
	delay_packet(&d, 1000 * MS);
	now = 1005 * MS;
	delay_flush(&d, 1, clock_ns);
	CU_ASSERT_EQUAL(d.counts[bucket(0.005)], 1);
	/* The clock was set back. */
	delay_packet(&d, 1000 * MS);
	now = 1 * MS;
	delay_flush(&d, 2, clock_ns);
	CU_ASSERT_EQUAL(d.counts[0], 1);
	CU_ASSERT_DOUBLE_EQUAL(d.sum, 0.005, 1e-9);
}

static const struct unit_test tests[] = {
	{ "bounds", test_bounds },
	{ "blocks", test_blocks },
	{ "edges", test_edges },
};

UNIT_MAIN("delay", tests)
