/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "deliver/encap.h"
#include "unit.h"

static void
test_vxlan(void)
{
	static const uint8_t want[] = { 8, 0, 0, 0, 0x12, 0x34, 0x56, 0 };
	struct encap e;

	encap_init(&e, CONF_VXLAN, 0x123456, false);
	CU_ASSERT_EQUAL(e.protocol, IPPROTO_UDP);
	CU_ASSERT_EQUAL_FATAL(e.len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(e.header, want, sizeof(want)), 0);
	CU_ASSERT_PTR_NULL(e.put);
	CU_ASSERT_EQUAL(encap_outer_len(&e, AF_INET), 28);
	CU_ASSERT_EQUAL(encap_outer_len(&e, AF_INET6), 48);
}

static void
test_geneve(void)
{
	static const uint8_t want[] = { 0, 0, 0x65, 0x58, 0x12, 0x34, 0x56, 0 };
	struct encap e;

	encap_init(&e, CONF_GENEVE, 0x123456, false);
	CU_ASSERT_EQUAL(e.protocol, IPPROTO_UDP);
	CU_ASSERT_EQUAL_FATAL(e.len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(e.header, want, sizeof(want)), 0);
	CU_ASSERT_PTR_NULL(e.put);
}

static void
test_gre(void)
{
	static const uint8_t want[] = { 0x20, 0, 0x65, 0x58, 0x89, 0xab, 0xcd,
		0xef };
	struct encap e;

	encap_init(&e, CONF_GRE, 0x89abcdef, false);
	CU_ASSERT_EQUAL(e.protocol, IPPROTO_GRE);
	CU_ASSERT_EQUAL_FATAL(e.len, sizeof(want));
	CU_ASSERT_EQUAL(memcmp(e.header, want, sizeof(want)), 0);
	CU_ASSERT_PTR_NULL(e.put);
	CU_ASSERT_EQUAL(encap_outer_len(&e, AF_INET), 20);
	encap_init(&e, CONF_GRE, 1, true);
	CU_ASSERT_EQUAL(e.len, 12);
	CU_ASSERT_EQUAL(e.header[0], 0x30);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e.put);
	e.put(e.header, NULL, 0x01020304);
	CU_ASSERT_EQUAL(memcmp(e.header + 8, "\1\2\3\4", 4), 0);
	CU_ASSERT_EQUAL(encap_outer_len(&e, AF_INET6), 40);
}

static const struct unit_test tests[] = {
	{ "vxlan", test_vxlan },
	{ "gre", test_gre },
	{ "geneve", test_geneve },
};
UNIT_MAIN("encap", tests)
