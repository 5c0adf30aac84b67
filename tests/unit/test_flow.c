/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flow_vectors.h"
#include "packet/flow.h"
#include "unit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct frame {
	uint8_t bytes[4096];
	size_t len;
};

/* One packet of a flow: what the key should be made of, and around it what
 * should not matter. */
struct spec {
	unsigned version;
	uint8_t proto;
	uint8_t src[16];
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	unsigned tags;
	unsigned options;  /* words of IPv4 options */
	unsigned nexts;	   /* IPv6 extension headers */
	uint8_t next[8];   /* their types */
	uint16_t fragment; /* IPv4 field; or IPv6 field behind them */
	int has_fragment;  /* IPv6: there is such a header */
};

static void
put(struct frame *f, const void *p, size_t n)
{
	memcpy(f->bytes + f->len, p, n);
	f->len += n;
}

static void
put8(struct frame *f, unsigned v)
{
	f->bytes[f->len++] = (uint8_t)v;
}

static void
put16(struct frame *f, unsigned v)
{
	put8(f, v >> 8);
	put8(f, v);
}

static void
put_random(struct frame *f, size_t n)
{
	while (n-- > 0)
		put8(f, (unsigned)unit_random());
}

static unsigned
pick(unsigned n)
{
	return (unsigned)(unit_random() % n);
}

static void
put_ethernet(struct frame *f, unsigned tags, unsigned type)
{
	static const uint16_t tpid[] = { 0x8100, 0x88a8, 0x9100 };

	f->len = 0;
	put_random(f, 12);
	while (tags-- > 0) {
		put16(f, tpid[pick(COUNT(tpid))]);
		put_random(f, 2);
	}
	put16(f, type);
}

static void
put_ip4(struct frame *f, const struct spec *s)
{
	put8(f, 0x45 + s->options);
	put_random(f, 5);
	put16(f, s->fragment);
	put_random(f, 1);
	put8(f, s->proto);
	put_random(f, 2);
	put(f, s->src, 4);
	put(f, s->dst, 4);
	put_random(f, s->options * 4);
}

/* An extension header of random length, naming the next. */
static void
put_extension(struct frame *f, uint8_t type, uint8_t next)
{
	unsigned n = pick(3);

	put8(f, next);
	put8(f, n);
	put_random(f, type == 51 ? n * 4 + 6 : n * 8 + 6);
}

static void
put_ip6(struct frame *f, const struct spec *s)
{
	uint8_t last = s->has_fragment ? 44 : s->proto;

	put8(f, 0x60);
	put_random(f, 5);
	put8(f, s->nexts > 0 ? s->next[0] : last);
	put_random(f, 1);
	put(f, s->src, 16);
	put(f, s->dst, 16);
	for (unsigned i = 0; i < s->nexts; i++)
		put_extension(f, s->next[i],
		    i + 1 < s->nexts ? s->next[i + 1] : last);
	if (!s->has_fragment)
		return;
	put8(f, s->proto);
	put_random(f, 1);
	put16(f, s->fragment);
	put_random(f, 4);
}

static void
put_packet(struct frame *f, const struct spec *s)
{
	if (s->version == 4)
		put_ip4(f, s);
	else
		put_ip6(f, s);
	put16(f, s->sport);
	put16(f, s->dport);
	put_random(f, 4);
}

/* The frame up to eight bytes behind the IP headers. */
static void
begin(struct frame *f, const struct spec *s)
{
	put_ethernet(f, s->tags, s->version == 4 ? 0x0800 : 0x86dd);
	put_packet(f, s);
}

static void
build(struct frame *f, const struct spec *s)
{
	begin(f, s);
	put_random(f, pick(64));
}

