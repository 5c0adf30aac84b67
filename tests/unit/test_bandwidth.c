/* SPDX-License-Identifier: ISC */
/* Mirrors that share one bandwidth, and what each gets of it. */
#include "config.h"

#include "conf/conf.h"
#include "mirror/bandwidth.h"
#include "unit.h"

#define S     UINT64_C(1000000000)
#define MS    (S / 1000)
#define BATCH (5 * MS) /* what one ring holds is handled before the next */
#define BYTES 1500
#define N     3

static struct conf_mirror mirrors[N + 1] = { { .collect = true },
	{ .collect = true }, { .collect = true }, { .collect = false } };
static struct bandwidth all;
static struct bandwidth_share shares[N];

static void
share(uint64_t rate)
{
	struct conf c = { .bandwidth_limit = rate,
		.mirrors = mirrors,
		.nmirrors = N + 1 };

	bandwidth_init(&all, &c);
	for (int i = 0; i < N; i++)
		bandwidth_share_init(&shares[i], &all);
}

/* Lets each mirror offer so many bits per second for 2 s after 1 s unmeasured,
 * one ring after the other. got: bits per second of each. Returns their sum. */
static double
offer(const double offered[static N], double got[static N])
{
	double sum = 0;

	for (int i = 0; i < N; i++)
		got[i] = 0;
	for (uint64_t from = S; from < 4 * S; from += BATCH)
		for (int i = 0; i < N; i++) {
			double gap = offered[i] == 0 ? (double)(2 * S) :
						       BYTES * 8e9 / offered[i];

			for (double at = gap; at <= (double)BATCH; at += gap)
				if (bandwidth_pass(&shares[i],
					from + (uint64_t)at, BYTES) &&
				    from >= 2 * S)
					got[i] += BYTES * 8 / 2.0;
		}
	for (int i = 0; i < N; i++)
		sum += got[i];
	return sum;
}

static void
test_none(void)
{
	const double offered[N] = { 1e9, 1e9, 1e9 };
	double got[N];

	share(0);
	CU_ASSERT_DOUBLE_EQUAL(offer(offered, got), 3e9, 3e7);
}

/* Below the limit all passes, whoever it is from. */
static void
test_below(void)
{
	const double offered[N] = { 9.6e7, 2.4e6, 0 };
	double got[N];

	share(100000000);
	offer(offered, got);
	CU_ASSERT_DOUBLE_EQUAL(got[0], 9.6e7, 1e6);
	CU_ASSERT_DOUBLE_EQUAL(got[1], 2.4e6, 3e4);
}

static void
test_held(void)
{
	static const double loads[][N] = { { 5e8, 0, 0 }, { 5e8, 5e8, 5e8 },
		{ 0, 5e8, 2e7 }, { 4e7, 4e7, 4e7 } };
	double got[N];

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		share(100000000);
		CU_ASSERT_DOUBLE_EQUAL(offer(loads[i], got), 1e8, 2e6);
	}
}

/* Whoever is handled first: a modest mirror gets all it asks for, and greedy
 * ones no less than their part. */
static void
test_fair(void)
{
	static const double loads[][N] = { { 1e9, 2.4e7, 2.4e7 },
		{ 2.4e7, 2.4e7, 1e9 }, { 1e9, 1e9, 2.4e7 }, { 1e9, 1e9, 1e9 } };
	double got[N];

	for (size_t i = 0; i < sizeof(loads) / sizeof(loads[0]); i++) {
		share(100000000);
		offer(loads[i], got);
		for (int k = 0; k < N; k++)
			CU_ASSERT_TRUE(got[k] >= 0.98 *
				(loads[i][k] < 1e8 / N ? loads[i][k] :
							 1e8 / N));
	}
}

/* No more than two bursts leave at once, and the limit is held even where it is
 * too small to be shared. */
static void
test_extremes(void)
{
	double sent = 0;

	share(8000000); /* 100 kB in 100 ms */
	for (int k = 0; k < 10000; k++)
		sent += bandwidth_pass(&shares[k % N], S, 1000) ? 1000 : 0;
	CU_ASSERT_TRUE(sent >= 1e5);
	CU_ASSERT_TRUE(sent <= 2.1e5);
	share(8000);
	CU_ASSERT_EQUAL(all.share, 0);
	sent = 0;
	for (uint64_t at = S; at < 1001 * S; at += 100 * MS)
		sent += bandwidth_pass(&shares[at / MS % N], at, 500) ? 500 : 0;
	CU_ASSERT_DOUBLE_EQUAL(sent / 1e6, 1, 0.02);
}

/* A reload fills no bucket. */
static void
test_adopt(void)
{
	const double offered[N] = { 1e9, 1e9, 1e9 };
	struct bandwidth_share before;
	struct bandwidth old;
	double got[N];

	share(100000000);
	offer(offered, got);
	old = all;
	before = shares[0];
	share(100000000);
	bandwidth_adopt(&all, &old);
	bandwidth_share_adopt(&shares[0], &before);
	CU_ASSERT_FALSE(bandwidth_pass(&shares[0], 4 * S, BYTES));
	CU_ASSERT_TRUE(shares[0].of == &all);
	share(200000000);
	bandwidth_adopt(&all, &old);
	CU_ASSERT_TRUE(bandwidth_pass(&shares[0], 4 * S, BYTES));
	bandwidth_adopt(&all, NULL);
}

static const struct unit_test tests[] = {
	{ "none", test_none },
	{ "below", test_below },
	{ "held", test_held },
	{ "fair", test_fair },
	{ "extremes", test_extremes },
	{ "adopt", test_adopt },
};
UNIT_MAIN("bandwidth", tests)
