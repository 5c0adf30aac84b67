/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <math.h>

#include "ctl/history.h"
#include "unit.h"

static void
test_order(void)
{
	struct history *h = history_new();
	double rates[HISTORY_SIZE];

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	for (int i = 1; i <= 100; i++) {
		history_begin(h);
		history_add(h, "a", i);
		if (i % 2 == 0)
			history_add(h, "b", -i);
	}
	history_get(h, "a", 3, rates);
	CU_ASSERT_EQUAL(rates[0], 98);
	CU_ASSERT_EQUAL(rates[1], 99);
	CU_ASSERT_EQUAL(rates[2], 100);
	history_get(h, "a", HISTORY_SIZE, rates);
	CU_ASSERT_EQUAL(rates[0], 41);
	CU_ASSERT_EQUAL(rates[HISTORY_SIZE - 1], 100);
	history_get(h, "b", 3, rates);
	CU_ASSERT_EQUAL(rates[0], -98);
	CU_ASSERT(isnan(rates[1]));
	CU_ASSERT_EQUAL(rates[2], -100);
	history_get(h, "c", 1, rates);
	CU_ASSERT(isnan(rates[0]));
	history_free(h);
}

static void
test_gaps(void)
{
	struct history *h = history_new();
	double rates[HISTORY_SIZE];

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	history_begin(h);
	history_add(h, "a", NAN); /* is nothing to remember */
	history_add(h, "b", 1);
	history_get(h, "b", 3, rates);
	CU_ASSERT(isnan(rates[0]));
	CU_ASSERT(isnan(rates[1]));
	CU_ASSERT_EQUAL(rates[2], 1);
	for (int i = 1; i < HISTORY_SIZE; i++)
		history_begin(h);
	history_get(h, "b", HISTORY_SIZE, rates);
	CU_ASSERT_EQUAL(rates[0], 1);
	history_begin(h);
	history_get(h, "b", HISTORY_SIZE, rates);
	for (int i = 0; i < HISTORY_SIZE; i++)
		CU_ASSERT(isnan(rates[i]));
	history_add(h, "b", 2); /* begins anew */
	history_get(h, "b", 2, rates);
	CU_ASSERT(isnan(rates[0]));
	CU_ASSERT_EQUAL(rates[1], 2);
	history_free(h);
	history_free(NULL);
}

static const struct unit_test tests[] = {
	{ "order", test_order },
	{ "gaps", test_gaps },
};
UNIT_MAIN("history", tests)
