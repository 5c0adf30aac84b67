/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/copy.h"
#include "conf/conf.h"
#include "conftext.h"
#include "frame.h"
#include "unit.h"

#define TARGETS                                                         \
	"target v4 { address = 10.9.0.1 port = 4790 }\n"                \
	"target g6 { address = \"fd09::2\" encap = gre }\n"             \
	"target e4 { address = 10.9.0.3 encap = erspan }\n"             \
	"target unused { address = 10.9.0.9 }\n"                        \
	"mirror m { sources = { eth9 } targets = { v4 } }\n"            \
	"mirror n { sources = { eth8 } targets = { g6, e4 } session-id" \
	" = 7 }\n"

#define US     "10.0.0.14"
#define T4     "10.9.0.1"
#define FAR    "192.0.2.1"
#define FAR2   "192.0.2.2"
#define US6    "fd00::14"
#define T6     "fd09::2"
#define UNUSED "10.9.0.9"

static struct copy *
make(const char *text)
{
	struct conf *conf = conftext_load(text, NULL);
	struct copy *c = NULL;

	CU_ASSERT_PTR_NOT_NULL_FATAL(conf);
	CU_ASSERT_EQUAL_FATAL(copy_new(&c, conf, NULL), 0);
	conf_free(conf);
	return c;
}

static struct frame
plain(void)
{
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, "10.1.0.1", "10.1.0.2", IPPROTO_TCP, 30);
	frame_tcp(&f, 1000, 443, 10);
	return f;
}

/* What stands behind IP, but for UDP's own header. */
struct header {
	uint8_t proto;
	uint16_t port;
	uint8_t len;
	uint8_t b[20];
};

static const struct header vxlan = { 17, 4789, 8, { 8, 0, 0, 0, 0, 0, 1, 0 } };
static const struct header vxlan42 = { 17, 4789, 8,
	{ 8, 0, 0, 0, 0, 0, 42, 0 } };
static const struct header flannel = { 17, 8472, 8,
	{ 8, 0, 0, 0, 0, 0, 42, 0 } };
static const struct header geneve = { 17, 6081, 8,
	{ 0, 0, 0x65, 0x58, 0, 0, 1, 0 } };
static const struct header option = { 17, 6081, 12,
	{ 1, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 0 } };
static const struct header gre = { 47, 0, 8,
	{ 0x20, 0, 0x65, 0x58, 0, 0, 0, 7 } };
static const struct header gre_seq = { 47, 0, 12,
	{ 0x30, 0, 0x65, 0x58, 0, 0, 0, 7 } };
static const struct header gre_none = { 47, 0, 4, { 0, 0, 0x65, 0x58 } };
static const struct header erspan = { 47, 0, 16,
	{ 0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, 7 } };
static const struct header erspan3 = { 47, 0, 20,
	{ 0x10, 0, 0x22, 0xeb, 0, 0, 0, 1, 0x20, 0, 0, 7 } };

/* A frame around another one. */
static struct frame
wrap(const struct header *h, const char *src, const char *dst,
    const struct frame *in)
{
	size_t udp = h->proto == 17 ? 8 : 0;
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, src, dst, h->proto, (uint16_t)(udp + h->len + in->len));
	if (udp != 0)
		frame_udp(&f, 50000, h->port, 0);
	frame_bytes(&f, h->b, h->len);
	frame_bytes(&f, in->b, in->len);
	return f;
}

static enum copy_kind
look(const struct frame *f)
{
	struct copy *c = make(TARGETS);
	enum copy_kind kind = copy_look(c, f->b, f->len);

	copy_free(c);
	return kind;
}

static enum copy_kind
one(const struct header *h, const char *src, const char *dst)
{
	struct frame in = plain(), f = wrap(h, src, dst, &in);

	return look(&f);
}

static void
test_ends(void)
{
	static const struct header *const all[] = { &vxlan, &vxlan42, &geneve,
		&gre, &gre_seq, &erspan, &erspan3 };
	struct frame f = plain();

	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		CU_ASSERT_EQUAL(one(all[i], US, T4), COPY_OURS);
		CU_ASSERT_EQUAL(one(all[i], T4, US), COPY_OURS);
		CU_ASSERT_EQUAL(one(all[i], US6, T6), COPY_OURS);
		CU_ASSERT_EQUAL(one(all[i], T6, US6), COPY_OURS);
		CU_ASSERT_EQUAL(one(all[i], US, FAR), COPY_NOT);
		CU_ASSERT_EQUAL(one(all[i], US, UNUSED), COPY_NOT);
	}
	CU_ASSERT_EQUAL(one(&flannel, US, T4), COPY_NOT);
	CU_ASSERT_EQUAL(one(&option, US, T4), COPY_NOT);
	CU_ASSERT_EQUAL(one(&gre_none, US, T4), COPY_NOT);
}

