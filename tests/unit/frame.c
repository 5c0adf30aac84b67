/* SPDX-License-Identifier: ISC */
/* Frames for tests, built field by field. */
#include "config.h"

#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "frame.h"

void
frame_bytes(struct frame *f, const void *p, size_t len)
{
	memcpy(f->b + f->len, p, len);
	f->len += len;
}

void
frame_ether(struct frame *f, uint16_t type)
{
	static const uint8_t macs[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };

	memset(f, 0, sizeof(*f));
	frame_bytes(f, macs, sizeof(macs));
	bytes_put16(f->b + 12, type);
	f->len = 14;
}

void
frame_tag(struct frame *f, uint16_t tpid, uint16_t tci)
{
	memmove(f->b + 16, f->b + 12, f->len - 12);
	bytes_put16(f->b + 12, tpid);
	bytes_put16(f->b + 14, tci);
	f->len += 4;
	f->l3 += 4;
}

void
frame_ip(struct frame *f, const char *src, const char *dst, uint8_t protocol,
    uint16_t payload)
{
	uint8_t h[40] = { 0 };
	struct addr s, d;

	addr_parse(&s, src);
	addr_parse(&d, dst);
	f->l3 = f->len;
	if (s.family == AF_INET) {
		h[0] = 0x45;
		bytes_put16(h + 2, (uint16_t)(20 + payload));
		h[8] = 64;
		h[9] = protocol;
		memcpy(h + 12, s.bytes, 4);
		memcpy(h + 16, d.bytes, 4);
		frame_bytes(f, h, 20);
	} else {
		h[0] = 0x60;
		bytes_put16(h + 4, payload);
		h[6] = protocol;
		h[7] = 64;
		memcpy(h + 8, s.bytes, 16);
		memcpy(h + 24, d.bytes, 16);
		frame_bytes(f, h, 40);
	}
	if (f->l3 == 14)
		bytes_put16(f->b + 12, s.family == AF_INET ? 0x0800 : 0x86dd);
}

static void
fill(struct frame *f, uint16_t payload)
{
	memset(f->b + f->len, 0xaa, payload);
	f->len += payload;
}

void
frame_udp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload)
{
	uint8_t h[8] = { 0 };

	bytes_put16(h, src);
	bytes_put16(h + 2, dst);
	bytes_put16(h + 4, (uint16_t)(8 + payload));
	frame_bytes(f, h, sizeof(h));
	fill(f, payload);
}

void
frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload)
{
	uint8_t h[20] = { 0 };

	bytes_put16(h, src);
	bytes_put16(h + 2, dst);
	h[12] = 0x50;
	h[13] = 0x10;
	frame_bytes(f, h, sizeof(h));
	fill(f, payload);
}
