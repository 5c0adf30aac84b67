/* SPDX-License-Identifier: ISC */
/* Rows of good and bad answers, and what is made of them. */
#include "config.h"

#include "conf/conf.h"
#include "mirror/verdict.h"
#include "unit.h"

static const struct conf_check rules = { .rise = 2, .fall = 3 };

/* Answers as a text: + good, - bad. Returns what came of it: u up, d down, and
 * . no news. */
static const char *
judge(struct verdict *v, const char *answers)
{
	static char news[64];
	size_t n = 0;

	for (; *answers != '\0'; answers++)
		news[n++] = ".du"[verdict_answer(v, &rules, *answers == '+')];
	news[n] = '\0';
	return news;
}

static void
test_begins_up(void)
{
	struct verdict v = { .down = false };

	CU_ASSERT_STRING_EQUAL(judge(&v, "++++"), "....");
	CU_ASSERT_FALSE(v.down);
}

static void
test_falls(void)
{
	struct verdict v = { .down = false };

	CU_ASSERT_STRING_EQUAL(judge(&v, "----"), "..d.");
	CU_ASSERT_TRUE(v.down);
}

static void
test_rises(void)
{
	struct verdict v = { .down = true };

	CU_ASSERT_STRING_EQUAL(judge(&v, "-+++"), "..u.");
	CU_ASSERT_FALSE(v.down);
}

/* What is neither quite dead nor alive stays what it was. */
static void
test_wavers(void)
{
	struct verdict v = { .down = false };

	CU_ASSERT_STRING_EQUAL(judge(&v, "--+--+-+"), "........");
	CU_ASSERT_STRING_EQUAL(judge(&v, "---"), "..d");
	CU_ASSERT_STRING_EQUAL(judge(&v, "+-+-+-"), "......");
	CU_ASSERT_STRING_EQUAL(judge(&v, "++"), ".u");
	CU_ASSERT_STRING_EQUAL(judge(&v, "--"), "..");
}

/* Against a count from the end of all answers. */
static void
test_random(void)
{
	struct verdict v = { .down = false };
	unsigned good = 0, bad = 0;
	bool down = false;

	for (int i = 0; i < 100000; i++) {
		bool answer = unit_random() % 3 != 0;

		good = answer ? good + 1 : 0;
		bad = answer ? 0 : bad + 1;
		if (down ? good >= rules.rise : bad >= rules.fall)
			down = !down;
		verdict_answer(&v, &rules, answer);
		if (v.down != down)
			break;
	}
	CU_ASSERT_EQUAL(v.down, down);
}

static const struct unit_test tests[] = {
	{ "begins up", test_begins_up },
	{ "falls", test_falls },
	{ "rises", test_rises },
	{ "wavers", test_wavers },
	{ "random", test_random },
};
UNIT_MAIN("verdict", tests)