static void
test_port(void)
{
	struct header h = vxlan;

	h.port = 4790;
	CU_ASSERT_EQUAL(one(&h, US, T4), COPY_OURS);
	h.port = 4791;
	CU_ASSERT_EQUAL(one(&h, US, T4), COPY_NOT);
	h = vxlan;
	h.b[7] = 1; /* reserved */
	CU_ASSERT_EQUAL(one(&h, US, T4), COPY_NOT);
}

/* A copy inside of others' tunnels is one. */
static void
test_inside(void)
{
	struct frame in = plain(), copy = wrap(&vxlan, FAR, T4, &in);
	struct frame f = wrap(&flannel, US, FAR, &copy);

	CU_ASSERT_EQUAL(look(&f), COPY_OURS);
	f = wrap(&option, US6, "fd00::1", &f);
	frame_tag(&f, 0x88a8, 5);
	frame_tag(&f, 0x8100, 6);
	CU_ASSERT_EQUAL(look(&f), COPY_OURS);
	frame_ether(&f, 0);
	frame_ip(&f, US, FAR, IPPROTO_IPIP, (uint16_t)(copy.len - 14));
	frame_bytes(&f, copy.b + 14, copy.len - 14);
	CU_ASSERT_EQUAL(look(&f), COPY_OURS);
}

/* IPv4 options, IPv6 extension headers. */
static void
test_options(void)
{
	struct frame f, in = plain();

	f = wrap(&vxlan, US, T4, &in);
	memmove(f.b + 38, f.b + 34, f.len - 34);
	f.b[14] = 0x46;
	f.len += 4;
	CU_ASSERT_EQUAL(look(&f), COPY_OURS);
	f = wrap(&gre, US6, T6, &in);
	memmove(f.b + 62, f.b + 54, f.len - 54);
	memset(f.b + 54, 0, 8);
	f.b[20] = IPPROTO_DSTOPTS;
	f.b[54] = IPPROTO_GRE;
	f.len += 8;
	CU_ASSERT_EQUAL(look(&f), COPY_OURS);
}

static void
test_like(void)
{
	struct frame in = plain(), f = wrap(&vxlan, FAR, US, &in);

	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
	f = wrap(&vxlan, FAR, US, &f);
	CU_ASSERT_EQUAL(look(&f), COPY_LIKE);
	f = wrap(&flannel, FAR, US, &in);
	f = wrap(&flannel, FAR2, US, &f);
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
	f = wrap(&flannel, FAR, US, &f);
	CU_ASSERT_EQUAL(look(&f), COPY_LIKE);
	/* One of ours, one of others. */
	f = wrap(&gre, FAR, US, &in);
	f = wrap(&flannel, FAR, US, &f);
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
}

/* Each copy has been cut to its first bytes. */
static void
test_cut(void)
{
	struct frame in = plain(), f;

	in.len = 14;
	f = wrap(&vxlan, FAR, US, &in);
	CU_ASSERT_EQUAL(look(&f), COPY_LIKE);
	f = wrap(&flannel, FAR, US, &in);
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
	f = wrap(&flannel, FAR, US, &f);
	CU_ASSERT_EQUAL(look(&f), COPY_LIKE);
	/* The beginning of a datagram in fragments, and others' packets. */
	in.len = 50;
	f = wrap(&vxlan, FAR, US, &in);
	f.b[20] = 0x20;
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
	bytes_put16(in.b + 12, 0x0806);
	f = wrap(&vxlan, FAR, US, &in);
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
}

/* What is said of an ICMP error that quotes n bytes of a copy. */
static enum copy_kind
quoted(const struct header *h, const char *src, const char *dst, size_t n)
{
	struct frame f, in = plain(), copy = wrap(h, src, dst, &in);
	bool v4 = strchr(src, ':') == NULL;

	frame_ether(&f, 0);
	frame_ip(&f, v4 ? FAR : "fd99::9", src,
	    v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, (uint16_t)(8 + n));
	frame_bytes(&f, v4 ? "\3\3\0\0\0\0\0\0" : "\1\4\0\0\0\0\0\0", 8);
	frame_bytes(&f, copy.b + 14, n);
	return look(&f);
}

