/* SPDX-License-Identifier: ISC */
/* Counts that grow, rest and grow again, and what is told of them. */
#include "config.h"

#include "mirror/spell.h"
#include "unit.h"

/* So many looks at the same count; returns what the last of them tells, or an
 * earlier one that has news. */
static enum spell_news
rest(struct spell *s, uint64_t count, unsigned n)
{
	enum spell_news news = SPELL_NO_NEWS;

	while (n-- > 0 && news == SPELL_NO_NEWS)
		news = spell_look(s, count);
	return news;
}

static void
test_never(void)
{
	struct spell s = { .before = 7 };

	CU_ASSERT_EQUAL(rest(&s, 7, 100), SPELL_NO_NEWS);
	CU_ASSERT_FALSE(s.on);
}

static void
test_once(void)
{
	struct spell s = { .before = 0 };

	CU_ASSERT_EQUAL(spell_look(&s, 1), SPELL_BEGINS);
	CU_ASSERT_EQUAL(rest(&s, 1, SPELL_QUIET - 1), SPELL_NO_NEWS);
	CU_ASSERT_EQUAL(spell_look(&s, 1), SPELL_ENDS);
	CU_ASSERT_EQUAL(rest(&s, 1, 100), SPELL_NO_NEWS);
	CU_ASSERT_EQUAL(spell_look(&s, 2), SPELL_BEGINS);
}

/* What comes now and then is one spell. */
static void
test_lasting(void)
{
	struct spell s = { .before = 0 };
	uint64_t count = 1;

	CU_ASSERT_EQUAL(spell_look(&s, count), SPELL_BEGINS);
	for (int i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(rest(&s, count, SPELL_QUIET - 1),
		    SPELL_NO_NEWS);
		CU_ASSERT_EQUAL(spell_look(&s, ++count), SPELL_NO_NEWS);
	}
	CU_ASSERT_EQUAL(rest(&s, count, SPELL_QUIET), SPELL_ENDS);
}

static const struct unit_test tests[] = {
	{ "never", test_never },
	{ "once", test_once },
	{ "lasting", test_lasting },
};
UNIT_MAIN("spell", tests)
