/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "capture/expression.h"
#include "capture/filter.h"
#include "capture/hops.h"
#include "capture/program.h"
#include "conf/conf.h"
#include "frame.h"
#include "unit.h"

#define TARGETS                                             \
	"target t4 { address = 10.9.0.1 }\n"                \
	"target t6 { address = \"fd09::1\" }\n"             \
	"target g4 { address = 10.9.0.2 encap = gre }\n"    \
	"target e4 { address = 10.9.0.3 encap = erspan }\n" \
	"target g6 { address = \"fd09::2\" encap = gre }\n"

static const char *targets = "t4, t6, g4, g6, e4";

/* A mirror with these options, to the targets above. */
static struct conf *
load(const char *options)
{
	struct conf_report r = { 0 };
	struct conf *c;
	char *text;

	if (asprintf(&text,
		TARGETS "mirror m { sources = { eth9 } "
			"targets = { %s }\n%s }\n",
		targets, options) == -1)
		abort();
	c = conf_load_text(text, strlen(text), "t", &r);
	for (size_t i = 0; i < r.nerrors; i++)
		printf("%s\n", r.errors[i]);
	conf_report_fini(&r);
	free(text);
	if (c == NULL)
		abort();
	return c;
}

static struct filter *
make(const char *options)
{
	struct conf *c = load(options);
	struct filter *f = NULL;
	struct err err;

	if (filter_new(&f, c, &c->mirrors[0], &err) == -1)
		printf("%s\n", err.text);
	conf_free(c);
	return f;
}

static bool
matches(const struct filter *f, const uint8_t *frame, uint32_t caplen,
    uint32_t len)
{
	uint32_t rule;

	return filter_match(f, frame, caplen, len, &rule);
}

static bool
passes(const char *options, const struct frame *fr)
{
	struct filter *f = make(options);
	bool ok;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	ok = matches(f, fr->b, (uint32_t)fr->len, (uint32_t)fr->len);
	filter_free(f);
	return ok;
}

static struct frame
udp(const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, src, dst, IPPROTO_UDP, 18);
	frame_udp(&f, sport, dport, 10);
	return f;
}

static struct frame
tcp(const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, src, dst, IPPROTO_TCP, 30);
	frame_tcp(&f, sport, dport, 10);
	return f;
}

#define V4 "10.0.0.14", "192.0.2.1"
#define V6 "fd00::14", "2001:db8::1"

static void
test_fields(void)
{
	struct frame https = tcp(V4, 40000, 443), https6 = tcp(V6, 40000, 443);
	struct frame dns = udp(V4, 40000, 53),
		     reply = udp("192.0.2.1", "10.0.0.14", 53, 40000);

	CU_ASSERT_TRUE(passes("", &https));
	CU_ASSERT_TRUE(
	    passes("rule a { protocol = tcp dst-port = 443 }", &https));
	CU_ASSERT_TRUE(
	    passes("rule a { protocol = tcp dst-port = 443 }", &https6));
	CU_ASSERT_FALSE(
	    passes("rule a { protocol = tcp dst-port = 443 }", &dns));
	CU_ASSERT_TRUE(passes("rule a { protocol = 17 }", &dns));
	CU_ASSERT_FALSE(passes("rule a { protocol = 17 }", &https6));
	CU_ASSERT_TRUE(
	    passes("rule a { dst-port = { 80, 400-500 } }", &https6));
	CU_ASSERT_TRUE(passes("rule a { src = 10.0.0.0/8 }", &https));
	CU_ASSERT_FALSE(passes("rule a { dst = 10.0.0.0/8 }", &https));
	CU_ASSERT_FALSE(passes("rule a { src = 10.0.0.0/8 }", &https6));
	CU_ASSERT_TRUE(
	    passes("rule a { src = { 10.0.0.0/8, \"fd00::/16\" } }", &https6));
	CU_ASSERT_TRUE(passes("rule a { src = 0.0.0.0/0 }", &https));
	CU_ASSERT_FALSE(passes("rule a { src = 0.0.0.0/0 }", &https6));
	CU_ASSERT_TRUE(passes("rule a { src = \"::/0\" }", &https6));
	CU_ASSERT_FALSE(
	    passes("rule a { protocol = udp dst-port = 53 }", &reply));
	CU_ASSERT_TRUE(passes("rule a { protocol = udp dst-port = 53 "
			      "src = 10.0.0.14 bidirectional = true }",
	    &reply));
	CU_ASSERT_TRUE(passes("rule a { protocol = udp dst-port = 53 "
			      "src = 10.0.0.14 bidirectional = true }",
	    &dns));
	CU_ASSERT_FALSE(passes("rule a { protocol = udp dst-port = 53 "
			       "src = 10.0.0.15 bidirectional = true }",
	    &dns));
}

