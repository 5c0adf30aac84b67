/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/segment.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define FIN 0x01
#define PSH 0x08
#define ACK 0x10
#define ECE 0x40
#define CWR 0x80

/* A superframe: what it is made of. */
struct spec {
	unsigned version;
	uint8_t proto;
	unsigned tags;
	unsigned options;  /* words of IPv4 options */
	unsigned nexts;	   /* IPv6 extension headers, of 8 bytes */
	uint8_t next[4];   /* their types */
	bool jumbo;	   /* IPv6: Linux' jumbo header first */
	unsigned tcp_more; /* words of TCP options */
	uint8_t flags;
	uint32_t payload;
	uint16_t gso_size;
	bool partial;
	bool ecn;
};

/* The frame, in memory of its own size, and where its headers are. */
struct built {
	struct packet p;
	uint8_t *data;
	uint32_t l3, l4, head_len;
};

static unsigned
pick(unsigned n)
{
	return (unsigned)(unit_random() % n);
}

/* ---- the frame and its checksums, written down a second time ----------- */

/* RFC 1071, section 1, big-endian words, not complemented. */
static uint32_t
sum_words(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return sum;
}

static uint32_t
sum_pseudo(const uint8_t *ip, uint8_t proto, uint32_t len)
{
	bool v4 = ip[0] >> 4 == 4;
	uint8_t rest[8] = { (uint8_t)(len >> 24), (uint8_t)(len >> 16),
		(uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto };

	return sum_words(sum_words(0, rest, 8), ip + (v4 ? 12 : 8),
	    v4 ? 8 : 32);
}

static uint32_t
checksum_at(uint8_t proto)
{
	return proto == IPPROTO_TCP ? 16 : 6;
}

static uint8_t *
put_ip4(uint8_t *at, const struct spec *s, uint32_t len)
{
	uint32_t hlen = 20 + s->options * 4;

	at[0] = (uint8_t)(0x40 | hlen / 4);
	bytes_put16(at + 2, len + hlen > 65535 ? 0 : (uint16_t)(len + hlen));
	bytes_put16(at + 6, pick(2) == 0 ? 0x4000 : 0);
	at[9] = s->proto;
	return at + hlen;
}

static uint8_t *
put_ip6(uint8_t *at, const struct spec *s, uint32_t len)
{
	uint8_t *next = at + 6;

	at[0] = 0x60 | (at[0] & 15);
	len += s->nexts * 8 + s->jumbo * 8;
	bytes_put16(at + 4, len > 65535 || s->jumbo ? 0 : (uint16_t)len);
	at += 40;
	if (s->jumbo) {
		*next = IPPROTO_HOPOPTS;
		next = at;
		at[1] = 0;
		bytes_put16(at + 2, 0xc204);
		bytes_put32(at + 4, len);
		at += 8;
	}
	for (unsigned i = 0; i < s->nexts; i++, at += 8) {
		*next = s->next[i];
		next = at;
		at[1] = 0;
		bytes_put16(at + 2, 0x0104);
	}
	*next = s->proto;
	return at;
}

static uint8_t *
put_l4(uint8_t *l4, const struct spec *s, uint32_t len)
{
	if (s->proto == IPPROTO_TCP) {
		l4[12] = (uint8_t)((5 + s->tcp_more) << 4 | (l4[12] & 15));
		l4[13] = s->flags;
		return l4 + 20 + s->tcp_more * 4;
	}
	bytes_put16(l4 + 4, (uint16_t)len);
	return l4 + 8;
}

/* What the kernel leaves in the field: the pseudo header's sum. Without
 * CHECKSUM_PARTIAL, the checksum of the first datagram (fraglist GRO). */
static void
put_field(struct built *b, const struct spec *s)
{
	uint8_t *l4 = b->data + b->l4, *field = l4 + checksum_at(s->proto);
	uint32_t len = b->p.caplen - b->l4, sum;

	if (!s->partial && s->gso_size < s->payload)
		len -= s->payload - s->gso_size;
	sum = sum_pseudo(b->data + b->l3, s->proto, len);
	bytes_put16(field, 0);
	if (!s->partial) {
		if (s->proto == IPPROTO_UDP)
			bytes_put16(l4 + 4, (uint16_t)len);
		sum = 0xffff ^ sum_words(sum, l4, len);
		sum = sum == 0 ? 0xffff : sum;
		if (s->proto == IPPROTO_UDP)
			bytes_put16(l4 + 4, (uint16_t)(b->p.caplen - b->l4));
	}
	bytes_put16(field, (uint16_t)sum);
}

static void
build(struct built *b, const struct spec *s)
{
	bool tcp = s->proto == IPPROTO_TCP;
	uint32_t l4_len = (tcp ? 20 + s->tcp_more * 4 : 8) + s->payload;
	uint32_t l3_len = s->version == 4 ? 20 + s->options * 4 :
					    40 + s->nexts * 8 + s->jumbo * 8;
	uint8_t *at;

	memset(b, 0, sizeof(*b));
	b->l3 = 14 + s->tags * 4;
	b->l4 = b->l3 + l3_len;
	b->p.len = b->p.caplen = b->l4 + l4_len;
	b->data = malloc(b->p.len);
	for (uint32_t i = 0; i < b->p.len; i++)
		b->data[i] = (uint8_t)unit_random();
	for (unsigned i = 0; i < s->tags; i++)
		bytes_put16(b->data + 12 + i * 4, i == 0 ? 0x88a8 : 0x8100);
	at = b->data + b->l3;
	bytes_put16(at - 2, s->version == 4 ? 0x0800 : 0x86dd);
	at = s->version == 4 ? put_ip4(at, s, l4_len) : put_ip6(at, s, l4_len);
	at = put_l4(at, s, l4_len);
	b->head_len = (uint32_t)(at - b->data);
	b->p.data = b->data;
	b->p.gso = tcp ? PACKET_GSO_TCP : PACKET_GSO_UDP;
	b->p.gso_size = s->gso_size;
	b->p.gso_ecn = s->ecn;
	b->p.csum_partial = s->partial;
	b->p.csum_start = b->l4;
	b->p.csum_offset = (uint16_t)checksum_at(s->proto);
	put_field(b, s);
}

/* ---- segments, parsed without the module's help ------------------------ */

/* The frame a segment stands for, in memory of its own size. */
static uint8_t *
flatten(const struct segment *g, uint32_t *len)
{
	uint8_t *frame = malloc(g->head_len + g->body_len);

	*len = g->head_len + g->body_len;
	memcpy(frame, g->head, g->head_len);
	memcpy(frame + g->head_len, g->body, g->body_len);
	return frame;
}

/* Headers of the segment but for what is allowed to differ. */
static void
check_ip(const struct built *b, const struct spec *s, const uint8_t *ip,
    uint32_t len, uint32_t index)
{
	const uint8_t *was = b->data + b->l3;
	uint32_t hlen = b->l4 - b->l3, skip = s->jumbo ? 8 : 0;

	if (s->version == 4) {
		CU_ASSERT_EQUAL(bytes_get16(ip + 2), len);
		CU_ASSERT_EQUAL(bytes_get16(ip + 4),
		    (bytes_get16(was + 4) + index) & 0xffff);
		CU_ASSERT_EQUAL(sum_words(0, ip, hlen), 0xffff);
		CU_ASSERT_EQUAL(memcmp(ip, was, 2), 0);
		CU_ASSERT_EQUAL(memcmp(ip + 6, was + 6, 4), 0);
		CU_ASSERT_EQUAL(memcmp(ip + 12, was + 12, hlen - 12), 0);
		return;
	}
	CU_ASSERT_EQUAL(memcmp(ip, was, 4), 0);
	CU_ASSERT_EQUAL(bytes_get16(ip + 4), len - 40);
	CU_ASSERT_EQUAL(ip[6], was[s->jumbo ? 40 : 6]);
	CU_ASSERT_EQUAL(memcmp(ip + 7, was + 7, 33), 0);
	CU_ASSERT_EQUAL(memcmp(ip + 40, was + 40 + skip, hlen - 40 - skip), 0);
}

static void
check_tcp(const struct built *b, const uint8_t *tcp, uint32_t done, bool last)
{
	const uint8_t *was = b->data + b->l4;
	uint8_t flags = was[13];

	if (!last)
		flags &= (uint8_t) ~(FIN | PSH);
	if (done > 0 && b->p.gso_ecn)
		flags &= (uint8_t)~CWR;
	CU_ASSERT_EQUAL(bytes_get32(tcp + 4), bytes_get32(was + 4) + done);
	CU_ASSERT_EQUAL(tcp[13], flags);
	CU_ASSERT_EQUAL(memcmp(tcp, was, 4), 0);
	CU_ASSERT_EQUAL(memcmp(tcp + 8, was + 8, 5), 0);
	CU_ASSERT_EQUAL(memcmp(tcp + 14, was + 14, 2), 0);
	CU_ASSERT_EQUAL(memcmp(tcp + 18, was + 18, b->head_len - b->l4 - 18),
	    0);
}

/* Returns the payload bytes of segment number index. */
static uint32_t
check_segment(const struct built *b, const struct spec *s,
    const struct segment *g, uint32_t index, uint32_t done)
{
	uint32_t left = s->payload - done, len;
	uint32_t want = left < s->gso_size ? left : s->gso_size;
	uint32_t skip = s->jumbo ? 8 : 0, l4 = b->l4 - skip;
	uint8_t *f = flatten(g, &len);
	uint32_t sum = sum_pseudo(f + b->l3, s->proto, len - l4);

	CU_ASSERT_EQUAL_FATAL(len, b->head_len - skip + want);
	CU_ASSERT_EQUAL(memcmp(f, b->data, b->l3), 0);
	check_ip(b, s, f + b->l3, len - b->l3, index);
	CU_ASSERT_EQUAL(sum_words(sum, f + l4, len - l4), 0xffff);
	if (s->proto == IPPROTO_TCP) {
		check_tcp(b, f + l4, done, want == left);
	} else {
		CU_ASSERT_EQUAL(memcmp(f + l4, b->data + b->l4, 4), 0);
		CU_ASSERT_EQUAL(bytes_get16(f + l4 + 4), len - l4);
		CU_ASSERT_NOT_EQUAL(bytes_get16(f + l4 + 6), 0);
	}
	CU_ASSERT_EQUAL(memcmp(f + len - want, b->data + b->head_len + done,
			    want),
	    0);
	free(f);
	return want;
}

static void
check_cut(const struct spec *s)
{
	struct segmenter sg;
	struct segment g;
	struct built b;
	uint32_t done = 0, count = 0, n;
	uint64_t bytes, sum = 0;

	build(&b, s);
	CU_ASSERT_EQUAL_FATAL(segment_begin(&sg, &b.p), SEGMENT_CUT);
	n = segment_count(&sg, &bytes);
	while (segment_next(&sg, &g)) {
		done += check_segment(&b, s, &g, count++, done);
		sum += g.head_len + g.body_len;
	}
	CU_ASSERT_EQUAL(done, s->payload);
	CU_ASSERT_EQUAL(count, n);
	CU_ASSERT_EQUAL(sum, bytes);
	CU_ASSERT_FALSE(segment_next(&sg, &g));
	free(b.data);
}

/* What comes out is one frame, byte for byte what was captured. */
static void
check_unchanged(const struct packet *p, enum segment_kind kind)
{
	struct segmenter sg;
	struct segment g;
	uint64_t bytes;

	CU_ASSERT_EQUAL(segment_begin(&sg, p), kind);
	CU_ASSERT_EQUAL(segment_count(&sg, &bytes), 1);
	CU_ASSERT_EQUAL(bytes, p->len);
	CU_ASSERT_TRUE_FATAL(segment_next(&sg, &g));
	CU_ASSERT_EQUAL(g.head_len, 0);
	CU_ASSERT_EQUAL(g.body_len, p->caplen);
	CU_ASSERT_PTR_EQUAL(g.body, p->data);
	CU_ASSERT_FALSE(segment_next(&sg, &g));
}

/* ---- superframes ------------------------------------------------------- */

static const struct spec plain4 = { .version = 4,
	.proto = IPPROTO_TCP,
	.tcp_more = 3,
	.flags = ACK | PSH,
	.payload = 4000,
	.gso_size = 1448,
	.partial = true };
static const struct spec plain6 = { .version = 6,
	.proto = IPPROTO_TCP,
	.tcp_more = 3,
	.flags = ACK | PSH,
	.payload = 4000,
	.gso_size = 1428,
	.partial = true };
static const struct spec udp4 = { .version = 4,
	.proto = IPPROTO_UDP,
	.payload = 4000,
	.gso_size = 1200,
	.partial = true };

static void
random_spec(struct spec *s)
{
	static const uint8_t next[] = { IPPROTO_HOPOPTS, IPPROTO_DSTOPTS };

	memset(s, 0, sizeof(*s));
	s->version = pick(2) == 0 ? 4 : 6;
	s->proto = pick(3) == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	s->tags = pick(3);
	s->options = s->version == 4 ? pick(11) : 0;
	s->nexts = s->version == 6 ? pick(4) : 0;
	for (unsigned i = 0; i < s->nexts; i++)
		s->next[i] = next[pick(COUNT(next))];
	s->tcp_more = pick(11);
	s->flags = (uint8_t)unit_random();
	s->payload = pick(10) == 0 ? pick(64000) : pick(5000);
	s->gso_size = (uint16_t)(pick(4) == 0 ? 1 + pick(9000) :
						40 + pick(1460));
	s->partial = pick(4) != 0;
	s->ecn = pick(2) == 0;
}

static void
test_random(void)
{
	struct spec s;

	for (int i = 0; i < 3000; i++) {
		random_spec(&s);
		check_cut(&s);
	}
}

static void
test_edges(void)
{
	static const uint32_t sizes[] = { 0, 1, 2, 1447, 1448, 1449, 2895, 2896,
		2897 };
	struct spec s[] = { plain4, plain6, udp4 };

	for (size_t k = 0; k < COUNT(s); k++) {
		s[k].gso_size = 1448;
		s[k].flags = 0xff;
		for (size_t i = 0; i < COUNT(sizes); i++) {
			s[k].payload = sizes[i];
			check_cut(&s[k]);
		}
		s[k].gso_size = 1;
		s[k].payload = 300;
		check_cut(&s[k]);
	}
}

static void
test_big_tcp(void)
{
	struct spec s = plain4;

	s.payload = 150000;
	check_cut(&s);
	s.version = 6;
	check_cut(&s);
	s.jumbo = true;
	check_cut(&s);
	s.nexts = 2;
	s.next[0] = s.next[1] = IPPROTO_DSTOPTS;
	check_cut(&s);
	s.tags = 1;
	check_cut(&s);
	s.partial = false;
	check_cut(&s);
}

/* A TCP checksum of 0 is one; in UDP it would say that there is none. */
static void
test_zero_sum(void)
{
	struct spec s = plain4;
	struct segmenter sg;
	struct segment g;
	struct built b;
	uint32_t at;

	for (int udp = 0; udp < 2; udp++) {
		s.proto = udp ? IPPROTO_UDP : IPPROTO_TCP;
		build(&b, &s);
		at = b.l4 + checksum_at(s.proto);
		segment_begin(&sg, &b.p);
		segment_next(&sg, &g);
		/* The checksum, as a word of payload, makes it 0. */
		bytes_put16(b.data + b.head_len,
		    (uint16_t)(sum_words(bytes_get16(g.head + at),
			b.data + b.head_len, 2)));
		segment_begin(&sg, &b.p);
		segment_next(&sg, &g);
		CU_ASSERT_EQUAL(bytes_get16(g.head + at), udp ? 0xffff : 0);
		free(b.data);
	}
}

/* More segments than 16 bits count: only the first keeps CWR. */
static void
test_many(void)
{
	struct spec s = plain4;

	s.flags = ACK | CWR;
	s.ecn = true;
	s.payload = 66000;
	s.gso_size = 1;
	check_cut(&s);
}

/* The last address of a routing header is what the pseudo header names, and
 * only the field knows it. */
static void
test_routing(void)
{
	struct spec s = plain6;
	struct segmenter sg;
	struct segment g;
	struct built b;
	uint32_t len;

	s.nexts = 2;
	s.next[0] = IPPROTO_ROUTING;
	s.next[1] = IPPROTO_DSTOPTS;
	build(&b, &s);
	bytes_put16(b.data + b.l4 + 16,
	    (uint16_t)sum_words(bytes_get16(b.data + b.l4 + 16),
		(const uint8_t *)"\x12\x34", 2));
	CU_ASSERT_EQUAL(segment_begin(&sg, &b.p), SEGMENT_CUT);
	while (segment_next(&sg, &g)) {
		uint8_t *f = flatten(&g, &len);
		uint32_t sum = sum_pseudo(f + b.l3, IPPROTO_TCP, len - b.l4);

		sum = sum_words(sum, (const uint8_t *)"\x12\x34", 2);
		CU_ASSERT_EQUAL(sum_words(sum, f + b.l4, len - b.l4), 0xffff);
		free(f);
	}
	b.p.csum_partial = false;
	check_unchanged(&b.p, SEGMENT_WHOLE);
	free(b.data);
}

/* ---- what cannot be cut ------------------------------------------------ */

static void
check_whole(struct built *b)
{
	check_unchanged(&b->p, SEGMENT_WHOLE);
	free(b->data);
}

static void
test_unknown(void)
{
	struct built b;

	build(&b, &plain4);
	b.p.gso = PACKET_GSO_OTHER;
	check_whole(&b);
	build(&b, &plain4);
	b.p.gso_size = 0;
	check_whole(&b);
	build(&b, &plain4);
	b.p.caplen--;
	check_whole(&b);
	build(&b, &plain4);
	b.p.gso = PACKET_GSO_UDP;
	check_whole(&b);
	build(&b, &udp4);
	b.p.gso = PACKET_GSO_TCP;
	check_whole(&b);
	build(&b, &plain4);
	b.data[13] = 6; /* ARP */
	check_whole(&b);
}

/* Puts an outer header in front of a superframe, csum_start with it. */
static void
wrap(struct built *b, const void *outer, uint32_t len, uint32_t drop)
{
	uint8_t *frame = malloc(len + b->p.len - drop);

	memcpy(frame, outer, len);
	memcpy(frame + len, b->data + drop, b->p.len - drop);
	free(b->data);
	b->p.data = b->data = frame;
	b->p.caplen = b->p.len = len + b->p.len - drop;
	b->p.csum_start += len - drop;
}

static void
test_tunnels(void)
{
	static const struct spec *const inner[] = { &plain4, &plain6, &udp4 };
	uint8_t ip4[34] = { [12] = 0x08, 0x00, 0x45, [22] = 64 };
	uint8_t ip6[54] = { [12] = 0x86, 0xdd, 0x60 };
	uint8_t vxlan[50] = { [12] = 0x08,
		0x00,
		0x45,
		[22] = 64,
		IPPROTO_UDP,
		[36] = 0x12,
		0xb5,
		[42] = 8 };
	uint8_t vxlan6[70] = { [12] = 0x86,
		0xdd,
		0x60,
		[20] = IPPROTO_UDP,
		[56] = 0x12,
		0xb5,
		[62] = 8 };
	struct built b;

	for (size_t i = 0; i < COUNT(inner); i++) {
		ip4[23] = inner[i]->version == 4 ? 4 : 41;
		ip6[20] = ip4[23];
		build(&b, inner[i]);
		wrap(&b, ip4, sizeof(ip4), 14);
		check_whole(&b);
		build(&b, inner[i]);
		wrap(&b, ip6, sizeof(ip6), 14);
		check_whole(&b);
		build(&b, inner[i]);
		wrap(&b, vxlan, sizeof(vxlan), 0);
		check_whole(&b);
		build(&b, inner[i]);
		wrap(&b, vxlan6, sizeof(vxlan6), 0);
		check_whole(&b);
		build(&b, inner[i]);
		wrap(&b, vxlan, sizeof(vxlan), 0);
		b.p.csum_partial = false;
		check_whole(&b);
	}
}

/* Joined datagrams without CHECKSUM_PARTIAL are a list whose first checksum
 * is still there. Anything else is the outer header of a tunnel. */
static void
test_udp_list(void)
{
	struct spec s = udp4;
	struct built b;

	s.partial = false;
	check_cut(&s);
	s.version = 6;
	check_cut(&s);
	build(&b, &s);
	bytes_put16(b.data + b.l4 + 6, 0);
	check_whole(&b);
	build(&b, &s);
	b.data[b.l4 + 7] ^= 1;
	check_whole(&b);
	build(&b, &s);
	b.p.gso_size++;
	check_whole(&b);
}

static void
test_lies(void)
{
	static const uint8_t ip4[] = { 0x35, 0x44, 0x4f, 0x00, 0x65 };
	static const uint8_t doff[] = { 0x00, 0x40 };
	struct spec s = plain6;
	struct built b;

	for (size_t i = 0; i < COUNT(ip4); i++) {
		build(&b, &plain4);
		b.data[14] = ip4[i];
		check_whole(&b);
	}
	for (size_t i = 0; i < COUNT(doff); i++) {
		build(&b, &plain4);
		b.data[b.l4 + 12] = doff[i];
		check_whole(&b);
	}
	build(&b, &plain4);
	b.data[14 + 6] = 0x20; /* a fragment */
	check_whole(&b);
	build(&b, &plain6);
	b.data[14] = 0x45;
	check_whole(&b);
	s.nexts = 1;
	s.next[0] = IPPROTO_FRAGMENT;
	build(&b, &s);
	check_whole(&b);
	s.next[0] = IPPROTO_DSTOPTS;
	build(&b, &s);
	b.data[14 + 41] = 0xff;
	check_whole(&b);
}

static void
test_elsewhere(void)
{
	struct built b;

	build(&b, &plain4);
	b.p.csum_start += 4;
	check_whole(&b);
	build(&b, &plain4);
	b.p.csum_start = UINT32_MAX;
	check_whole(&b);
	build(&b, &plain4);
	b.p.csum_offset = 6;
	check_whole(&b);
	build(&b, &udp4);
	b.p.csum_offset = 16;
	check_whole(&b);
}

/* The longest segment that an IP header can describe, and one byte more. */
static void
test_too_long(void)
{
	struct spec s[] = { plain4, plain6, udp4 };
	struct built b;

	for (size_t k = 0; k < COUNT(s); k++) {
		uint32_t head = s[k].proto == IPPROTO_TCP ? 32 : 8;

		s[k].payload = 100000;
		head += s[k].version == 4 ? 20 : 0;
		s[k].gso_size = (uint16_t)(65535 - head);
		check_cut(&s[k]);
		s[k].gso_size++;
		build(&b, &s[k]);
		check_whole(&b);
		s[k].payload = 65535 - head;
		check_cut(&s[k]);
	}
}

/* Every length that a frame can be cut off at, and nothing behind it. */
static void
test_short(void)
{
	struct spec s[] = { plain4, plain6, udp4 };
	struct segmenter sg;
	struct segment g;
	struct built b;

	s[0].options = 3;
	s[1].nexts = 2;
	s[1].next[0] = s[1].next[1] = IPPROTO_DSTOPTS;
	s[1].tags = 2;
	s[2].partial = false;
	for (size_t k = 0; k < COUNT(s); k++) {
		build(&b, &s[k]);
		for (uint32_t len = 0; len < 300; len++) {
			struct packet p = b.p;
			uint8_t *exact = malloc(len);

			memcpy(exact, b.data, len);
			p.data = exact;
			p.caplen = p.len = len;
			CU_ASSERT(segment_begin(&sg, &p) == SEGMENT_WHOLE ||
			    len >= b.head_len);
			while (segment_next(&sg, &g))
				free(flatten(&g, &p.len));
			free(exact);
		}
		free(b.data);
	}
}

/* ---- one frame --------------------------------------------------------- */

/* A frame that was never joined, with its checksum still to be completed. */
static void
build_single(struct built *b, const struct spec *s)
{
	build(b, s);
	b->p.gso = PACKET_GSO_NONE;
	b->p.gso_size = 0;
}

static void
check_completed(const struct built *b, const struct spec *s)
{
	struct segmenter sg;
	struct segment g;
	uint64_t bytes;
	uint32_t len, sum, at = b->l4 + checksum_at(s->proto);
	uint8_t *f;

	CU_ASSERT_EQUAL_FATAL(segment_begin(&sg, &b->p), SEGMENT_CHECKSUM);
	CU_ASSERT_EQUAL(segment_count(&sg, &bytes), 1);
	CU_ASSERT_EQUAL(bytes, b->p.len);
	CU_ASSERT_TRUE_FATAL(segment_next(&sg, &g));
	f = flatten(&g, &len);
	CU_ASSERT_EQUAL_FATAL(len, b->p.len);
	sum = sum_pseudo(f + b->l3, s->proto, len - b->l4);
	CU_ASSERT_EQUAL(sum_words(sum, f + b->l4, len - b->l4), 0xffff);
	CU_ASSERT_NOT_EQUAL(bytes_get16(f + at), 0);
	memcpy(f + at, b->data + at, 2);
	CU_ASSERT_EQUAL(memcmp(f, b->data, len), 0);
	CU_ASSERT_FALSE(segment_next(&sg, &g));
	free(f);
}

static void
test_single(void)
{
	struct built b;
	struct spec s;

	for (int i = 0; i < 2000; i++) {
		random_spec(&s);
		s.payload = pick(4) == 0 ? 0 : pick(1500);
		s.gso_size = 9000;
		s.partial = true;
		build_single(&b, &s);
		check_completed(&b, &s);
		free(b.data);
	}
}

/* Linux (skb_checksum_help) stores 0xffff for 0 whatever the protocol. */
static void
test_single_zero(void)
{
	struct spec s = plain4;
	struct segmenter sg;
	struct segment g;
	struct built b;
	uint32_t at;

	for (int udp = 0; udp < 2; udp++) {
		s.proto = udp ? IPPROTO_UDP : IPPROTO_TCP;
		build_single(&b, &s);
		at = b.l4 + checksum_at(s.proto);
		bytes_put16(b.data + b.head_len, 0);
		bytes_put16(b.data + b.head_len,
		    (uint16_t)(0xffff ^
			sum_words(0, b.data + b.l4, b.p.len - b.l4)));
		segment_begin(&sg, &b.p);
		segment_next(&sg, &g);
		CU_ASSERT_EQUAL(bytes_get16(g.head + at), 0xffff);
		free(b.data);
	}
}

static void
test_sctp(void)
{
	struct segmenter sg;
	struct segment g;
	struct built b;
	struct spec s;
	uint32_t crc;

	for (int i = 0; i < 200; i++) {
		random_spec(&s);
		s.proto = IPPROTO_UDP;
		s.payload = 4 + pick(1400);
		build_single(&b, &s);
		b.data[b.l3 + (s.version == 4 ? 9 : 6)] = IPPROTO_SCTP;
		if (s.nexts > 0) {
			b.data[b.l3 + 6] = s.next[0];
			b.data[b.l4 - 8] = IPPROTO_SCTP;
		}
		b.p.csum_partial = true;
		b.p.csum_offset = 8;
		CU_ASSERT_EQUAL(segment_begin(&sg, &b.p), SEGMENT_CHECKSUM);
		CU_ASSERT_TRUE_FATAL(segment_next(&sg, &g));
		CU_ASSERT_EQUAL(g.head_len, b.l4 + 12);
		CU_ASSERT_EQUAL(memcmp(g.head, b.data, b.l4 + 8), 0);
		memset(b.data + b.l4 + 8, 0, 4);
		crc = checksum_crc32c(b.data + b.l4, b.p.len - b.l4, NULL, 0);
		for (int k = 0; k < 4; k++)
			CU_ASSERT_EQUAL(g.head[b.l4 + 8 + (uint32_t)k],
			    crc >> 8 * k & 0xff);
		CU_ASSERT_PTR_EQUAL(g.body, b.data + g.head_len);
		free(b.data);
	}
}

static void
test_absurd_field(void)
{
	static const struct {
		uint32_t start;
		uint16_t offset;
	} absurd[] = { { UINT32_MAX, 16 }, { UINT32_MAX - 20, 16 },
		{ UINT32_MAX - 3, 2 }, { 14, UINT16_MAX }, { 65535, 6 },
		{ 250, 6 }, { 98, 0 }, { 97, 0 }, { 90, 8 } };
	struct spec s = udp4;
	struct built b;

	s.payload = 56;
	build_single(&b, &s);
	CU_ASSERT_EQUAL(b.p.len, 98);
	for (size_t i = 0; i < COUNT(absurd); i++) {
		b.p.csum_start = absurd[i].start;
		b.p.csum_offset = absurd[i].offset;
		check_unchanged(&b.p, SEGMENT_AS_IS);
	}
	free(b.data);
	build_single(&b, &s);
	b.p.caplen--;
	check_unchanged(&b.p, SEGMENT_AS_IS);
	b.p.caplen++;
	b.p.csum_partial = false;
	check_unchanged(&b.p, SEGMENT_AS_IS);
	free(b.data);
}

/* Any headers at all: whatever comes out, nothing is read outside. */
static void
test_noise(void)
{
	struct segmenter sg;
	struct segment g;
	struct built b;
	struct spec s;
	uint32_t len;

	for (int i = 0; i < 5000; i++) {
		random_spec(&s);
		s.payload = pick(200);
		build(&b, &s);
		for (unsigned n = pick(6); n > 0; n--)
			b.data[pick(b.head_len)] = (uint8_t)unit_random();
		b.p.gso = (enum packet_gso)pick(4);
		if (pick(4) == 0)
			b.p.csum_start = (uint32_t)unit_random();
		if (pick(4) == 0)
			b.p.csum_offset = (uint16_t)unit_random();
		segment_begin(&sg, &b.p);
		while (segment_next(&sg, &g))
			free(flatten(&g, &len));
		free(b.data);
	}
}

static const struct unit_test tests[] = {
	{ "random superframes", test_random },
	{ "edges", test_edges },
	{ "BIG TCP", test_big_tcp },
	{ "many segments", test_many },
	{ "routing header", test_routing },
	{ "checksum of 0", test_zero_sum },
	{ "unknown kinds", test_unknown },
	{ "tunnels", test_tunnels },
	{ "list of datagrams", test_udp_list },
	{ "headers that lie", test_lies },
	{ "checksum elsewhere", test_elsewhere },
	{ "too long for IP", test_too_long },
	{ "short frames", test_short },
	{ "one frame", test_single },
	{ "one frame, checksum of 0", test_single_zero },
	{ "SCTP", test_sctp },
	{ "absurd place of the checksum", test_absurd_field },
	{ "noise", test_noise },
};

UNIT_MAIN("segment", tests)
