/* SPDX-License-Identifier: ISC */
/* Looks at a mirror in good and bad times, and where they lead it. */
#include "config.h"

#include "mirror/pressure.h"
#include "unit.h"

static const struct pressure_signs calm = { .fill = 3, .copied = 1000 };
static const struct pressure_signs busy = { .fill = 30, .copied = 1000 };
static const struct pressure_signs full = { .fill = 63, .copied = 1000 };
static const struct pressure_signs lossy = { .lost = 1, .copied = 1000 };
static const struct pressure_signs congested = { .copied = 900,
	.congested = 100 };
static const struct pressure_signs hiccup = { .copied = 901, .congested = 99 };

/* So many looks; returns how many of them led anywhere. */
static unsigned
look(struct pressure *p, const struct pressure_signs *s, unsigned n)
{
	unsigned steps = 0;

	while (n-- > 0)
		steps += pressure_look(p, s) != PRESSURE_STAYS;
	return steps;
}

/* Looks until the next descent. */
static unsigned
looks_down(struct pressure *p)
{
	unsigned n = 1;

	while (pressure_look(p, &calm) != PRESSURE_DESCENDS && n < 10000)
		n++;
	return n;
}

static void
test_signs(void)
{
	static const struct {
		const struct pressure_signs *s;
		size_t rung;
	} cases[] = { { &calm, 0 }, { &busy, 0 }, { &full, 1 }, { &lossy, 1 },
		{ &congested, 1 }, { &hiccup, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pressure p = { .nrungs = 3 };

		look(&p, cases[i].s, PRESSURE_LOOKS);
		CU_ASSERT_EQUAL(p.rung, cases[i].rung);
	}
}

/* A burst is what the ring is for. */
static void
test_burst(void)
{
	struct pressure p = { .nrungs = 3 };

	for (int i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(look(&p, &full, PRESSURE_LOOKS - 1), 0);
		CU_ASSERT_EQUAL(look(&p, &busy, 1), 0);
	}
	CU_ASSERT_EQUAL(p.rung, 0);
}

static void
test_climb(void)
{
	struct pressure p = { .nrungs = 3 };

	CU_ASSERT_EQUAL(look(&p, &full, 3 * PRESSURE_LOOKS), 3);
	CU_ASSERT_EQUAL(p.rung, 3);
	CU_ASSERT_EQUAL(look(&p, &full, 100), 0);
	CU_ASSERT_EQUAL(p.rung, 3);
}

/* Neither up nor down where it is neither. */
static void
test_between(void)
{
	struct pressure p = { .nrungs = 3 };

	look(&p, &full, 2 * PRESSURE_LOOKS);
	CU_ASSERT_EQUAL(look(&p, &busy, 1000), 0);
	CU_ASSERT_EQUAL(p.rung, 2);
	CU_ASSERT_EQUAL(look(&p, &calm, PRESSURE_CALM - 1), 0);
	look(&p, &busy, 1);
	CU_ASSERT_EQUAL(look(&p, &calm, PRESSURE_CALM - 1), 0);
}

static void
test_descend(void)
{
	struct pressure p = { .nrungs = 3 };

	look(&p, &full, 3 * PRESSURE_LOOKS);
	for (size_t rung = 3; rung > 0; rung--) {
		CU_ASSERT_EQUAL(p.rung, rung);
		CU_ASSERT_EQUAL(looks_down(&p), PRESSURE_CALM);
	}
	CU_ASSERT_EQUAL(look(&p, &calm, 1000), 0);
	CU_ASSERT_EQUAL(p.rung, 0);
}

/* What comes back at once is tried less and less often; after a good while it
 * is forgotten. */
static void
test_relapse(void)
{
	struct pressure p = { .nrungs = 1 };
	unsigned wait = PRESSURE_CALM;

	for (int i = 0; i < 10; i++) {
		look(&p, &full, PRESSURE_LOOKS);
		CU_ASSERT_EQUAL(p.rung, 1);
		CU_ASSERT_EQUAL(looks_down(&p), wait);
		wait = 2 * wait < PRESSURE_CALM_MAX ? 2 * wait :
						      PRESSURE_CALM_MAX;
	}
	look(&p, &calm, PRESSURE_CALM_MAX);
	look(&p, &full, PRESSURE_LOOKS);
	CU_ASSERT_EQUAL(looks_down(&p), PRESSURE_CALM);
}

static void
test_none(void)
{
	struct pressure p = { .nrungs = 0 };

	CU_ASSERT_EQUAL(look(&p, &full, 100), 0);
	CU_ASSERT_EQUAL(look(&p, &calm, 100), 0);
}

static const struct unit_test tests[] = {
	{ "signs", test_signs },
	{ "burst", test_burst },
	{ "climb", test_climb },
	{ "between", test_between },
	{ "descend", test_descend },
	{ "relapse", test_relapse },
	{ "none", test_none },
};
UNIT_MAIN("pressure", tests)