static void
test_icmp(void)
{
	struct frame f4, f6;

	frame_ether(&f4, 0);
	frame_ip(&f4, V4, IPPROTO_ICMP, 8);
	frame_bytes(&f4, "\x08\0\0\0\0\0\0\0", 8);
	frame_ether(&f6, 0);
	frame_ip(&f6, V6, IPPROTO_ICMPV6, 8);
	frame_bytes(&f6, "\x80\0\0\0\0\0\0\0", 8);
	CU_ASSERT_TRUE(passes("rule a { protocol = icmp }", &f4));
	CU_ASSERT_FALSE(passes("rule a { protocol = icmp }", &f6));
	CU_ASSERT_TRUE(passes("rule a { protocol = icmp6 }", &f6));
	CU_ASSERT_FALSE(passes("rule a { protocol = icmp6 }", &f4));
}

static void
test_modes(void)
{
	static const char all[] = "filter = all rule a { protocol = tcp } "
				  "rule b { dst = 192.0.2.0/24 }";
	static const char any[] = "filter = any rule a { dst-port = 443 } "
				  "rule b { src = 10.0.0.14 }";
	static const char first[] =
	    "filter = first rule a { action = drop src = 10.0.0.14 } "
	    "rule b { protocol = tcp } rule c { action = drop }";
	struct frame x = tcp(V4, 1, 443),
		     y = tcp("10.0.0.15", "192.0.2.1", 1, 443);
	struct frame z = udp("10.0.0.15", "10.0.0.16", 1, 53);
	struct frame w = tcp("10.0.0.15", "10.0.0.16", 1, 80);

	CU_ASSERT_TRUE(passes(all, &x));
	CU_ASSERT_FALSE(passes(all, &w));
	CU_ASSERT_FALSE(passes(all, &z));
	CU_ASSERT_TRUE(passes(any, &x));
	CU_ASSERT_TRUE(passes(any, &y));
	CU_ASSERT_FALSE(passes(any, &z));
	CU_ASSERT_FALSE(passes(first, &x));
	CU_ASSERT_TRUE(passes(first, &y));
	CU_ASSERT_FALSE(passes(first, &z));
}

/* Warned of elsewhere: they are no errors. */
static void
test_never(void)
{
	static const char *const never[] = {
		"rule a { src = 10.0.0.0/8 dst = \"fd00::/16\" }",
		"rule a { protocol = icmp src = \"fd00::14\" }",
		"rule a { protocol = 58 dst = 10.0.0.1 bidirectional = yes }",
	};
	struct frame f4 = tcp(V4, 1, 443), f6 = tcp(V6, 1, 443);
	char options[200];

	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		CU_ASSERT_FALSE(passes(never[i], &f4));
		CU_ASSERT_FALSE(passes(never[i], &f6));
		snprintf(options, sizeof(options),
		    "filter = any %s rule b { dst-port = 443 }", never[i]);
		CU_ASSERT_TRUE(passes(options, &f4));
		CU_ASSERT_TRUE(passes(options, &f6));
	}
}

static void
test_vlan(void)
{
	static const uint16_t tpids[] = { 0x8100, 0x88a8, 0x9100 };
	static const char rule[] = "rule a { protocol = tcp dst-port = 443 }";

	for (size_t i = 0; i < 3; i++) {
		struct frame yes = tcp(V4, 1, 443), no = tcp(V4, 1, 444);

		for (int depth = 1; depth <= 2; depth++) {
			frame_tag(&yes, tpids[i], 100);
			frame_tag(&no, tpids[i], 100);
			CU_ASSERT_TRUE(passes(rule, &yes));
			CU_ASSERT_FALSE(passes(rule, &no));
			CU_ASSERT_TRUE(passes("bpf = \"tcp port 443\"", &yes));
			CU_ASSERT_FALSE(passes("bpf = \"tcp port 443\"", &no));
		}
	}
}

