/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "capture/classifier.h"
#include "conf/conf.h"
#include "conftext.h"
#include "frame.h"
#include "unit.h"

#define HEAD                               \
	"target t { address = 10.9.0.1 } " \
	"mirror m { sources = eth9 targets = t filter = "

#define NO_MATCH 0xfffffffe /* beside the number of a rule */

/* A mirror with these options. */
static struct conf *
load(const char *options)
{
	struct conf *c;
	char *text;

	if (asprintf(&text, HEAD "%s }", options) == -1)
		abort();
	if ((c = conftext_load(text, NULL)) == NULL) {
		printf("%s\n", options);
		abort();
	}
	free(text);
	return c;
}

static struct classifier *
make(const struct conf *c)
{
	struct classifier *cl;
	struct err err;

	if (classifier_new(&cl, &c->mirrors[0], &err) == -1)
		abort();
	return cl;
}

/* The number of the rule that collects, PACKET_NO_RULE or NO_MATCH. */
static uint32_t
decide(const struct classifier *c, const struct frame *f)
{
	uint8_t *exact = malloc(f->len + 1);
	uint32_t rule;

	if (exact == NULL)
		abort();
	memcpy(exact, f->b, f->len);
	if (!classifier_match(c, exact, f->len, &rule))
		rule = NO_MATCH;
	free(exact);
	return rule;
}

static uint32_t
decide_once(const char *options, const struct frame *f)
{
	struct conf *c = load(options);
	struct classifier *cl = make(c);
	uint32_t rule = decide(cl, f);

	classifier_free(cl);
	conf_free(c);
	return rule;
}

/* What is known of a packet before it becomes a frame. */
struct packet_spec {
	const char *src, *dst;
	uint8_t protocol;
	uint16_t ports[2]; /* source, destination */
	bool fragment;	   /* not the first */
	bool extension;	   /* IPv6: a fragment header is in front */
	unsigned tags;
};

static struct frame
build(const struct packet_spec *s)
{
	static const uint16_t tpids[] = { 0x8100, 0x88a8, 0x9100 };
	bool v6 = strchr(s->src, ':') != NULL;
	struct frame f;

	frame_ether(&f, 0);
	if (v6 && s->extension) {
		uint8_t ext[8] = { s->protocol, 0, 0, s->fragment ? 8 : 0 };

		frame_ip(&f, s->src, s->dst, IPPROTO_FRAGMENT, 28);
		frame_bytes(&f, ext, sizeof(ext));
	} else {
		frame_ip(&f, s->src, s->dst, s->protocol, 20);
	}
	if (!v6 && s->fragment)
		f.b[f.l3 + 7] = 1;
	frame_tcp(&f, s->ports[0], s->ports[1], 0);
	for (unsigned i = 0; i < s->tags; i++)
		frame_tag(&f, tpids[i % 3], (uint16_t)(5 + i));
	return f;
}

/* ---- rules as they are defined, one by one ------------------------------ */

static bool
in_prefixes(const struct addr_prefix *v, size_t n, const char *text)
{
	struct addr_prefix host = { .len = 32 };

	addr_parse(&host.addr, text);
	if (host.addr.family == AF_INET6)
		host.len = 128;
	for (size_t i = 0; i < n; i++)
		if (addr_prefix_covers(&v[i], &host))
			return true;
	return n == 0;
}

static bool
in_ports(const struct conf_ports *v, size_t n, const struct packet_spec *s,
    uint16_t port)
{
	bool has = !s->fragment && !s->extension &&
	    (s->protocol == IPPROTO_TCP || s->protocol == IPPROTO_UDP ||
		s->protocol == IPPROTO_SCTP);

	for (size_t i = 0; i < n; i++)
		if (has && v[i].lo <= port && port <= v[i].hi)
			return true;
	return n == 0;
}

