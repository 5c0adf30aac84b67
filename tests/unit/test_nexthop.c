/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conftext.h"
#include "mirror/nexthop.h"
#include "unit.h"

#define A "10.0.1.1"
#define B "10.0.1.2"
#define C "fe80::1"

static const uint8_t one[HOPS_MAC] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t two[HOPS_MAC] = { 2, 0, 0, 0, 0, 2 };

static struct conf *
load(const char *next_hops)
{
	char text[256];

	snprintf(text, sizeof(text),
	    "target t { address = 192.0.2.1 }\n"
	    "mirror m { sources = eth0 targets = t %s }\n",
	    next_hops);
	return conftext_load(text, NULL);
}

static struct nexthops
init(const char *next_hops, const struct nexthops *before)
{
	struct conf *c = load(next_hops);
	struct nexthops s = { .n = 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	nexthop_init(&s, &c->mirrors[0], before);
	conf_free(c);
	return s;
}

static bool
hear(struct nexthops *s, const char *address, const uint8_t *mac)
{
	struct addr a = { 0 };

	CU_ASSERT_EQUAL(addr_parse(&a, address), 0);
	return nexthop_hear(s, &a, mac);
}

static size_t
count(const struct nexthops *s)
{
	struct hops h;

	nexthop_macs(s, &h);
	return h.n;
}

static void
test_hear(void)
{
	struct nexthops s = init("next-hop = { " A ", " B ", " C " }", NULL);

	CU_ASSERT_EQUAL(s.n, 3);
	CU_ASSERT_FALSE(nexthop_ready(&s));
	CU_ASSERT_FALSE(hear(&s, "10.0.1.3", one));
	CU_ASSERT_TRUE(hear(&s, A, one));
	CU_ASSERT_FALSE(hear(&s, A, one));
	CU_ASSERT_TRUE(nexthop_ready(&s));
	CU_ASSERT_TRUE(hear(&s, C, one));
	CU_ASSERT_EQUAL(count(&s), 1); /* one router, two addresses */
	CU_ASSERT_TRUE(hear(&s, B, NULL));
	CU_ASSERT_FALSE(hear(&s, B, NULL));
	CU_ASSERT_TRUE(hear(&s, C, two));
	CU_ASSERT_EQUAL(count(&s), 2);
	CU_ASSERT_TRUE(hear(&s, A, NULL));
	CU_ASSERT_TRUE(hear(&s, C, NULL));
	CU_ASSERT_FALSE(nexthop_ready(&s));
}

/* Another configuration goes on with what is known. */
static void
test_before(void)
{
	struct nexthops s = init("next-hop = { " A ", " B " }", NULL), next;

	hear(&s, A, one);
	hear(&s, B, two);
	next = init("next-hop = { " C ", " B " }", &s);
	CU_ASSERT_EQUAL(next.n, 2);
	CU_ASSERT_EQUAL(next.v[0].state, NEXTHOP_PENDING);
	CU_ASSERT_EQUAL(next.v[1].state, NEXTHOP_RESOLVED);
	CU_ASSERT_EQUAL(count(&next), 1);
	next = init("", &s);
	CU_ASSERT_EQUAL(next.n, 0);
	CU_ASSERT_TRUE(nexthop_ready(&next));
}

static void
test_names(void)
{
	char buf[NEXTHOP_MAC_TEXT];

	CU_ASSERT_STRING_EQUAL(nexthop_format(two, buf), "02:00:00:00:00:02");
	CU_ASSERT_STRING_EQUAL(nexthop_state_name(NEXTHOP_PENDING),
	    "unresolved");
	CU_ASSERT_STRING_EQUAL(nexthop_state_name(NEXTHOP_RESOLVED),
	    "resolved");
}

static const struct unit_test tests[] = {
	{ "hear", test_hear },
	{ "before", test_before },
	{ "names", test_names },
};
UNIT_MAIN("nexthop", tests)