static void
test_bpf(void)
{
	struct frame x = tcp(V4, 1, 443), tagged = x;
	struct filter *f;

	frame_tag(&tagged, 0x8100, 100);
	CU_ASSERT_TRUE(passes("bpf = \"host 10.0.0.14\" "
			      "rule a { protocol = tcp }",
	    &x));
	CU_ASSERT_FALSE(passes("bpf = \"host 10.0.0.15\" "
			       "rule a { protocol = tcp }",
	    &x));
	CU_ASSERT_FALSE(passes("bpf = \"host 10.0.0.14\" "
			       "rule a { protocol = udp }",
	    &x));
	f = make("bpf = \"vlan 100 and tcp\" rule a { dst-port = 443 }");
	CU_ASSERT_EQUAL(filter_place(f), FILTER_USER_VLAN);
	CU_ASSERT_TRUE(
	    matches(f, tagged.b, (uint32_t)tagged.len, (uint32_t)tagged.len));
	CU_ASSERT_FALSE(matches(f, x.b, (uint32_t)x.len, (uint32_t)x.len));
	filter_free(f);
	CU_ASSERT_TRUE(expression_uses_vlan("tcp or vlan"));
	CU_ASSERT_TRUE(expression_uses_vlan("(vlan)"));
	CU_ASSERT_FALSE(expression_uses_vlan("host myvlan"));
	CU_ASSERT_FALSE(expression_uses_vlan("vlans"));
}

static void
check_bpf_error(const char *options, const char *text)
{
	struct conf *c = load(options);
	struct filter *f = NULL;
	struct err err = { "" };

	CU_ASSERT_EQUAL(filter_new(&f, c, &c->mirrors[0], &err), -1);
	CU_ASSERT_PTR_NULL(f);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "bpf: "));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, text));
	conf_free(c);
}

static void
test_bpf_error(void)
{
	check_bpf_error("bpf = \"tcp porr 443\"", "\"tcp porr 443\": ");
	check_bpf_error("bpf = \"tcp porr 443\"", "syntax error");
	check_bpf_error("bpf = inbound", "use direction");
	check_bpf_error("bpf = \"ip[0] << ip[1] = 4\"", "a shift");
	check_bpf_error("bpf = \"udp or 1024 >> ip[8] = 4\"", "a shift");
	check_bpf_error("bpf = \"tcp or outbound\"", "use direction");
}

/* An ICMP or ICMPv6 "port unreachable" that quotes a packet to dst. */
static struct frame
unreachable(const char *src, const char *dst, uint8_t protocol, uint16_t port)
{
	bool v4 = strchr(dst, ':') == NULL;
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, v4 ? "10.9.9.9" : "fd99::9", src,
	    v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, 70);
	frame_bytes(&f, v4 ? "\3\3\0\0\0\0\0\0" : "\1\4\0\0\0\0\0\0", 8);
	frame_ip(&f, src, dst, protocol, 20);
	frame_udp(&f, 50000, port, 40);
	return f;
}

static struct frame
vxlan(const char *src, const char *dst)
{
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, src, dst, IPPROTO_UDP, 16);
	frame_udp(&f, 50000, 4789, 0);
	frame_bytes(&f, "\x08\0\0\0\0\0\1\0", 8);
	return f;
}

