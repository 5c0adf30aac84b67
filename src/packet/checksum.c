/* SPDX-License-Identifier: ISC */
/* The Internet checksum and CRC32c. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "packet/checksum.h"

/* The remainder of a byte n is the sum of those of its bits. Castagnoli's
 * polynomial, reflected, is CRC_BYTE(128). */
#define CRC_BIT(n, bit, remainder) ((n) >> (bit)&1 ? (remainder) : 0)
#define CRC_BYTE(n)                                                   \
	(CRC_BIT(n, 0, 0xf26b8303u) ^ CRC_BIT(n, 1, 0xe13b70f7u) ^    \
	    CRC_BIT(n, 2, 0xc79a971fu) ^ CRC_BIT(n, 3, 0x8ad958cfu) ^ \
	    CRC_BIT(n, 4, 0x105ec76fu) ^ CRC_BIT(n, 5, 0x20bd8edeu) ^ \
	    CRC_BIT(n, 6, 0x417b1dbcu) ^ CRC_BIT(n, 7, 0x82f63b78u))
#define CRC_4(n) \
	CRC_BYTE(n), CRC_BYTE((n) + 1), CRC_BYTE((n) + 2), CRC_BYTE((n) + 3)
#define CRC_16(n) CRC_4(n), CRC_4((n) + 4), CRC_4((n) + 8), CRC_4((n) + 12)
#define CRC_64(n) \
	CRC_16(n), CRC_16((n) + 16), CRC_16((n) + 32), CRC_16((n) + 48)

static const uint32_t crc_table[256] = { CRC_64(0), CRC_64(64), CRC_64(128),
	CRC_64(192) };

uint64_t
checksum_add(uint64_t sum, const uint8_t *p, size_t len)
{
	uint64_t a = 0, b = 0, v[4];
	uint32_t w;
	uint16_t h;

	/* Two accumulators of 32-bit halves: no carry can get lost below
	 * 2^32 words. */
	for (; len >= sizeof(v); len -= sizeof(v), p += sizeof(v)) {
		memcpy(v, p, sizeof(v));
		a += (v[0] & UINT32_MAX) + (v[1] & UINT32_MAX) +
		    (v[2] & UINT32_MAX) + (v[3] & UINT32_MAX);
		b += (v[0] >> 32) + (v[1] >> 32) + (v[2] >> 32) + (v[3] >> 32);
	}
	for (; len >= sizeof(w); len -= sizeof(w), p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		a += w;
	}
	if (len >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		b += h;
		p += sizeof(h);
		len -= sizeof(h);
	}
	if (len > 0) {
		h = 0;
		memcpy(&h, p, 1);
		b += h;
	}
	/* Each is far below 2^63; folded once so that sums of sums are too. */
	a = (a & UINT32_MAX) + (a >> 32);
	b = (b & UINT32_MAX) + (b >> 32);
	return sum + a + b;
}

uint16_t
checksum_finish(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}

uint64_t
checksum_word(uint16_t v)
{
	return htons(v);
}

static uint32_t
crc_add(uint32_t crc, const uint8_t *p, size_t len)
{
	for (; len > 0; len--, p++)
		crc = crc >> 8 ^ crc_table[(crc ^ *p) & UINT8_MAX];
	return crc;
}

uint32_t
checksum_crc32c(const uint8_t *head, size_t head_len, const uint8_t *body,
    size_t body_len)
{
	return ~crc_add(crc_add(UINT32_MAX, head, head_len), body, body_len);
}
