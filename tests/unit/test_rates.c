/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <math.h>

#include "ctl/rates.h"
#include "unit.h"

static json_t *
json(const char *text)
{
	json_error_t error;
	json_t *j = json_loads(text, 0, &error);

	if (j == NULL)
		printf("%s: %s\n", text, error.text);
	return j;
}

/* The rate of n of the only thing in the array. */
static double
rate(const char *before, const char *now, double seconds)
{
	json_t *a = before == NULL ? NULL : json(before), *b = json(now);
	struct rates r = rates_between(a, b, seconds), m;
	double n = -1;

	CU_ASSERT(rates_item(&r, "mirrors", "name", 0, &m));
	CU_ASSERT_FALSE(rates_item(&r, "mirrors", "name", 1, &m));
	if (rates_item(&r, "mirrors", "name", 0, &m))
		n = rates_of(&m, "n");
	json_decref(a);
	json_decref(b);
	return n;
}

#define ANSWER(pid, up, name, n)                    \
	"{\"pid\":" #pid ",\"uptime_seconds\":" #up \
	",\"mirrors\":[{\"name\":\"" name "\",\"n\":" #n "}]}"

static void
test_rates(void)
{
	const char *now = ANSWER(1, 5, "a", 1500);

	CU_ASSERT_EQUAL(rate(ANSWER(1, 4, "a", 1000), now, 1), 500);
	CU_ASSERT_EQUAL(rate(ANSWER(1, 4, "a", 1000), now, 2), 250);
	CU_ASSERT_EQUAL(rate(ANSWER(1, 5, "a", 1500), now, 0.5), 0);
}

static void
test_unknown(void)
{
	const char *now = ANSWER(1, 5, "a", 1500);

	CU_ASSERT(isnan(rate(NULL, now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", 1000), now, 0)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", 1000), now, -1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", 1501), now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", -1), now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", 1.5), now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "a", null), now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 4, "b", 1000), now, 1)));
	CU_ASSERT(
	    isnan(rate(ANSWER(1, 4, "a", 1000), ANSWER(1, 5, "a", "2000"), 1)));
	CU_ASSERT(isnan(rate("{\"pid\":1,\"uptime_seconds\":1}", now, 1)));
	CU_ASSERT(isnan(rate("[]", now, 1)));
}

/* Another daemon has counted more in its time, or has the number of the old
 * one: both are no growth. */
static void
test_restart(void)
{
	const char *now = ANSWER(1, 5, "a", 1500);

	CU_ASSERT(isnan(rate(ANSWER(2, 4, "a", 1000), now, 1)));
	CU_ASSERT(isnan(rate(ANSWER(1, 6, "a", 1000), now, 1)));
}

static void
test_things(void)
{
	json_t *a = json("{\"pid\":1,\"t\":[{\"k\":\"x\",\"n\":1},"
			 "{\"k\":\"y\",\"n\":10,\"d\":{\"r\":4}}]}");
	json_t *b = json("{\"pid\":1,\"t\":[{\"k\":\"y\",\"n\":30,"
			 "\"d\":{\"r\":5,\"s\":1}},7,{\"k\":\"x\",\"n\":2},"
			 "{\"n\":1}]}");
	struct rates r = rates_between(a, b, 1), one, d;

	CU_ASSERT(rates_item(&r, "t", "k", 0, &one));
	CU_ASSERT_EQUAL(rates_of(&one, "n"), 20);
	d = rates_member(&one, "d");
	CU_ASSERT_EQUAL(rates_of(&d, "r"), 1);
	CU_ASSERT(isnan(rates_of(&d, "s")));
	d = rates_member(&one, "none");
	CU_ASSERT(isnan(rates_of(&d, "r")));
	CU_ASSERT(rates_item(&r, "t", "k", 1, &one));
	CU_ASSERT(isnan(rates_of(&one, "n")));
	CU_ASSERT(rates_item(&r, "t", "k", 2, &one));
	CU_ASSERT_EQUAL(rates_of(&one, "n"), 1);
	CU_ASSERT(rates_item(&r, "t", "k", 3, &one));
	CU_ASSERT(isnan(rates_of(&one, "n")));
	CU_ASSERT_FALSE(rates_item(&r, "t", "k", 4, &one));
	CU_ASSERT_FALSE(rates_item(&r, "none", "k", 0, &one));
	json_decref(a);
	json_decref(b);
}

static const struct unit_test tests[] = {
	{ "rates", test_rates },
	{ "unknown", test_unknown },
	{ "restart", test_restart },
	{ "things", test_things },
};
UNIT_MAIN("rates", tests)