static void
test_exclude(void)
{
	static const char off[] = "exclude-targets = false";
	struct frame ssh = tcp("10.0.0.14", "10.9.0.1", 1, 22);
	struct frame ssh6 = tcp("fd00::14", "fd09::1", 1, 22);
	struct frame copy = vxlan("10.0.0.14", "10.9.0.1");
	struct frame copy6 = vxlan("fd00::14", "fd09::1");
	struct frame not_vxlan = udp("10.0.0.14", "10.9.0.1", 50000, 4789);
	struct frame gre, gre6, erspan, arp;
	struct frame err4 = unreachable("10.0.0.14", "10.9.0.1", 17, 4789);
	struct frame err6 = unreachable("fd00::14", "fd09::1", 17, 4789);
	struct frame errg = unreachable("10.0.0.14", "10.9.0.2", 47, 0);
	struct frame errg6 = unreachable("fd00::14", "fd09::2", 47, 0);
	struct frame erre = unreachable("10.0.0.14", "10.9.0.3", 47, 0);
	struct frame other = unreachable("10.0.0.14", "10.9.0.1", 17, 53);

	CU_ASSERT_FALSE(passes("", &ssh));
	CU_ASSERT_FALSE(passes("", &ssh6));
	CU_ASSERT_FALSE(passes("", &copy));
	CU_ASSERT_FALSE(passes("", &err4));
	CU_ASSERT_TRUE(passes(off, &ssh));
	CU_ASSERT_TRUE(passes(off, &ssh6));
	CU_ASSERT_FALSE(passes(off, &copy));
	CU_ASSERT_FALSE(passes(off, &copy6));
	CU_ASSERT_TRUE(passes(off, &not_vxlan));
	CU_ASSERT_FALSE(passes(off, &err4));
	CU_ASSERT_FALSE(passes(off, &err6));
	CU_ASSERT_FALSE(passes(off, &errg));
	CU_ASSERT_FALSE(passes(off, &errg6));
	CU_ASSERT_FALSE(passes(off, &erre));
	CU_ASSERT_TRUE(passes(off, &other));
	frame_ether(&gre, 0);
	frame_ip(&gre, "10.0.0.14", "10.9.0.2", 47, 8);
	frame_bytes(&gre, "\x20\0\x65\x58\0\0\0\1", 8);
	CU_ASSERT_FALSE(passes(off, &gre));
	gre.b[34] = 0x30; /* sequence number */
	CU_ASSERT_FALSE(passes(off, &gre));
	gre.b[34] = 0;
	CU_ASSERT_TRUE(passes(off, &gre));
	frame_ether(&gre6, 0);
	frame_ip(&gre6, "fd00::14", "fd09::2", 47, 8);
	frame_bytes(&gre6, "\x20\0\x65\x58\0\0\0\1", 8);
	CU_ASSERT_FALSE(passes(off, &gre6));
	frame_ether(&erspan, 0);
	frame_ip(&erspan, "10.0.0.14", "10.9.0.3", 47, 8);
	frame_bytes(&erspan, "\x10\0\x88\xbe\0\0\0\0", 8);
	CU_ASSERT_FALSE(passes(off, &erspan));
	frame_ether(&arp, 0x0806);
	frame_bytes(&arp, "\0\1\x8\0\6\4\0\1\2\0\0\0\0\2\x0a\0\0\x0e", 18);
	frame_bytes(&arp, "\0\0\0\0\0\0\x0a\x09\0\1", 10);
	CU_ASSERT_FALSE(passes("", &arp));
	CU_ASSERT_TRUE(passes(off, &arp));
	for (int depth = 1; depth <= 2; depth++) {
		frame_tag(&copy, 0x8100, 100);
		frame_tag(&err6, 0x8100, 100);
		frame_tag(&arp, 0x8100, 100);
		CU_ASSERT_FALSE(passes(off, &copy));
		CU_ASSERT_FALSE(passes(off, &err6));
		CU_ASSERT_FALSE(passes("", &arp));
		CU_ASSERT_TRUE(passes(off, &arp));
	}
}

static bool
is_copy(const struct filter *f, const struct frame *fr)
{
	struct packet p = { .data = fr->b, .caplen = (uint32_t)fr->len };

	return matches(f, fr->b, p.caplen, p.caplen) && filter_is_copy(f, &p);
}

/* Of a copy in fragments, and of nothing else: the program lets them pass,
 * and the first one tells what the others are. */
static void
test_exclude_fragment(void)
{
	struct filter *filter = make("exclude-targets = false");
	struct frame first = vxlan("10.0.0.14", "10.9.0.1");
	struct frame last;

	CU_ASSERT_PTR_NOT_NULL_FATAL(filter);
	frame_ether(&last, 0);
	frame_ip(&last, "10.0.0.14", "10.9.0.1", 17, 1);
	frame_bytes(&last, "x", 1);
	first.b[20] = 0x20; /* more fragments */
	last.b[21] = 0xb9;  /* offset */
	CU_ASSERT_FALSE(is_copy(filter, &last));
	CU_ASSERT_TRUE(is_copy(filter, &first));
	CU_ASSERT_TRUE(is_copy(filter, &last));
	last.b[18]++; /* another datagram */
	CU_ASSERT_FALSE(is_copy(filter, &last));
	filter_free(filter);
}