static struct spec
spec_random(unsigned version)
{
	static const uint8_t protos[] = { 6, 17, 33, 132, 136 };
	static const uint8_t nexts[] = { 0, 43, 51, 60, 135 };
	struct spec s = { .version = version };

	s.proto = protos[pick(COUNT(protos))];
	for (unsigned i = 0; i < sizeof(s.src); i++) {
		s.src[i] = (uint8_t)unit_random();
		s.dst[i] = (uint8_t)unit_random();
	}
	if (pick(4) == 0)
		memcpy(s.dst, s.src, sizeof(s.dst) - pick(2));
	s.sport = (uint16_t)unit_random();
	s.dport = pick(8) == 0 ? s.sport : (uint16_t)unit_random();
	s.tags = pick(9);
	s.options = version == 4 ? pick(11) : 0;
	s.nexts = version == 6 ? pick(COUNT(s.next) + 1) : 0;
	for (unsigned i = 0; i < s.nexts; i++)
		s.next[i] = nexts[pick(COUNT(nexts))];
	return s;
}

static struct spec
spec_reverse(const struct spec *s)
{
	struct spec r = *s;

	memcpy(r.src, s->dst, sizeof(r.src));
	memcpy(r.dst, s->src, sizeof(r.dst));
	r.sport = s->dport;
	r.dport = s->sport;
	r.tags = pick(9);
	return r;
}

/* The key that flow.h promises. */
static struct flow_key
spec_key(const struct spec *s, unsigned sport, unsigned dport)
{
	size_t n = s->version == 4 ? 4 : 16;
	uint8_t a[18], b[18], *lo = a, *hi = b;
	struct flow_key k;

	memcpy(a, s->src, n);
	bytes_put16(a + n, (uint16_t)sport);
	memcpy(b, s->dst, n);
	bytes_put16(b + n, (uint16_t)dport);
	if (memcmp(a, b, n + 2) > 0) {
		lo = b;
		hi = a;
	}
	k.bytes[0] = (uint8_t)s->version;
	k.bytes[1] = s->proto;
	memcpy(k.bytes + 2, lo, n);
	memcpy(k.bytes + 2 + n, hi, n);
	memcpy(k.bytes + 2 + 2 * n, lo + n, 2);
	memcpy(k.bytes + 4 + 2 * n, hi + n, 2);
	k.len = (uint8_t)(6 + 2 * n);
	return k;
}

/* Parses a copy that ends where its memory does, for the sanitizer. */
static struct flow_key
parse(const uint8_t *bytes, size_t len)
{
	struct flow_key k;
	uint8_t *copy = malloc(len);

	memcpy(copy, bytes, len);
	flow_key_parse(&k, copy, len);
	CU_ASSERT_EQUAL(flow_hash(copy, len), flow_key_hash(&k));
	free(copy);
	return k;
}

static struct flow_key
parse_frame(const struct frame *f)
{
	return parse(f->bytes, f->len);
}

