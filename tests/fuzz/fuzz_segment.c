/* SPDX-License-Identifier: ISC */
/* Any bytes as a frame, joined in any way: the frames of the wire that come
 * out hold every byte of payload once, and IP headers that are right. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/packet.h"
#include "packet/segment.h"

/* In front of the frame: kind, flags, gso_size, csum_start, csum_offset. */
#define HEADER 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

/* RFC 1071, section 1. */
static uint32_t
sum_words(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static void
check_headers(const struct segmenter *s, const uint8_t *frame, uint32_t len)
{
	const uint8_t *ip = frame + s->l3;

	if (ip[0] >> 4 == 4) {
		require(bytes_get16(ip + 2) == len - s->l3);
		require(sum_words(ip, (ip[0] & 15u) * 4) == 0xffff);
	} else {
		require(ip[0] >> 4 == 6);
		require(bytes_get16(ip + 4) == len - s->l3 - 40);
	}
	if (s->packet->gso == PACKET_GSO_UDP)
		require(bytes_get16(frame + s->l4 - s->jumbo + 4) ==
		    len - (s->l4 - s->jumbo));
}

static void
check_segment(const struct segmenter *s, const struct segment *g, uint32_t done,
    int last)
{
	const struct packet *p = s->packet;
	uint32_t len = g->head_len + g->body_len;
	uint8_t *frame = malloc(len);

	require(frame != NULL && g->head_len <= sizeof(g->head));
	memcpy(frame, g->head, g->head_len);
	memcpy(frame + g->head_len, g->body, g->body_len);
	if (s->kind == SEGMENT_CUT) {
		require(last || g->body_len == p->gso_size);
		require(g->body == p->data + s->head_len + done);
		check_headers(s, frame, len);
	} else {
		require(last && len == p->caplen);
		require(memcmp(frame + g->head_len, p->data + g->head_len,
			    g->body_len) == 0);
		require(s->kind == SEGMENT_CHECKSUM || g->head_len == 0);
	}
	free(frame);
}

static void
check_packet(const struct packet *p)
{
	uint32_t n, count = 0, done = 0;
	uint64_t bytes, sum = 0;
	struct segmenter s;
	struct segment g;

	segment_begin(&s, p);
	n = segment_count(&s, &bytes);
	while (segment_next(&s, &g)) {
		count++;
		check_segment(&s, &g, done, count == n);
		done += g.body_len;
		sum += g.head_len + g.body_len;
	}
	require(count == n);
	require(sum == (p->caplen == p->len ? bytes : p->caplen));
	require(s.kind != SEGMENT_CUT || done == s.total);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet p = { 0 };
	uint8_t *exact;

	if (size < HEADER)
		return 0;
	exact = malloc(size - HEADER);
	require(exact != NULL);
	memcpy(exact, data + HEADER, size - HEADER);
	p.data = exact;
	p.caplen = p.len = (uint32_t)(size - HEADER);
	p.gso = (enum packet_gso)(data[0] & 3);
	p.csum_partial = data[1] & 1;
	p.gso_ecn = data[1] & 2;
	p.len += data[1] & 4;
	p.gso_size = bytes_get16(data + 2);
	p.csum_start = bytes_get32(data + 4);
	p.csum_offset = bytes_get16(data + 8);
	check_packet(&p);
	free(exact);
	return 0;
}