/* Every beginning of f passes, behind up to two tags. */
static void
check_beginnings(struct frame f)
{
	struct filter *filter = make("exclude-targets = false");

	for (int depth = 0; depth <= 2; depth++) {
		for (uint32_t n = 0; n <= f.len; n++)
			CU_ASSERT_TRUE(matches(filter, f.b, n, n) &&
			    matches(filter, f.b, n, (uint32_t)f.len));
		frame_tag(&f, 0x8100, 100);
	}
	filter_free(filter);
}

/* A frame that ends early, or lies, is mirrored when no rule is there. */
static void
test_runts(void)
{
	struct frame f4 = tcp(V4, 1, 443);
	struct frame e4 = unreachable("10.0.0.14", "10.9.0.1", 17, 53);
	struct frame u4 = udp("10.0.0.14", "10.9.0.1", 50000, 53);

	check_beginnings(f4);
	check_beginnings(tcp(V6, 1, 443));
	check_beginnings(e4);
	check_beginnings(unreachable("fd00::14", "fd09::1", 17, 53));
	check_beginnings(u4);
	f4.b[14] = 0x40;	    /* header length 0 */
	e4.b[14] = u4.b[14] = 0x4f; /* header length 60 */
	check_beginnings(f4);
	check_beginnings(e4);
	check_beginnings(u4);
}

/* Each of n takes one port of 10.1.n.0/24; as rules, or as one expression. */
static char *
many_rules(unsigned n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("filter = any\n", f);
	for (unsigned i = 0; i < n; i++)
		fprintf(f,
		    "rule r%u { protocol = tcp src = 10.1.%u.0/24 "
		    "dst-port = %u }\n",
		    i, i % 256, 1000 + i);
	fclose(f);
	return text;
}

static char *
many_terms(unsigned n)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s(src net 10.1.%u.0/24 and tcp dst port %u)",
		    i == 0 ? "bpf = \"" : " or ", i % 256, 1000 + i);
	fputs("\"", f);
	fclose(f);
	return text;
}

/* The largest program of such terms that the kernel takes, and the first that
 * it does not. */
static void
find_limit(struct filter **fits, struct filter **refused)
{
	*fits = NULL;
	for (unsigned n = 1; n <= 200; n += n < 20 ? 19 : 20) {
		char *terms = many_terms(n);

		*refused = make(terms);
		free(terms);
		if (filter_place(*refused) != FILTER_KERNEL)
			return;
		filter_free(*fits);
		*fits = *refused;
	}
	*refused = NULL;
}

/* Whether the kernel's part lets a frame pass. */
static bool
kernel_passes(const struct filter *f, const struct frame *fr)
{
	struct err err = { "" };
	char byte;
	int fds[2];
	bool ok;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) == -1)
		abort();
	CU_ASSERT_EQUAL(filter_attach(f, NULL, fds[1], false, &err), 0);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	CU_ASSERT_EQUAL(send(fds[0], fr->b, fr->len, 0), (ssize_t)fr->len);
	ok = recv(fds[1], &byte, 1, MSG_DONTWAIT) == 1;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

/* Rules the kernel has no room for: it sorts out what carries no tag, the
 * rest is left to filter_match. */
/* What filter_finish says of a frame that the kernel's part let pass. */
static bool
finishes(const struct filter *f, const struct frame *fr)
{
	struct packet p = { .data = fr->b,
		.caplen = (uint32_t)fr->len,
		.len = (uint32_t)fr->len };

	return filter_finish(f, &p, 0);
}

static uint32_t
finishing_rule(const struct filter *f, const struct frame *fr)
{
	struct packet p = { .data = fr->b,
		.caplen = (uint32_t)fr->len,
		.len = (uint32_t)fr->len };

	CU_ASSERT_TRUE(filter_finish(f, &p, 0));
	return p.rule;
}