static int
same(struct flow_key a, struct flow_key b)
{
	return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

static size_t
from_hex(uint8_t *out, const char *hex)
{
	size_t n = 0;

	for (; *hex != '\0'; hex += 2) {
		char byte[3] = { 0 };

		while (*hex == ' ')
			hex++;
		memcpy(byte, hex, 2);
		out[n++] = (uint8_t)strtoul(byte, NULL, 16);
	}
	return n;
}

static void
test_vectors(void)
{
	for (size_t i = 0; i < COUNT(flow_vectors); i++) {
		const struct flow_vector *v = &flow_vectors[i];
		struct flow_key want, k;
		struct frame f;

		want.len = (uint8_t)from_hex(want.bytes, v->key);
		f.len = from_hex(f.bytes, v->frame);
		k = parse_frame(&f);
		CU_ASSERT(same(k, want));
		CU_ASSERT_EQUAL(flow_key_hash(&k), v->hash);
	}
}

static void
test_directions(void)
{
	struct frame f;

	for (int i = 0; i < 20000; i++) {
		struct spec s = spec_random(i & 1 ? 4 : 6);
		struct spec r = spec_reverse(&s);
		struct flow_key want = spec_key(&s, s.sport, s.dport);

		build(&f, &s);
		CU_ASSERT(same(parse_frame(&f), want));
		build(&f, &r);
		CU_ASSERT(same(parse_frame(&f), want));
	}
}

/* Everything of the key makes a difference. */
static void
test_flows_differ(void)
{
	struct spec s = spec_random(4);
	struct flow_key k[6];
	struct frame f;

	s.proto = 6;
	for (size_t i = 0; i < COUNT(k); i++) {
		s.proto = i == 1 ? 17 : 6;
		s.src[0] ^= i == 2;
		s.dst[3] ^= i == 3;
		s.sport ^= i == 4;
		s.dport ^= i == 5;
		build(&f, &s);
		k[i] = parse_frame(&f);
		for (size_t j = 0; j < i; j++)
			CU_ASSERT(!same(k[i], k[j]));
	}
}

static unsigned
error_type(unsigned version)
{
	static const uint8_t types[] = { 3, 4, 5, 11, 12 };

	return version == 4 ? types[pick(COUNT(types))] : 1 + pick(4);
}

static struct spec
spec_icmp(unsigned version, unsigned type)
{
	struct spec s = spec_random(version);

	s.proto = version == 4 ? 1 : 58;
	s.sport = (uint16_t)(type << 8);
	return s;
}

static struct spec
spec_error(unsigned version)
{
	return spec_icmp(version, error_type(version));
}

/* An ICMP error up to where its quote begins. */
static void
begin_error(struct frame *f, unsigned version)
{
	struct spec s = spec_error(version);

	begin(f, &s);
}

static void
test_error_follows_flow(void)
{
	struct frame f;

	for (int i = 0; i < 20000; i++) {
		unsigned version = i & 1 ? 4 : 6;
		struct spec s = spec_random(version);
		struct spec r = spec_reverse(&s);

		begin_error(&f, version);
		put_packet(&f, i & 2 ? &s : &r);
		CU_ASSERT(
		    same(parse_frame(&f), spec_key(&s, s.sport, s.dport)));
	}
}

static void
test_error_quotes_fragment(void)
{
	struct frame f;

	for (int i = 0; i < 1000; i++) {
		unsigned version = i & 1 ? 4 : 6;
		struct spec s = spec_random(version);

		s.has_fragment = 1;
		s.fragment = version == 4 ? 0x2000 : 0x0001;
		begin_error(&f, version);
		put_packet(&f, &s);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
	}
}

static void
test_error_quotes_icmp(void)
{
	struct frame f;

	for (int i = 0; i < 1000; i++) {
		unsigned version = i & 1 ? 4 : 6;
		struct spec error = spec_error(version);
		struct spec echo = spec_icmp(version, version == 4 ? 8 : 128);
		struct spec s = spec_random(version);

		begin_error(&f, version);
		put_packet(&f, &error);
		put_packet(&f, &s);
		CU_ASSERT(same(parse_frame(&f), spec_key(&error, 0, 0)));
		begin_error(&f, version);
		put_packet(&f, &echo);
		bytes_put16(f.bytes + f.len - 4, 77);
		CU_ASSERT(same(parse_frame(&f), spec_key(&echo, 77, 77)));
	}
}

/* A quote that is no whole IP header of the same version says nothing. */
static void
test_error_without_quote(void)
{
	struct frame f;

	for (int i = 0; i < 1000; i++) {
		unsigned version = i & 1 ? 4 : 6;
		struct spec error = spec_error(version);
		struct spec other = spec_random(version ^ 2);
		struct flow_key want = spec_key(&error, 0, 0);

		begin(&f, &error);
		CU_ASSERT(same(parse_frame(&f), want));
		put_packet(&f, &other);
		CU_ASSERT(same(parse_frame(&f), want));
		begin(&f, &error);
		put8(&f, version << 4 | 5);
		put_random(&f, pick(version == 4 ? 19 : 39));
		CU_ASSERT(same(parse_frame(&f), want));
	}
}

/* What makes it whole is cut off: ports, identifier, type. */
static void
test_cut_transport(void)
{
	static const uint8_t need[] = { 4, 6 };
	struct frame f;

	for (int i = 0; i < 4000; i++) {
		struct spec s = i & 1 ? spec_random(i & 2 ? 4 : 6) :
					spec_icmp(4, 8);

		begin(&f, &s);
		f.len -= 8 - pick(need[~i & 1]);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
	}
}

static void
test_identifiers(void)
{
	static const uint8_t types4[] = { 0, 8, 13, 14, 15, 16, 17, 18 };
	static const uint8_t types6[] = { 128, 129 };
	struct frame f;

	for (unsigned i = 0; i < 2000; i++) {
		unsigned version = i & 1 ? 4 : 6;
		struct spec s = spec_icmp(version,
		    version == 4 ? types4[pick(COUNT(types4))] :
				   types6[pick(2)]);
		struct spec r = spec_reverse(&s);

		r.sport = s.sport ^ (version == 4 ? 0x0800 : 0x0100);
		if (version == 4 && s.sport != 0x0800 && s.sport != 0)
			r.sport = s.sport;
		begin(&f, &s);
		bytes_put16(f.bytes + f.len - 4, (uint16_t)i);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, i, i)));
		begin(&f, &r);
		bytes_put16(f.bytes + f.len - 4, (uint16_t)i);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, i, i)));
	}
}

