/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "conf/conf.h"
#include "mirror/hits.h"
#include "unit.h"

#define RULES 5

/* A mirror with a rule for each letter. */
struct letters {
	struct conf_mirror m;
	struct conf_rule rules[RULES];
	char names[RULES][2];
};

static const struct conf_mirror *
letters(struct letters *l, const char *text)
{
	memset(l, 0, sizeof(*l));
	l->m.rules = l->rules;
	for (; *text != '\0'; text++) {
		size_t i = l->m.nrules++;

		l->names[i][0] = *text;
		l->rules[i].name = l->names[i];
	}
	return &l->m;
}

static void
test_add(void)
{
	struct hits h = { 0 };
	struct letters l;
	struct err err;

	CU_ASSERT_EQUAL_FATAL(hits_init(&h, letters(&l, "ab"), NULL, &err), 0);
	hits_add(&h, 0, 3);
	hits_add(&h, 1, 4);
	hits_add(&h, PACKET_NO_RULE, 10);
	CU_ASSERT_EQUAL(hits_get(&h, 0), 13);
	CU_ASSERT_EQUAL(hits_get(&h, 1), 14);
	hits_fini(&h);
	hits_fini(&h);
}

/* Counts follow names; what a name had in former configurations is not
 * remembered once it was gone. */
static void
test_adopt(void)
{
	static const char *const steps[] = { "cab", "abc", "", "bx", "xdb" };
	/* After each step 100 packets for rule i, times i + 1. */
	static const uint64_t want[][RULES] = {
		{ 100, 200, 300 },
		{ 300, 500, 400 },
		{ 0 },
		{ 100, 200 },
		{ 300, 200, 400 },
	};
	struct hits h[5] = { { 0 } };
	struct letters l[5];
	struct err err;

	for (size_t i = 0; i < 5; i++) {
		letters(&l[i], steps[i]);
		CU_ASSERT_EQUAL_FATAL(hits_init(&h[i], &l[i].m,
					  i == 0 ? NULL : &l[i - 1].m, &err),
		    0);
		if (i > 0)
			hits_adopt(&h[i], &h[i - 1]);
		for (size_t j = 0; j < l[i].m.nrules; j++) {
			hits_add(&h[i], (uint32_t)j, 100 * (j + 1));
			CU_ASSERT_EQUAL(hits_get(&h[i], j), want[i][j]);
		}
	}
	for (size_t i = 0; i < 5; i++)
		hits_fini(&h[i]);
}

/* From counts of all together to single ones. */
static void
test_adopt_all(void)
{
	struct hits old = { 0 }, h = { 0 };
	struct letters l, k;
	struct err err;

	CU_ASSERT_EQUAL_FATAL(hits_init(&old, letters(&l, "ab"), NULL, &err),
	    0);
	hits_add(&old, PACKET_NO_RULE, 7);
	CU_ASSERT_EQUAL_FATAL(hits_init(&h, letters(&k, "bc"), &l.m, &err), 0);
	hits_add(&h, 0, 1);
	hits_adopt(&h, &old);
	CU_ASSERT_EQUAL(hits_get(&h, 0), 8);
	CU_ASSERT_EQUAL(hits_get(&h, 1), 0);
	hits_fini(&old);
	hits_fini(&h);
}

static const struct unit_test tests[] = {
	{ "add", test_add },
	{ "adopt", test_adopt },
	{ "adopt all", test_adopt_all },
};
UNIT_MAIN("hits", tests)