static void
test_direction(void)
{
	struct filter *all = make(""), *in = make("direction = in");
	struct filter *out = make("direction = out");

	CU_ASSERT_TRUE(filter_match_direction(all, PACKET_IN, false));
	CU_ASSERT_TRUE(filter_match_direction(all, PACKET_OUT, false));
	CU_ASSERT_FALSE(filter_match_direction(all, PACKET_OUT, true));
	CU_ASSERT_TRUE(filter_match_direction(in, PACKET_IN, true));
	CU_ASSERT_FALSE(filter_match_direction(in, PACKET_OUT, false));
	CU_ASSERT_FALSE(filter_match_direction(out, PACKET_IN, false));
	CU_ASSERT_TRUE(filter_match_direction(out, PACKET_OUT, true));
	filter_free(all);
	filter_free(in);
	filter_free(out);
}

/* An expression the kernel has no room for: it sorts out what it can, the rest
 * is left to filter_match. */
static void
test_too_big(void)
{
	struct frame first = tcp("10.1.0.1", "192.0.2.1", 1, 1000);
	struct frame none = tcp("10.1.243.1", "192.0.2.1", 1, 1500);
	struct frame tagged = none, tagged_first = first;
	struct filter *f, *g;

	frame_tag(&tagged, 0x8100, 100);
	frame_tag(&tagged_first, 0x8100, 100);
	targets = "t4";
	find_limit(&f, &g);
	targets = "t4, t6, g4, g6";
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_PTR_NOT_NULL_FATAL(g);
	CU_ASSERT_EQUAL(filter_place(f), FILTER_KERNEL);
	CU_ASSERT_EQUAL(filter_place(g), FILTER_USER_TOO_BIG);
	CU_ASSERT_TRUE(kernel_passes(f, &first));
	CU_ASSERT_FALSE(kernel_passes(f, &none));
	CU_ASSERT_FALSE(kernel_passes(f, &tagged));
	CU_ASSERT_TRUE(kernel_passes(g, &first));
	CU_ASSERT_FALSE(kernel_passes(g, &none));
	CU_ASSERT_TRUE(kernel_passes(g, &tagged));
	CU_ASSERT_TRUE(finishes(g, &tagged_first));
	CU_ASSERT_FALSE(finishes(g, &tagged));
	CU_ASSERT_FALSE(filter_equal(f, g));
	CU_ASSERT_TRUE(filter_equal(f, f));
	filter_free(f);
	filter_free(g);
	filter_free(NULL);
}

/* Beyond some number the rules alone are left to userspace: targets and bpf
 * are not. */
static void
test_many_rules(void)
{
	static const unsigned some[] = { 2, 200, 1000, 10000 };
	struct frame first = tcp("10.1.0.1", "192.0.2.1", 1, 1000);
	struct frame second = tcp("10.1.1.1", "192.0.2.1", 1, 1001);
	struct frame none = tcp("10.1.243.1", "192.0.2.1", 1, 60000);
	struct frame copy = tcp("10.1.0.1", "10.9.0.1", 1, 1000);
	struct frame bpf = tcp("10.1.0.1", "192.0.2.9", 1, 1000);

	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
		bool kernel = some[i] == 2;
		char *rules = many_rules(some[i]), *options;
		struct filter *f;

		if (asprintf(&options, "bpf = \"not dst host 192.0.2.9\"\n%s",
			rules) == -1)
			abort();
		f = make(options);
		CU_ASSERT_PTR_NOT_NULL_FATAL(f);
		CU_ASSERT_EQUAL(filter_place(f),
		    kernel ? FILTER_KERNEL : FILTER_USER_RULES);
		CU_ASSERT_TRUE(kernel_passes(f, &first));
		CU_ASSERT_EQUAL(kernel_passes(f, &none), !kernel);
		CU_ASSERT_FALSE(kernel_passes(f, &copy));
		CU_ASSERT_FALSE(kernel_passes(f, &bpf));
		CU_ASSERT_EQUAL(finishing_rule(f, &first), 0);
		CU_ASSERT_EQUAL(finishing_rule(f, &second), 1);
		if (!kernel)
			CU_ASSERT_FALSE(finishes(f, &none));
		CU_ASSERT_TRUE(matches(f, second.b, (uint32_t)second.len, 100));
		CU_ASSERT_FALSE(matches(f, none.b, (uint32_t)none.len, 100));
		CU_ASSERT_FALSE(matches(f, copy.b, (uint32_t)copy.len, 100));
		CU_ASSERT_FALSE(matches(f, bpf.b, (uint32_t)bpf.len, 100));
		filter_free(f);
		free(options);
		free(rules);
	}
}