/* ICMP of other types, in the wrong IP version, and protocols without ports
 * go by addresses. */
static void
test_no_ports(void)
{
	static const struct {
		uint8_t version, proto, type;
	} c[] = { { 4, 1, 9 }, { 4, 1, 1 }, { 4, 1, 19 }, { 4, 58, 128 },
		{ 4, 58, 1 }, { 6, 58, 0 }, { 6, 58, 5 }, { 6, 58, 130 },
		{ 6, 58, 135 }, { 6, 1, 8 }, { 6, 1, 3 }, { 4, 4, 0 },
		{ 4, 41, 0 }, { 4, 47, 0 }, { 4, 51, 0 }, { 6, 50, 0 },
		{ 6, 59, 0 }, { 6, 255, 0 }, { 4, 0, 0 } };
	struct frame f;

	for (size_t i = 0; i < COUNT(c); i++) {
		struct spec s = spec_random(c[i].version);

		s.proto = c[i].proto;
		s.sport = (uint16_t)(c[i].type << 8);
		build(&f, &s);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
	}
}

static void
test_fragments(void)
{
	static const uint16_t field[2][4] = { { 0x2000, 0x2001, 0x1fff,
						  0x0001 },
		{ 0x0001, 0x0009, 0xfff8, 0x0008 } };
	struct frame f;

	for (int i = 0; i < 4000; i++) {
		struct spec s = spec_random(i & 4 ? 4 : 6);

		s.fragment = field[s.version == 6][i & 3];
		s.has_fragment = 1;
		if (i & 8)
			s.proto = i & 16 ? 60 : 1;
		build(&f, &s);
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
	}
}

/* Don't fragment, reserved bits, a fragment header with nothing to say. */
static void
test_not_a_fragment(void)
{
	struct frame f;

	for (int i = 0; i < 1000; i++) {
		struct spec s = spec_random(i & 1 ? 4 : 6);

		s.fragment = s.version == 4 ? 0xc000 : 0x0006;
		s.has_fragment = 1;
		build(&f, &s);
		CU_ASSERT(
		    same(parse_frame(&f), spec_key(&s, s.sport, s.dport)));
	}
}

/* Lies of the IPv4 header: its length too small or beyond the end, the total
 * length anything. */
static void
test_lying_ip4(void)
{
	struct spec s = spec_random(4);
	uint8_t *ip, zero[4] = { 0 };
	struct frame f;

	s.tags = 0;
	s.options = 2;
	for (unsigned i = 0; i < 16; i++) {
		const uint8_t *ports = zero;

		begin(&f, &s);
		ip = f.bytes + 14;
		ip[0] = (uint8_t)(0x40 | i);
		bytes_put16(ip + 2, (uint16_t)(i * 0x1111));
		if (i >= 5 && i <= 8)
			ports = ip + (size_t)i * 4;
		CU_ASSERT(same(parse_frame(&f),
		    spec_key(&s, bytes_get16(ports), bytes_get16(ports + 2))));
	}
}