static void
test_quoted(void)
{
	struct frame f;

	CU_ASSERT_EQUAL(quoted(&vxlan, US, T4, 28), COPY_OURS);
	CU_ASSERT_EQUAL(quoted(&vxlan, US, T4, 60), COPY_OURS);
	CU_ASSERT_EQUAL(quoted(&vxlan, T4, US, 28), COPY_OURS);
	CU_ASSERT_EQUAL(quoted(&erspan, US, T4, 28), COPY_OURS);
	CU_ASSERT_EQUAL(quoted(&gre, US6, T6, 48), COPY_OURS);
	CU_ASSERT_EQUAL(quoted(&vxlan, US, FAR, 28), COPY_NOT);
	CU_ASSERT_EQUAL(quoted(&flannel, US, T4, 28), COPY_NOT);
	/* Quotes end early by their nature. */
	CU_ASSERT_EQUAL(quoted(&vxlan, US, FAR, 60), COPY_NOT);
	frame_ether(&f, 0);
	frame_ip(&f, US, T4, IPPROTO_ICMP, 8);
	frame_bytes(&f, "\10\0\0\0\0\0\0\0", 8);
	CU_ASSERT_EQUAL(look(&f), COPY_NOT);
}

/* Later fragments are what the first one was. */
static void
test_fragments(void)
{
	struct copy *c = make(TARGETS);
	struct frame in = plain(), first = wrap(&vxlan, US, T4, &in), later;

	frame_ether(&later, 0);
	frame_ip(&later, US, T4, 17, 1);
	frame_bytes(&later, "x", 1);
	first.b[19] = later.b[19] = 5; /* identification */
	first.b[20] = 0x20;
	later.b[21] = 0x10;
	CU_ASSERT_EQUAL(copy_look(c, later.b, later.len), COPY_NOT);
	CU_ASSERT_EQUAL(copy_look(c, first.b, first.len), COPY_OURS);
	CU_ASSERT_EQUAL(copy_look(c, later.b, later.len), COPY_OURS);
	/* The same number for another datagram, later. */
	first.b[42] = 0;
	CU_ASSERT_EQUAL(copy_look(c, first.b, first.len), COPY_NOT);
	CU_ASSERT_EQUAL(copy_look(c, later.b, later.len), COPY_NOT);
	copy_free(c);
}

static void
test_fragments6(void)
{
	static const uint8_t more[] = { 47, 0, 0, 1, 0, 0, 0, 9 };
	static const uint8_t rest[] = { 47, 0, 0, 8, 0, 0, 0, 9, 'x' };
	struct copy *c = make(TARGETS);
	struct frame first, later;

	frame_ether(&first, 0);
	frame_ip(&first, US6, T6, 44, 16);
	frame_bytes(&first, more, sizeof(more));
	frame_bytes(&first, gre.b, gre.len);
	frame_ether(&later, 0);
	frame_ip(&later, US6, T6, 44, 9);
	frame_bytes(&later, rest, sizeof(rest));
	CU_ASSERT_EQUAL(copy_look(c, first.b, first.len), COPY_OURS);
	CU_ASSERT_EQUAL(copy_look(c, later.b, later.len), COPY_OURS);
	later.b[61]++;
	CU_ASSERT_EQUAL(copy_look(c, later.b, later.len), COPY_NOT);
	copy_free(c);
}

static void
test_equal(void)
{
	struct copy *a = make(TARGETS), *b = make(TARGETS);
	struct copy *more = make(TARGETS "mirror o { sources = { eth7 } "
					 "targets = { unused } }");

	CU_ASSERT_TRUE(copy_equal(a, b));
	CU_ASSERT_FALSE(copy_equal(a, more));
	copy_free(a);
	copy_free(b);
	copy_free(more);
}

static const struct unit_test tests[] = {
	{ "ends", test_ends },
	{ "port", test_port },
	{ "inside", test_inside },
	{ "options", test_options },
	{ "like", test_like },
	{ "cut", test_cut },
	{ "quoted", test_quoted },
	{ "fragments", test_fragments },
	{ "fragments6", test_fragments6 },
	{ "equal", test_equal },
};
UNIT_MAIN("copy", tests)
