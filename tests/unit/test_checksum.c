/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "packet/checksum.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* RFC 1071, section 1, word by word, with every carry taken at once. */
static uint16_t
naive(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)~sum;
}

/* As read from the field it is stored in. */
static uint16_t
stored(uint64_t sum)
{
	uint16_t field = checksum_finish(sum);
	uint8_t b[2];

	memcpy(b, &field, sizeof(b));
	return (uint16_t)(b[0] << 8 | b[1]);
}

/* A copy of its own size, that a sanitizer can watch over. */
static uint8_t *
exact(const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len);

	memcpy(copy, p, len);
	return copy;
}

static uint8_t *
random_bytes(size_t len)
{
	uint8_t *p = malloc(len);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)unit_random();
	return p;
}

static void
test_rfc1071(void)
{
	static const uint8_t example[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5,
		0xf6, 0xf7 };

	CU_ASSERT_EQUAL(stored(checksum_add(0, example, sizeof(example))),
	    (uint16_t)~0xddf2);
	CU_ASSERT_EQUAL(stored(0), 0xffff);
	CU_ASSERT_EQUAL(stored(checksum_word(0x1234)), (uint16_t)~0x1234);
}

static void
test_every_length(void)
{
	for (size_t len = 1; len <= 300; len++) {
		uint8_t *p = random_bytes(len);

		CU_ASSERT_EQUAL(stored(checksum_add(0, p, len)), naive(p, len));
		free(p);
	}
	CU_ASSERT_EQUAL(checksum_add(7, NULL, 0), 7);
}

static void
test_every_alignment(void)
{
	uint8_t *p = random_bytes(512);

	for (size_t at = 0; at < 64; at++) {
		for (size_t len = 0; len < 100; len++) {
			uint8_t *e = exact(p + at, len);
			uint16_t want = naive(p + at, len);

			CU_ASSERT_EQUAL(stored(checksum_add(0, p + at, len)),
			    want);
			CU_ASSERT_EQUAL(stored(checksum_add(0, e, len)), want);
			free(e);
		}
	}
	free(p);
}

static void
test_pieces(void)
{
	for (int i = 0; i < 500; i++) {
		size_t len = unit_random() % 3000, at = 0;
		uint8_t *p = random_bytes(len);
		uint64_t sum = 0;

		while (at < len) {
			size_t n = unit_random() % 200 * 2;

			if (n > len - at)
				n = len - at;
			sum = checksum_add(sum, p + at, n);
			at += n;
		}
		CU_ASSERT_EQUAL(stored(sum), naive(p, len));
		free(p);
	}
}

static void
test_no_carry_lost(void)
{
	size_t max = 70000;
	uint8_t *p = malloc(max);
	uint64_t sum = 0;

	memset(p, 0xff, max);
	for (size_t len = 1; len <= max; len += len < 300 ? 1 : 997)
		CU_ASSERT_EQUAL(stored(checksum_add(0, p, len)), naive(p, len));
	CU_ASSERT_EQUAL(stored(checksum_add(0, p, max)), 0);
	p[max - 1] = 0xfe;
	CU_ASSERT_EQUAL(stored(checksum_add(0, p, max)), 1);
	for (int i = 0; i < 1000; i++)
		sum = checksum_add(sum, p, max);
	CU_ASSERT_EQUAL(stored(sum), 1000);
	free(p);
}

static void
test_words(void)
{
	for (int i = 0; i < 1000; i++) {
		uint16_t v = (uint16_t)unit_random();
		uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

		CU_ASSERT_EQUAL(checksum_word(v), checksum_add(0, b, 2));
	}
}

/* RFC 3720, B.4: what the digest looks like on the wire, first byte first. */
static void
test_crc32c(void)
{
	static const uint8_t pdu[48] = { 0x01,
		0xc0, [16] = 0x14, [22] = 0x04, [27] = 0x14, [31] = 0x18,
		0x28, [40] = 0x02 };
	uint8_t zeros[32] = { 0 }, ones[32], up[32], down[32];
	const struct {
		const uint8_t *p;
		size_t len;
		uint32_t crc;
	} vectors[] = {
		{ zeros, sizeof(zeros), 0x8a9136aa },
		{ ones, sizeof(ones), 0x62a8ab43 },
		{ up, sizeof(up), 0x46dd794e },
		{ down, sizeof(down), 0x113fdb5c },
		{ pdu, sizeof(pdu), 0xd9963a56 },
		{ (const uint8_t *)"123456789", 9, 0xe3069283 },
		{ zeros, 0, 0 },
	};

	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = (uint8_t)(31 - i);
	}
	for (size_t i = 0; i < COUNT(vectors); i++)
		for (size_t cut = 0; cut <= vectors[i].len; cut++)
			CU_ASSERT_EQUAL(checksum_crc32c(vectors[i].p, cut,
					    vectors[i].p + cut,
					    vectors[i].len - cut),
			    vectors[i].crc);
}

/* RFC 9260, appendix A, bit by bit. */
static void
test_crc32c_random(void)
{
	for (int i = 0; i < 200; i++) {
		size_t len = unit_random() % 2000;
		uint8_t *p = random_bytes(len);
		uint32_t crc = UINT32_MAX;

		for (size_t bit = 0; bit < len * 8; bit++) {
			uint32_t in = p[bit / 8] >> bit % 8 & 1u;

			crc = (crc >> 1) ^ ((crc & 1) != in ? 0x82f63b78u : 0);
		}
		CU_ASSERT_EQUAL(checksum_crc32c(p, len, NULL, 0), ~crc);
		free(p);
	}
}

static const struct unit_test tests[] = {
	{ "RFC 1071", test_rfc1071 },
	{ "every length", test_every_length },
	{ "every alignment", test_every_alignment },
	{ "pieces", test_pieces },
	{ "no carry is lost", test_no_carry_lost },
	{ "words", test_words },
	{ "CRC32c, RFC 3720", test_crc32c },
	{ "CRC32c, bit by bit", test_crc32c_random },
};

UNIT_MAIN("checksum", tests)
