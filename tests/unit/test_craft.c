/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "capture/field.h"
#include "packet/checksum.h"
#include "packet/craft.h"
#include "packet/flow.h"
#include "unit.h"

static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

static uint8_t frame[CRAFT_MAX];
static struct flowtext flow;

/* Returns the length of the frame that text stands for. */
static uint32_t
craft(const char *text)
{
	struct err err;

	if (flowtext_parse(&flow, text, &err) == -1)
		abort();
	memset(frame, 0xee, sizeof(frame));
	return craft_frame(frame, &flow, macs);
}

/* As a receiver checks it: the sum of all, with the pseudo header, is 0. */
static bool
sum_is_right(uint32_t len)
{
	bool v4 = frame[12] == 8;
	uint32_t at = v4 ? 34 : 54;
	const uint8_t *addrs = frame + (v4 ? 26 : 22);
	uint64_t sum = 0;

	if (v4 && checksum_finish(checksum_add(0, frame + 14, 20)) != 0)
		return false;
	if (frame[v4 ? 23 : 20] != IPPROTO_ICMP)
		sum = checksum_add(0, addrs, v4 ? 8 : 32) +
		    checksum_word(frame[v4 ? 23 : 20]) +
		    checksum_word((uint16_t)(len - at));
	return checksum_finish(checksum_add(sum, frame + at, len - at)) == 0;
}

static const struct {
	const char *text;
	uint32_t len;
} flows[] = {
	{ "tcp 10.0.0.14:43210 > 93.184.216.34:443", 54 },
	{ "tcp 10.0.0.14:43210 > 93.184.216.34:443 len 1514", 1514 },
	{ "tcp 10.0.0.14:43210 > 93.184.216.34:443 len 65535", 65535 },
	{ "tcp [fd00::1]:1 > [fd00::2]:2", 74 },
	{ "tcp [fd00::1]:1 > [fd00::2]:2 len 60", 74 },
	{ "udp 10.0.0.14:1 > 10.0.0.1:53", 42 },
	{ "udp 10.0.0.14:1 > 10.0.0.1:53 len 101", 101 },
	{ "udp [fd00::1]:1 > [fd00::2]:2 len 65535", 65535 },
	{ "icmp 10.0.0.14 > 10.0.0.1 id 7", 42 },
	{ "icmp6 fd00::1 > fd00::2 id 7 len 99", 99 },
};

static void
test_checksums(void)
{
	for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		uint32_t len = craft(flows[i].text);

		CU_ASSERT_EQUAL(len, flows[i].len);
		CU_ASSERT_TRUE(sum_is_right(len));
		CU_ASSERT_EQUAL(frame[len == CRAFT_MAX ? 0 : len],
		    len == CRAFT_MAX ? 2 : 0xee);
	}
	/* A sum of 0 is not what UDP says if there is none. */
	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		flow.src_port = (uint16_t)port;
		flow.protocol = IPPROTO_UDP;
		craft_frame(frame, &flow, macs);
		if (bytes_get16(frame + 60) == 0)
			CU_FAIL("no checksum");
	}
}

static void
test_sctp(void)
{
	uint32_t len = craft("sctp 10.0.0.14:1 > 10.0.0.1:2"), crc, want;
	uint8_t zero[4] = { 0 };

	CU_ASSERT_EQUAL(len, 14 + 20 + 12 + 16 + 4);
	memcpy(&crc, frame + 42, 4);
	memcpy(frame + 42, zero, 4);
	want = checksum_crc32c(frame + 34, len - 34, frame, 0);
	CU_ASSERT_EQUAL(le32toh(crc), want);
	CU_ASSERT_EQUAL(bytes_get16(frame + 48), 20);
}

/* Rules read what was written, and both directions are one flow. */
static void
test_fields(void)
{
	struct fields f;
	uint64_t there, back;
	uint32_t len;

	len = craft("tcp 10.0.0.14:43210 > 93.184.216.34:443");
	field_read(&f, frame, len);
	CU_ASSERT_EQUAL(f.version, 4);
	CU_ASSERT_EQUAL(f.protocol, IPPROTO_TCP);
	CU_ASSERT_EQUAL(f.src.lo, 0x0a00000e);
	CU_ASSERT_EQUAL(f.src_port, 43210);
	CU_ASSERT_EQUAL(f.dst_port, 443);
	CU_ASSERT_EQUAL(memcmp(frame, macs, 12), 0);
	there = flow_hash(frame, len);
	len = craft("tcp 93.184.216.34:443 > 10.0.0.14:43210 len 600");
	back = flow_hash(frame, len);
	CU_ASSERT_EQUAL(there, back);
	there = flow_hash(frame, craft("icmp 10.0.0.1 > 10.0.0.2 id 1"));
	back = flow_hash(frame, craft("icmp 10.0.0.1 > 10.0.0.2 id 2"));
	CU_ASSERT_NOT_EQUAL(there, back);
	CU_ASSERT_EQUAL(craft("esp 10.0.0.1 > 10.0.0.2"), 42);
	CU_ASSERT_EQUAL(craft("gre 10.0.0.1 > 10.0.0.2"), 38);
}

static const struct unit_test tests[] = {
	{ "checksums", test_checksums },
	{ "sctp", test_sctp },
	{ "fields", test_fields },
};
UNIT_MAIN("craft", tests)
