/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "mirror/loop.h"
#include "unit.h"

static const struct packet plain, like = { .like_copy = true };

/* Gives the breaker n frames one by one; returns how many pass. */
static unsigned
feed(struct loop *l, const struct packet *p, unsigned n)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < n; i++)
		passed += loop_pass(l, p, 1);
	return passed;
}

static void
test_least(void)
{
	struct loop l = { 0 };

	for (int i = 0; i < 20; i++) {
		CU_ASSERT_EQUAL(feed(&l, &like, LOOP_LEAST - 1),
		    LOOP_LEAST - 1);
		CU_ASSERT_EQUAL(loop_poll(&l), LOOP_NO_NEWS);
	}
	CU_ASSERT_EQUAL(feed(&l, &like, 1000), LOOP_LEAST - 1);
	CU_ASSERT_EQUAL(l.dropped_packets, 1000 - LOOP_LEAST + 1);
	CU_ASSERT_EQUAL(feed(&l, &plain, 1000), 1000);
}

static void
test_share(void)
{
	struct loop l = { 0 };

	feed(&l, &plain, 3001);
	CU_ASSERT_EQUAL(feed(&l, &like, 1000), 1000);
	CU_ASSERT_EQUAL(feed(&l, &like, 1), 0);
	CU_ASSERT_EQUAL(loop_poll(&l), LOOP_BEGINS);
}

/* A superframe is as many as it is cut into. */
static void
test_superframe(void)
{
	struct loop l = { 0 };

	CU_ASSERT_TRUE(loop_pass(&l, &like, LOOP_LEAST - 1));
	CU_ASSERT_FALSE(loop_pass(&l, &like, 40));
	CU_ASSERT_EQUAL(l.dropped_packets, 40);
}

static void
test_recovery(void)
{
	struct loop l = { 0 };

	feed(&l, &like, LOOP_LEAST);
	CU_ASSERT_EQUAL(loop_poll(&l), LOOP_BEGINS);
	for (int i = 0; i < LOOP_CALM - 1; i++)
		CU_ASSERT_EQUAL(loop_poll(&l), LOOP_NO_NEWS);
	/* One is enough to begin to wait anew. */
	CU_ASSERT_EQUAL(feed(&l, &like, 1), 0);
	for (int i = 0; i < LOOP_CALM; i++) {
		CU_ASSERT_TRUE(l.tripped);
		CU_ASSERT_EQUAL(loop_poll(&l), LOOP_NO_NEWS);
	}
	CU_ASSERT_EQUAL(loop_poll(&l), LOOP_ENDS);
	CU_ASSERT_FALSE(l.tripped);
	CU_ASSERT_EQUAL(loop_poll(&l), LOOP_NO_NEWS);
	CU_ASSERT_EQUAL(feed(&l, &like, 1), 1);
}

static const struct unit_test tests[] = {
	{ "least", test_least },
	{ "share", test_share },
	{ "superframe", test_superframe },
	{ "recovery", test_recovery },
};
UNIT_MAIN("loop", tests)