/* An extension header that runs past the end still names what follows. */
static void
test_lying_ip6(void)
{
	struct spec s = spec_random(6);
	struct frame f;

	s.tags = 0;
	s.nexts = 1;
	s.next[0] = 60;
	begin(&f, &s);
	f.bytes[14 + 40 + 1] = 255;
	CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
	f.len = 14 + 40 + 7;
	s.proto = 60;
	CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
}

static struct flow_key
mac_key(const struct frame *f, unsigned type)
{
	struct flow_key k = { .len = 18 };
	int c = memcmp(f->bytes, f->bytes + 6, 6);

	memcpy(k.bytes + 2, f->bytes + (c < 0 ? 0 : 6), 6);
	memcpy(k.bytes + 8, f->bytes + (c < 0 ? 6 : 0), 6);
	bytes_put16(k.bytes + 14, (uint16_t)type);
	return k;
}

static void
swap_macs(struct frame *f)
{
	uint8_t mac[6];

	memcpy(mac, f->bytes, 6);
	memcpy(f->bytes, f->bytes + 6, 6);
	memcpy(f->bytes + 6, mac, 6);
}

static void
test_other(void)
{
	static const struct {
		uint16_t type, keyed;
	} c[] = { { 0x0806, 0x0806 }, { 0x8847, 0x8847 }, { 0x88cc, 0x88cc },
		{ 0x0600, 0x0600 }, { 0x05ff, 0 }, { 0x0026, 0 },
		{ 0x0800, 0x0800 }, { 0x86dd, 0x86dd } };
	struct frame f;

	for (unsigned i = 0; i < 100 * COUNT(c); i++) {
		put_ethernet(&f, pick(9), c[i % COUNT(c)].type);
		put8(&f, pick(4) << 4);
		put_random(&f, pick(60));
		CU_ASSERT(
		    same(parse_frame(&f), mac_key(&f, c[i % COUNT(c)].keyed)));
		swap_macs(&f);
		CU_ASSERT(
		    same(parse_frame(&f), mac_key(&f, c[i % COUNT(c)].keyed)));
	}
}

/* Below 14 bytes, as if zeros followed. */
static void
test_short(void)
{
	struct frame f, zeros = { .len = 0 };

	put_ethernet(&f, 0, 0x0806);
	for (size_t len = 0; len < 14; len++) {
		memcpy(zeros.bytes, f.bytes, len);
		CU_ASSERT(same(parse(f.bytes, len),
		    mac_key(&zeros, len < 13 ? 0 : 0x0800)));
	}
}

/* Every valid packet cut at every length: what is left decides, and nothing
 * behind it. */
static void
check_cuts(const struct frame *f)
{
	for (size_t len = 0; len <= f->len; len++) {
		struct flow_key k;

		flow_key_parse(&k, f->bytes, len);
		CU_ASSERT(same(parse(f->bytes, len), k));
	}
}

static void
test_cuts(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(flow_vectors); i++) {
		f.len = from_hex(f.bytes, flow_vectors[i].frame);
		check_cuts(&f);
	}
	for (unsigned i = 0; i < 100; i++) {
		struct spec s = spec_random(i & 1 ? 4 : 6);

		build(&f, &s);
		check_cuts(&f);
		begin_error(&f, s.version);
		put_packet(&f, &s);
		check_cuts(&f);
	}
}

static void
test_many_vlans(void)
{
	struct spec s = spec_random(4);
	struct frame f;

	s.tags = 8;
	build(&f, &s);
	CU_ASSERT_EQUAL(parse_frame(&f).bytes[0], 4);
	for (unsigned n = 9; n <= 64; n++) {
		s.tags = n;
		build(&f, &s);
		CU_ASSERT(same(parse_frame(&f),
		    mac_key(&f, bytes_get16(f.bytes + 12 + (size_t)8 * 4))));
		check_cuts(&f);
	}
}