/* A tag that the ring has put back is none of the two to see through. */
static void
test_inserted_tag(void)
{
	char *rules = many_rules(200);
	struct filter *f = make(rules);
	struct frame fr = tcp("10.1.1.1", "192.0.2.1", 1, 1001);
	struct packet p = { .data = fr.b };

	for (int i = 0; i < 3; i++)
		frame_tag(&fr, 0x8100, 100);
	p.caplen = p.len = (uint32_t)fr.len;
	CU_ASSERT_TRUE(filter_finish(f, &p, 4));
	CU_ASSERT_EQUAL(p.rule, 1);
	CU_ASSERT_FALSE(filter_finish(f, &p, 0));
	filter_free(f);
	free(rules);
}

/* Where no single rule decides, none is named. */
static void
test_no_rule(void)
{
	static const char *const options[] = { "", "rule a { }",
		"filter = all rule a { } rule b { }",
		"filter = any rule a { }" };
	struct frame fr = tcp(V4, 1, 443);

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct filter *f = make(options[i]);

		CU_ASSERT_EQUAL(finishing_rule(f, &fr), PACKET_NO_RULE);
		filter_free(f);
	}
}

/* ---- next-hop ---------------------------------------------------------- */

/* A program with a condition on the destination alone, on a live socket. */
static void
open_hops(struct program *p, const struct hops *h, int fds[2])
{
	struct sock_fprog prog;

	program_add_hops(p, h);
	program_add_accept(p);
	prog = (struct sock_fprog) { (unsigned short)p->n, p->v };
	if (p->no_memory ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) == -1 ||
	    setsockopt(fds[1], SOL_SOCKET, SO_ATTACH_FILTER, &prog,
		sizeof(prog)) == -1)
		abort();
}

/* Few different bytes, so that many addresses are nearly one of the hops. */
static void
random_mac(uint8_t mac[static HOPS_MAC])
{
	for (size_t i = 0; i < HOPS_MAC; i++)
		mac[i] = unit_random() % 3 == 0 ? 0x80 : 2;
}

/* The kernel, libpcap and hops_match are of one opinion, also of frames that
 * end within the address. Returns what it is. */
static bool
goes_there(const struct hops *h, const struct program *p, const int fds[2],
    const struct frame *f, uint32_t len)
{
	bool yes = hops_match(h, f->b, len);
	char byte;

	CU_ASSERT_EQUAL(program_match(p, f->b, len, len), yes);
	CU_ASSERT_EQUAL(send(fds[0], f->b, len, 0), (ssize_t)len);
	CU_ASSERT_EQUAL(recv(fds[1], &byte, 1, MSG_DONTWAIT) == 1, yes);
	return yes;
}

static void
test_hops(void)
{
	struct frame frame = udp(V4, 1, 53), tagged = frame;
	size_t matched = 0;

	frame_tag(&tagged, 0x8100, 100);
	for (size_t n = 0; n <= CONF_NEXT_HOPS_MAX; n++) {
		struct program p = { 0 };
		struct hops h = { 0 };
		uint8_t mac[HOPS_MAC];
		int fds[2];

		for (int tries = 0; h.n < n && tries < 1000; tries++) {
			random_mac(mac);
			hops_add(&h, mac);
		}
		CU_ASSERT_EQUAL(h.n, n);
		open_hops(&p, &h, fds);
		for (int i = 0; i < 300; i++) {
			random_mac(frame.b);
			memcpy(tagged.b, frame.b, HOPS_MAC);
			matched += goes_there(&h, &p, fds, &frame,
			    (uint32_t)frame.len);
			goes_there(&h, &p, fds, &tagged, (uint32_t)tagged.len);
			goes_there(&h, &p, fds, &frame, 1 + (uint32_t)i % 7);
		}
		for (size_t i = 0; i < h.n; i++) {
			memcpy(frame.b, h.mac[i], HOPS_MAC);
			CU_ASSERT_TRUE(goes_there(&h, &p, fds, &frame,
			    (uint32_t)frame.len));
		}
		close(fds[0]);
		close(fds[1]);
		program_fini(&p);
	}
	CU_ASSERT_TRUE(matched > 0);
}

