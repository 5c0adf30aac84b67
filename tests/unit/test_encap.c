/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "deliver/encap.h"
#include "packet/packet.h"
#include "packet/segment.h"
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

/* A tagged frame of which bytes are missing, sent by the interface: priority
 * 5, drop eligible, VLAN 0xabc. */
static const uint8_t tagged_bytes[18] = { [12] = 0x81, [14] = 0xba, 0xbc, 8 };
static const struct packet tagged = { .data = tagged_bytes,
	.caplen = sizeof(tagged_bytes),
	.len = 60,
	.time_ns = UINT64_C(1700000000987654321),
	.direction = PACKET_OUT };

/* Not a tag: a length, and as if the tag had been cut off behind its type. */
static const uint8_t plain_bytes[17] = { [13] = 46, [14] = 0xff, 0xff, 0xff };
static const struct packet plain = { .data = plain_bytes,
	.caplen = sizeof(plain_bytes),
	.len = sizeof(plain_bytes) };
static const struct packet short_tagged = { .data = tagged_bytes,
	.caplen = 15,
	.len = 60 };

/* Into the header of the copy before, as the queue does. */
static void
check_put(const struct encap *e, uint8_t *header, const struct packet *p,
    bool truncated, const uint8_t *want)
{
	static uint32_t sequence = 0x01020304;
	struct segment s = { .packet = p, .truncated = truncated };

	e->put(header, &s, sequence);
	CU_ASSERT_EQUAL(bytes_get32(header + 4), sequence);
	CU_ASSERT_EQUAL(memcmp(header, want, 4), 0);
	CU_ASSERT_EQUAL(memcmp(header + 8, want + 4, e->len - 8u), 0);
	sequence++;
}

static void
test_erspan(void)
{
	static const uint8_t want_tagged[] = { 0x10, 0, 0x88, 0xbe, 0x1a, 0xbc,
		0xbe, 0xa5, 0, 0, 0, 0 };
	static const uint8_t want_plain[] = { 0x10, 0, 0x88, 0xbe, 0x10, 0,
		0x02, 0xa5, 0, 0, 0, 0 };
	uint8_t header[ENCAP_HEADER_MAX];
	struct encap e;

	encap_init(&e, CONF_ERSPAN, 0x2a5, false);
	CU_ASSERT_EQUAL(e.protocol, IPPROTO_GRE);
	CU_ASSERT_EQUAL_FATAL(e.len, 16);
	CU_ASSERT_EQUAL(encap_outer_len(&e, AF_INET), 20);
	memcpy(header, e.header, sizeof(header));
	check_put(&e, header, &tagged, true, want_tagged);
	check_put(&e, header, &plain, false, want_plain);
	check_put(&e, header, &short_tagged, false, want_plain);
}

static void
test_erspan3(void)
{
	/* 987654321 is 0x3ade68b1. */
	static const uint8_t want_tagged[] = { 0x10, 0, 0x22, 0xeb, 0x2a, 0xbc,
		0xa7, 0xff, 0x3a, 0xde, 0x68, 0xb1, 0, 0, 0x80, 0x0c };
	static const uint8_t want_plain[] = { 0x10, 0, 0x22, 0xeb, 0x20, 0,
		0x03, 0xff, 0, 0, 0, 0, 0, 0, 0x80, 0x04 };
	uint8_t header[ENCAP_HEADER_MAX];
	struct encap e;

	encap_init(&e, CONF_ERSPAN3, 1023, true);
	CU_ASSERT_EQUAL(e.protocol, IPPROTO_GRE);
	CU_ASSERT_EQUAL_FATAL(e.len, 20);
	memcpy(header, e.header, sizeof(header));
	check_put(&e, header, &tagged, true, want_tagged);
	check_put(&e, header, &plain, false, want_plain);
	check_put(&e, header, &short_tagged, false, want_plain);
}

static const struct unit_test tests[] = {
	{ "vxlan", test_vxlan },
	{ "gre", test_gre },
	{ "geneve", test_geneve },
	{ "erspan", test_erspan },
	{ "erspan3", test_erspan3 },
};
UNIT_MAIN("encap", tests)