static void
test_many_extensions(void)
{
	struct spec s = spec_random(6), chain;
	struct flow_key want;
	struct frame f;

	s.nexts = 0;
	chain = s;
	chain.proto = 43;
	for (unsigned n = 1; n <= 64; n++) {
		put_ethernet(&f, 0, 0x86dd);
		put_ip6(&f, &chain);
		for (unsigned i = n; i > 0; i--)
			put_extension(&f, 43, i > 1 ? 43 : s.proto);
		put16(&f, s.sport);
		put16(&f, s.dport);
		want = n <= 16 ? spec_key(&s, s.sport, s.dport) :
				 spec_key(&chain, 0, 0);
		CU_ASSERT(same(parse_frame(&f), want));
	}
}

/* 64 times IP in IP, IPv6 in IPv6, error in error, as far as they fit. */
static void
test_many_packets(void)
{
	static const struct {
		uint8_t version, proto, type;
	} c[] = { { 4, 4, 0 }, { 6, 41, 0 }, { 4, 1, 3 }, { 6, 58, 1 } };
	struct frame f;

	for (size_t i = 0; i < COUNT(c); i++) {
		struct spec s = spec_random(c[i].version);
		unsigned header = c[i].type != 0 ? 8 : 0;

		s.proto = c[i].proto;
		s.sport = (uint16_t)(c[i].type << 8);
		s.options = 0;
		s.nexts = 0;
		put_ethernet(&f, 0, s.version == 4 ? 0x0800 : 0x86dd);
		for (int n = 0; n < 64; n++) {
			put_packet(&f, &s);
			f.len -= 8 - header;
		}
		CU_ASSERT(same(parse_frame(&f), spec_key(&s, 0, 0)));
		check_cuts(&f);
	}
}

/* Anything at all, most of it with a start that invites further reading. */
static void
garbage(struct frame *f)
{
	static const uint16_t types[] = { 0x0800, 0x86dd };
	static const uint8_t next[] = { 0, 43, 44, 51, 60, 135, 1, 58, 6 };
	uint8_t *ip = f->bytes + 14;

	f->len = 0;
	put_random(f, 128);
	f->len = pick(129);
	if (pick(8) == 0)
		return;
	bytes_put16(f->bytes + 12, types[pick(2)]);
	ip[0] = (uint8_t)(pick(2) == 0 ? 0x45 : 0x60);
	ip[6] = next[pick(COUNT(next))];
	ip[7] = 0;
	ip[9] = pick(2) == 0 ? 1 : 6;
	ip[20] = (uint8_t)(pick(2) == 0 ? 3 : 11);
	ip[28] = 0x45;
	for (int i = 40; i < 114; i += 8)
		ip[i] = next[pick(COUNT(next))];
}

static void
test_garbage(void)
{
	struct frame f;
	struct flow_key k;

	for (int i = 0; i < 200000; i++) {
		garbage(&f);
		k = parse_frame(&f);
		if ((k.bytes[0] != 0 || k.len != 18) &&
		    (k.bytes[0] != 4 || k.len != 14) &&
		    (k.bytes[0] != 6 || k.len != 38))
			CU_FAIL("no key");
		if (f.len >= 12)
			swap_macs(&f);
		if (!same(parse_frame(&f), k))
			CU_FAIL("depends on the direction");
	}
}

static const struct unit_test tests[] = {
	{ "vectors", test_vectors },
	{ "both directions have one key", test_directions },
	{ "flows differ", test_flows_differ },
	{ "icmp error follows its flow", test_error_follows_flow },
	{ "icmp error quotes a fragment", test_error_quotes_fragment },
	{ "icmp error quotes icmp", test_error_quotes_icmp },
	{ "icmp error without a quote", test_error_without_quote },
	{ "transport header cut off", test_cut_transport },
	{ "identifiers", test_identifiers },
	{ "no ports", test_no_ports },
	{ "fragments stay together", test_fragments },
	{ "not a fragment", test_not_a_fragment },
	{ "lying ipv4 header", test_lying_ip4 },
	{ "lying ipv6 header", test_lying_ip6 },
	{ "other ethertypes", test_other },
	{ "short frames", test_short },
	{ "cut at every length", test_cuts },
	{ "many vlan tags", test_many_vlans },
	{ "many extension headers", test_many_extensions },
	{ "many packets in packets", test_many_packets },
	{ "garbage", test_garbage },
};
UNIT_MAIN("flow", tests)