static bool
protocol_fits(const struct conf_rule *r, const struct packet_spec *s)
{
	bool v6 = strchr(s->src, ':') != NULL;

	if (r->protocol == CONF_PROTOCOL_ANY)
		return true;
	if (r->protocol == (v6 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return false;
	return r->protocol == s->protocol ||
	    (v6 && s->extension && r->protocol == IPPROTO_FRAGMENT);
}

static bool
rule_matches(const struct conf_rule *r, const struct packet_spec *s)
{
	bool back = r->bidirectional;

	if (s->tags > 2)
		return r->protocol == CONF_PROTOCOL_ANY &&
		    r->nsrc + r->ndst + r->nsrc_port + r->ndst_port == 0;
	if (!protocol_fits(r, s))
		return false;
	if (in_prefixes(r->src, r->nsrc, s->src) &&
	    in_prefixes(r->dst, r->ndst, s->dst) &&
	    in_ports(r->src_port, r->nsrc_port, s, s->ports[0]) &&
	    in_ports(r->dst_port, r->ndst_port, s, s->ports[1]))
		return true;
	return back && in_prefixes(r->src, r->nsrc, s->dst) &&
	    in_prefixes(r->dst, r->ndst, s->src) &&
	    in_ports(r->src_port, r->nsrc_port, s, s->ports[1]) &&
	    in_ports(r->dst_port, r->ndst_port, s, s->ports[0]);
}

static uint32_t
decide_slowly(const struct conf_mirror *m, const struct packet_spec *s)
{
	for (uint32_t i = 0; i < m->nrules; i++) {
		bool matches = rule_matches(&m->rules[i], s);

		if (m->filter == CONF_FILTER_ALL && !matches)
			return NO_MATCH;
		if (m->filter != CONF_FILTER_ALL && matches)
			return m->rules[i].drop ? NO_MATCH : i;
	}
	return m->filter == CONF_FILTER_ALL ? PACKET_NO_RULE : NO_MATCH;
}

/* ---- random rules and packets ------------------------------------------ */

static const char *const hosts4[] = { "0.0.0.0", "10.0.0.1", "10.0.0.2",
	"10.0.1.1", "10.1.0.1", "192.0.2.1", "255.255.255.255" };
static const char *const hosts6[] = { "::", "fd00::1", "fd00::2",
	"fd00:0:0:1::1", "fd01::1", "2001:db8::1",
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
static const char *const lists[] = { "0.0.0.0/0", "\"::/0\"", "10.0.0.0/8",
	"10.0.0.0/24", "10.0.0.1", "255.255.255.255", "0.0.0.0", "128.0.0.0/1",
	"\"fd00::/64\"", "\"fd00::1\"", "\"::/128\"", "\"8000::/1\"",
	"\"fd00::/16\"", "{ 10.0.0.0/31, \"fd00::/65\" }",
	"{ 10.0.0.0/16, 10.0.0.2, 10.0.1.0/24 }",
	"\"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\"", "0.0.0.0/1" };
static const char *const ports[] = { "0", "65535", "0-65535", "80", "1-1023",
	"{ 53, 80-443, 100-200 }", "1024-65535" };
static const char *const protocols[] = { "any", "tcp", "udp", "sctp", "icmp",
	"icmp6", "44", "0", "255" };

#define PICK(v) ((v)[unit_random() % (sizeof(v) / sizeof((v)[0]))])

static bool
chance(unsigned n)
{
	return unit_random() % n == 0;
}

static void
put_rule(FILE *f, unsigned i, bool drops)
{
	const char *protocol = chance(2) ? "any" : PICK(protocols);
	bool has_ports = strchr("atus", protocol[0]) != NULL;

	fprintf(f, "\nrule r%u { protocol = %s", i, protocol);
	if (chance(2))
		fprintf(f, " src = %s", PICK(lists));
	if (chance(2))
		fprintf(f, " dst = %s", PICK(lists));
	if (has_ports && chance(3))
		fprintf(f, " src-port = %s", PICK(ports));
	if (has_ports && chance(3))
		fprintf(f, " dst-port = %s", PICK(ports));
	if (chance(3))
		fputs(" bidirectional = yes", f);
	if (drops && chance(3))
		fputs(" action = drop", f);
	fputs(" }", f);
}

static struct packet_spec
random_packet(void)
{
	static const uint16_t edge[] = { 0, 1, 53, 80, 100, 443, 1023, 1024,
		65535 };
	static const uint8_t protocol[] = { 6, 17, 132, 1, 58, 0, 255, 47, 6 };
	struct packet_spec s = { .protocol = PICK(protocol),
		.ports = { PICK(edge), PICK(edge) },
		.fragment = chance(6),
		.tags = chance(3) ? (unsigned)(unit_random() % 4) : 0 };

	if (chance(2)) {
		s.src = PICK(hosts4);
		s.dst = PICK(hosts4);
	} else {
		s.src = PICK(hosts6);
		s.dst = PICK(hosts6);
		s.extension = s.fragment || chance(6);
	}
	return s;
}

/* Of the last ones again, or a new one. */
static struct packet_spec
next_packet(struct packet_spec last[static 8])
{
	struct packet_spec *s = &last[unit_random() % 8];

	if (s->src == NULL || chance(2))
		*s = random_packet();
	return *s;
}

/* A rule lacks nothing if, and only if, it matches. */
static void
check_lacks(const struct classifier *cl, const struct conf_mirror *m,
    const struct frame *f, const struct packet_spec *s)
{
	uint32_t *lacks = calloc(m->nrules + 1, sizeof(*lacks));
	bool good = lacks != NULL;

	if (good)
		classifier_lacks(cl, f->b, f->len, lacks);
	for (size_t i = 0; good && i < m->nrules; i++)
		good = (lacks[i] == 0) == rule_matches(&m->rules[i], s);
	CU_ASSERT_TRUE(good);
	free(lacks);
}

static void
check_random(const char *mode, unsigned nrules, unsigned npackets)
{
	struct packet_spec last[8] = { { .src = NULL } };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct classifier *cl;
	struct conf *c;

	fputs(mode, out);
	for (unsigned i = 0; i < nrules; i++)
		put_rule(out, i, strcmp(mode, "first") == 0);
	fclose(out);
	c = load(text);
	cl = make(c);
	for (unsigned i = 0; i < npackets; i++) {
		struct packet_spec s = next_packet(last);
		struct frame f = build(&s);

		CU_ASSERT_EQUAL(decide(cl, &f),
		    decide_slowly(&c->mirrors[0], &s));
		check_lacks(cl, &c->mirrors[0], &f, &s);
	}
	classifier_free(cl);
	conf_free(c);
	free(text);
}

static void
test_random(void)
{
	static const char *const modes[] = { "any", "first", "all" };

	for (int i = 0; i < 300; i++)
		check_random(modes[i % 3], 1 + unit_random() % 6, 60);
	for (int i = 0; i < 12; i++)
		check_random(modes[i % 3], 60 + unit_random() % 80, 100);
	check_random("any", 2000, 300);
	check_random("first", 2000, 300);
}

/* ---- a large number ---------------------------------------------------- */

#define MANY 10000

/* Rule i takes TCP from one /24 to one port, and drops if it is odd. */
static struct conf *
load_many(const char *mode, const char *more)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct conf *c;

	fputs(mode, f);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(f,
		    "\nrule r%u { protocol = tcp src = 10.%u.%u.0/24 "
		    "dst-port = %u %s %s}",
		    i, i >> 8, i & 255, i + 1, more,
		    strcmp(mode, "first") == 0 && i % 2 == 1 ?
			"action = drop " :
			"");
	fclose(f);
	c = load(text);
	free(text);
	return c;
}

static struct frame
many_frame(unsigned rule, bool reply)
{
	struct packet_spec s = { .protocol = IPPROTO_TCP,
		.ports = { 40000, (uint16_t)(rule + 1) } };
	char host[20];

	snprintf(host, sizeof(host), "10.%u.%u.7", rule >> 8, rule & 255);
	s.src = reply ? "192.0.2.1" : host;
	s.dst = reply ? host : "192.0.2.1";
	if (reply) {
		s.ports[0] = s.ports[1];
		s.ports[1] = 40000;
	}
	return build(&s);
}

static void
test_many(void)
{
	struct conf *any = load_many("any", "bidirectional = yes");
	struct conf *first = load_many("first", "");
	struct classifier *a = make(any), *f = make(first);

	for (unsigned i = 0; i < MANY; i += 1 + unit_random() % 9) {
		struct frame there = many_frame(i, false);
		struct frame back = many_frame(i, true);

		CU_ASSERT_EQUAL(decide(a, &there), i);
		CU_ASSERT_EQUAL(decide(a, &back), i);
		CU_ASSERT_EQUAL(decide(f, &there), i % 2 == 0 ? i : NO_MATCH);
		CU_ASSERT_EQUAL(decide(f, &back), NO_MATCH);
		there.b[there.l3 + 23]++; /* the destination port */
		CU_ASSERT_EQUAL(decide(a, &there), NO_MATCH);
	}
	classifier_free(a);
	classifier_free(f);
	conf_free(any);
	conf_free(first);
}

/* All of so many rules. */
static void
test_many_all(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct packet_spec s = { "10.0.0.1", "10.0.0.2", IPPROTO_TCP,
		{ 40000, 80 }, false, false, 0 };
	struct frame yes = build(&s), no;
	struct classifier *cl;
	struct conf *c;

	s.ports[1] = 20000;
	no = build(&s);
	fputs("all", f);
	for (unsigned i = 0; i < MANY; i++)
		fprintf(f, "\nrule r%u { dst-port = 0-%u bidirectional = %s }",
		    i, 30000 - i, i % 3 == 0 ? "yes" : "no");
	fclose(f);
	c = load(text);
	cl = make(c);
	CU_ASSERT_EQUAL(decide(cl, &yes), PACKET_NO_RULE);
	CU_ASSERT_EQUAL(decide(cl, &no), PACKET_NO_RULE);
	/* The last rule alone is against 20002. */
	bytes_put16(no.b + no.l3 + 22, 20002);
	CU_ASSERT_EQUAL(decide(cl, &no), NO_MATCH);
	classifier_free(cl);
	conf_free(c);
	free(text);
}

/* ---- frames that end early --------------------------------------------- */

/* A condition on what is missing is not met; the next rule is looked at. */
static void
test_cut_off(void)
{
	static const char rules[] =
	    "first"
	    " rule port { dst-port = 443 }"
	    " rule dst  { dst = { 192.0.2.1, \"2001:db8::1\" } }"
	    " rule src  { src = { 10.0.0.14, \"fd00::14\" } }"
	    " rule tcp  { protocol = tcp }"
	    " rule ip   { src = { 0.0.0.0/0, \"::/0\" } }"
	    " rule rest { }";
	struct packet_spec s4 = { "10.0.0.14", "192.0.2.1", IPPROTO_TCP,
		{ 1, 443 }, false, false, 0 };
	struct packet_spec s6 = { "fd00::14", "2001:db8::1", IPPROTO_TCP,
		{ 1, 443 }, false, false, 0 };
	struct conf *c = load(rules);
	struct classifier *cl = make(c);

	for (unsigned tags = 0; tags <= 2; tags++) {
		struct frame f4, f6;

		s4.tags = s6.tags = tags;
		f4 = build(&s4);
		f6 = build(&s6);
		for (size_t len = f4.len; len-- > 0;) {
			size_t l4 = len < f4.l3 ? 0 : len - f4.l3;

			f4.len = len;
			CU_ASSERT_EQUAL(decide(cl, &f4),
			    len < f4.l3 ? 5 :
				l4 < 10 ? 4 :
				l4 < 16 ? 3 :
				l4 < 20 ? 2 :
				l4 < 24 ? 1 :
					  0);
		}
		for (size_t len = f6.len; len-- > 0;) {
			size_t l6 = len < f6.l3 ? 0 : len - f6.l3;

			f6.len = len;
			CU_ASSERT_EQUAL(decide(cl, &f6),
			    len < f6.l3 ? 5 :
				l6 < 7	? 4 :
				l6 < 24 ? 3 :
				l6 < 40 ? 2 :
				l6 < 44 ? 1 :
					  0);
		}
	}
	classifier_free(cl);
	conf_free(c);
}

static void
test_modes(void)
{
	struct packet_spec s = { "10.0.0.14", "192.0.2.1", IPPROTO_TCP,
		{ 1, 443 }, false, false, 0 };
	struct frame tcp = build(&s), arp, empty = { .len = 0 };

	frame_ether(&arp, 0x0806);
	CU_ASSERT_EQUAL(decide_once("any", &arp), PACKET_NO_RULE);
	CU_ASSERT_EQUAL(decide_once("first", &empty), PACKET_NO_RULE);
	CU_ASSERT_EQUAL(decide_once("any rule a { } rule b { }", &arp), 0);
	CU_ASSERT_EQUAL(decide_once("any rule a { protocol = 6 } rule b { }",
			    &arp),
	    1);
	CU_ASSERT_EQUAL(decide_once("all rule a { protocol = 6 } rule b { }",
			    &arp),
	    NO_MATCH);
	CU_ASSERT_EQUAL(decide_once("all rule a { protocol = 6 } rule b { }",
			    &tcp),
	    PACKET_NO_RULE);
	CU_ASSERT_EQUAL(decide_once("first rule a { action = drop } rule b { }",
			    &tcp),
	    NO_MATCH);
}

static bool
same(const char *a, const char *b)
{
	struct conf *x = load(a), *y = load(b);
	struct classifier *cx = make(x), *cy = make(y);
	bool equal = classifier_equal(cx, cy) && classifier_equal(cy, cx);

	classifier_free(cx);
	classifier_free(cy);
	conf_free(x);
	conf_free(y);
	return equal;
}

static void
test_equal(void)
{
	CU_ASSERT_TRUE(same("any", "any"));
	CU_ASSERT_TRUE(same("any rule a { src = 10.0.0.1 } rule b { }",
	    "any rule x { src = 10.0.0.1 } rule y { }"));
	CU_ASSERT_FALSE(same("any rule a { src = 10.0.0.1 } rule b { }",
	    "any rule b { } rule a { src = 10.0.0.1 }"));
	CU_ASSERT_FALSE(
	    same("any rule a { dst-port = 1 }", "any rule a { src-port = 1 }"));
	CU_ASSERT_FALSE(same("any rule a { src = \"fd00::1\" }",
	    "any rule a { src = \"fd00::2\" }"));
	CU_ASSERT_FALSE(
	    same("any rule a { } rule b { }", "first rule a { } rule b { }"));
	CU_ASSERT_FALSE(same("first rule a { } rule b { }",
	    "first rule a { } rule b { action = drop }"));
}

static void
test_tells(void)
{
	static const struct {
		const char *options;
		bool tells;
	} cases[] = {
		{ "any", false },
		{ "any rule a { }", false },
		{ "any rule a { } rule b { }", true },
		{ "all rule a { } rule b { }", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf *c = load(cases[i].options);
		struct classifier *cl = make(c);

		CU_ASSERT_EQUAL(classifier_tells(cl), cases[i].tells);
		classifier_free(cl);
		conf_free(c);
	}
}

static const struct unit_test tests[] = {
	{ "modes", test_modes },
	{ "cut off", test_cut_off },
	{ "random", test_random },
	{ "many", test_many },
	{ "many, all", test_many_all },
	{ "equal", test_equal },
	{ "tells", test_tells },
};
UNIT_MAIN("classifier", tests)