static void
test_hops_set(void)
{
	static const uint8_t a[HOPS_MAC] = { 2, 0, 0, 0, 0, 1 };
	static const uint8_t b[HOPS_MAC] = { 2, 0, 0, 0, 0, 2 };
	struct hops h = { 0 }, g = { 0 };

	hops_add(&h, a);
	hops_add(&h, a);
	CU_ASSERT_EQUAL(h.n, 1);
	CU_ASSERT_FALSE(hops_equal(&h, &g));
	hops_add(&g, b);
	CU_ASSERT_FALSE(hops_equal(&h, &g));
	g.n = 0;
	hops_add(&g, a);
	CU_ASSERT_TRUE(hops_equal(&h, &g));
	for (uint8_t i = 0; i < 2 * CONF_NEXT_HOPS_MAX; i++) {
		uint8_t mac[HOPS_MAC] = { 4, 0, 0, 0, 0, i };

		hops_add(&h, mac);
	}
	CU_ASSERT_EQUAL(h.n, CONF_NEXT_HOPS_MAX);
}

/* Packets to a next hop are sent, whatever the direction says. */
static void
test_next_hop(void)
{
	struct frame fr = tcp(V4, 1, 443);
	struct filter *none = make(""), *out = make("direction = out");
	struct filter *f = make("next-hop = 10.0.1.1");
	struct filter *g = make("next-hop = { 10.0.1.1, 10.0.1.2 }");
	struct hops h = { 0 };

	CU_ASSERT_EQUAL(filter_place(g), FILTER_KERNEL);
	CU_ASSERT_FALSE(filter_match_direction(f, PACKET_IN, false));
	CU_ASSERT_TRUE(filter_match_direction(f, PACKET_OUT, false));
	CU_ASSERT_TRUE(filter_match_hops(none, &h, fr.b, (uint32_t)fr.len));
	CU_ASSERT_FALSE(filter_match_hops(f, &h, fr.b, (uint32_t)fr.len));
	hops_add(&h, fr.b);
	CU_ASSERT_TRUE(filter_match_hops(f, &h, fr.b, (uint32_t)fr.len));
	CU_ASSERT_FALSE(filter_match_hops(f, &h, fr.b, HOPS_MAC - 1));
	CU_ASSERT_FALSE(filter_equal(f, g));
	CU_ASSERT_FALSE(filter_equal(f, out));
	filter_free(none);
	filter_free(out);
	filter_free(f);
	filter_free(g);
}

/* A live socket gets one large program for another. */
static void
test_swap(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct filter *small, *f, *refused;
	struct err err = { "" };

	targets = "t4";
	small = make("");
	find_limit(&f, &refused);
	targets = "t4, t6, g4, g6";
	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CU_ASSERT_EQUAL(filter_attach(small, NULL, fd, false, &err), 0);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(filter_attach(f, NULL, fd, true, &err), 0);
	CU_ASSERT_EQUAL(filter_attach(small, NULL, fd, false, &err), 0);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	filter_free(small);
	filter_free(f);
	filter_free(refused);
	close(fd);
}

static const struct unit_test tests[] = {
	{ "fields", test_fields },
	{ "icmp", test_icmp },
	{ "modes", test_modes },
	{ "never", test_never },
	{ "vlan", test_vlan },
	{ "bpf", test_bpf },
	{ "bpf error", test_bpf_error },
	{ "exclude", test_exclude },
	{ "exclude_fragment", test_exclude_fragment },
	{ "runts", test_runts },
	{ "direction", test_direction },
	{ "too big", test_too_big },
	{ "many rules", test_many_rules },
	{ "inserted tag", test_inserted_tag },
	{ "no rule", test_no_rule },
	{ "hops", test_hops },
	{ "hops set", test_hops_set },
	{ "next hop", test_next_hop },
	{ "swap", test_swap },
};
UNIT_MAIN("filter", tests)
