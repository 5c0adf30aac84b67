/* SPDX-License-Identifier: ISC */
/* Rules as pcap-filter(7) text. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/expression.h"
#include "conf/conf.h"

static const char *
family_word(const struct addr *a)
{
	return a->family == AF_INET ? "ip" : "ip6";
}

/* "A and B": writes the "and" unless the text is still empty. */
static void
put_and(FILE *f)
{
	if (ftell(f) > 0)
		fputs(" and ", f);
}

static void
put_prefixes(FILE *f, const char *dir, const struct addr_prefix *p, size_t n)
{
	char text[ADDR_TEXT_MAX];

	if (n == 0)
		return;
	put_and(f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s %s net %s/%u", i == 0 ? "(" : " or ",
		    family_word(&p[i].addr), dir, addr_format(&p[i].addr, text),
		    p[i].len);
	fputc(')', f);
}

static void
put_ports(FILE *f, const char *dir, const struct conf_ports *p, size_t n)
{
	if (n == 0)
		return;
	put_and(f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s portrange %u-%u", i == 0 ? "(" : " or ", dir,
		    p[i].lo, p[i].hi);
	fputc(')', f);
}

/* Protocols that live in one address family only are not looked for in the
 * other: number 1 inside IPv6 is not "icmp" to anybody. */
static void
put_protocol(FILE *f, uint16_t protocol)
{
	switch (protocol) {
	case CONF_PROTOCOL_ANY:
		break;
	case IPPROTO_ICMP:
		fputs("icmp", f);
		break;
	case IPPROTO_ICMPV6:
		fputs("icmp6", f);
		break;
	default:
		fprintf(f, "(ip proto %u or ip6 proto %u)", protocol, protocol);
	}
}

static bool
has_family(const struct addr_prefix *p, size_t n, sa_family_t family)
{
	for (size_t i = 0; i < n; i++)
		if (p[i].addr.family == family)
			return true;
	return n == 0;
}

static bool
fits(const struct conf_rule *r, sa_family_t family, uint16_t foreign)
{
	return has_family(r->src, r->nsrc, family) &&
	    has_family(r->dst, r->ndst, family) && r->protocol != foreign;
}

/* One direction of a rule; reply exchanges source and destination. */
static char *
rule_direction(const struct conf_rule *r, bool reply)
{
	const char *src = reply ? "dst" : "src";
	const char *dst = reply ? "src" : "dst";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	if (fits(r, AF_INET, IPPROTO_ICMPV6) ||
	    fits(r, AF_INET6, IPPROTO_ICMP)) {
		put_protocol(f, r->protocol);
		put_prefixes(f, src, r->src, r->nsrc);
		put_prefixes(f, dst, r->dst, r->ndst);
		put_ports(f, src, r->src_port, r->nsrc_port);
		put_ports(f, dst, r->dst_port, r->ndst_port);
	} else {
		/* What it can prove never to match is an error to libpcap. */
		fputs("less 0", f);
	}
	fclose(f);
	return text;
}

char *
expression_rule(const struct conf_rule *r)
{
	char *there = rule_direction(r, false);
	char *back, *both;

	if (there == NULL || !r->bidirectional || *there == '\0')
		return there;
	back = rule_direction(r, true);
	if (back == NULL || asprintf(&both, "(%s) or (%s)", there, back) == -1)
		both = NULL;
	free(there);
	free(back);
	return both;
}

/* A load behind the end of a frame would reject the frame, so every test
 * first asks for the bytes it reads: a runt is mirrored like any other. For
 * the same reason all offsets are fixed: our copies, and the errors that
 * quote them, have no IP options. shift: see expression_exclude. */

/* The first bytes behind IP, or UDP, in copies to t, as a number, and which
 * of their bits are fixed. */
static uint32_t
first_word(const struct conf_target *t)
{
	switch (t->encap) {
	case CONF_VXLAN:
		return 0x08000000;
	case CONF_GENEVE:
		return 0x00006558;
	case CONF_ERSPAN:
		return 0x100088be;
	case CONF_ERSPAN3:
		return 0x100022eb;
	default:
		return 0x20006558;
	}
}

static uint32_t
first_mask(const struct conf_target *t)
{
	return t->encap == CONF_GRE ? 0xefffffff : 0xffffffff; /* sequence */
}

/* Places of a target with one address family and port. */
struct batch {
	const struct conf_target *target;
	const struct conf_place *v;
	size_t n;
	unsigned shift;
};

/* Whether the address is one of theirs: "(BEFORE a or BEFORE b)". */
static void
put_addresses(FILE *f, const struct batch *b, const char *before)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < b->n; i++)
		fprintf(f, "%s%s %s", i == 0 ? "(" : " or ", before,
		    addr_format(&b->v[i].address, text));
	fputc(')', f);
}

/* The same of an address in IPv6 that begins at an offset. */
static void
put_quoted6(FILE *f, const struct batch *b, unsigned offset)
{
	for (size_t i = 0; i < b->n; i++) {
		fputs(i == 0 ? "((" : " or (", f);
		for (unsigned w = 0; w < 16; w += 4)
			fprintf(f, "%sip6[%u:4] = %" PRIu32,
			    w == 0 ? "" : " and ", offset + w,
			    bytes_get32(b->v[i].address.bytes + w));
		fputc(')', f);
	}
	fputc(')', f);
}

static void
put_quoted4(FILE *f, const struct batch *b, unsigned offset)
{
	for (size_t i = 0; i < b->n; i++)
		fprintf(f, "%sip[%u:4] = %" PRIu32, i == 0 ? "(" : " or ",
		    offset, bytes_get32(b->v[i].address.bytes));
	fputc(')', f);
}

/* A copy to one of them; seen where the mark of our sockets is gone, behind a
 * veth or on another host. Of one in fragments only the first has ports, and
 * a program knows nothing of another packet: copy.h has them. */
static void
put_copy4(FILE *f, const struct batch *b)
{
	const struct conf_target *t = b->target;
	bool gre = !conf_encap_has_ports(t->encap);

	fprintf(f, "(ip and greater %u and ip[9] = %d and ",
	    (gre ? 38 : 46) + b->shift, gre ? IPPROTO_GRE : IPPROTO_UDP);
	put_addresses(f, b, "ip dst host");
	fputs(" and ip[0] = 0x45 and ip[6:2] & 0x3fff = 0", f);
	if (!gre)
		fprintf(f, " and ip[22:2] = %u", b->v->port);
	fprintf(f, " and ip[%d:4] & %#" PRIx32 " = %#" PRIx32 ")",
	    gre ? 20 : 28, first_mask(t), first_word(t));
}

/* The ICMP errors that copies cause; the quoted header is at 28. */
static void
put_error4(FILE *f, const struct batch *b)
{
	bool gre = !conf_encap_has_ports(b->target->encap);

	fprintf(f,
	    " or (ip and greater %u and ip[9] = 1 and ip[0] = 0x45 and "
	    "ip[6:2] & 0x1fff = 0 and (ip[20] >= 3 and ip[20] <= 5 or "
	    "ip[20] = 11 or ip[20] = 12) and ",
	    66 + b->shift);
	put_quoted4(f, b, 44);
	fprintf(f, " and ip[37] = %d", gre ? IPPROTO_GRE : IPPROTO_UDP);
	if (!gre)
		fprintf(f, " and ip[50:2] = %u", b->v->port);
	fputc(')', f);
}

static void
put_copy6(FILE *f, const struct batch *b)
{
	const struct conf_target *t = b->target;
	bool gre = !conf_encap_has_ports(t->encap);

	fprintf(f, "(ip6 and greater %u and ip6[6] = %d and ",
	    (gre ? 58 : 66) + b->shift, gre ? IPPROTO_GRE : IPPROTO_UDP);
	put_addresses(f, b, "ip6 dst host");
	if (!gre)
		fprintf(f, " and ip6[42:2] = %u", b->v->port);
	fprintf(f, " and ip6[%d:4] & %#" PRIx32 " = %#" PRIx32 ")",
	    gre ? 40 : 48, first_mask(t), first_word(t));
}

/* The quoted header is at 48. A copy larger than the path MTU is quoted as a
 * fragment: to let its errors pass would make each of them a copy that is
 * fragmented in turn. */
static void
put_error6(FILE *f, const struct batch *b)
{
	fprintf(f,
	    " or (ip6 and greater %u and ip6[6] = 58 and ip6[40] >= 1 and "
	    "ip6[40] <= 4 and ",
	    106 + b->shift);
	put_quoted6(f, b, 72);
	if (!conf_encap_has_ports(b->target->encap))
		fputs(" and (ip6[54] = 44 or ip6[54] = 47))", f);
	else
		fprintf(f,
		    " and (ip6[54] = 44 or (ip6[54] = 17 and ip6[90:2] = %u)))",
		    b->v->port);
}

/* Health checks by TCP and the answers to them. */
static void
put_knocks(FILE *f, const struct batch *b)
{
	bool v4 = b->v->address.family == AF_INET;
	const char *ip = v4 ? "ip" : "ip6";
	unsigned at = v4 ? 20 : 40;

	fprintf(f, " or (%s and greater %u and %s[%u] = 6 and ", ip,
	    at + 18 + b->shift, ip, v4 ? 9 : 6);
	put_addresses(f, b, v4 ? "ip host" : "ip6 host");
	if (v4)
		fputs(" and ip[0] = 0x45 and ip[6:2] & 0x1fff = 0", f);
	for (unsigned i = 0; i < 2; i++) {
		unsigned theirs = at + 2 * i, ours = at + 2 - 2 * i;

		fprintf(f,
		    "%s(%s[%u:2] = %u and %s[%u:2] >= %d and %s[%u:2] <= %d)",
		    i == 0 ? " and (" : " or ", ip, theirs,
		    b->target->check.port, ip, ours, CONF_CHECK_PORT_FIRST, ip,
		    ours, CONF_CHECK_PORT_LAST);
	}
	fputs("))", f);
}

static bool
uses_target(const struct conf_mirror *m, const struct conf_target *t)
{
	for (size_t i = 0; i < m->ntargets; i++)
		if (m->targets[i] == t)
			return true;
	return false;
}

static void
put_hosts(FILE *f, const struct batch *b)
{
	bool v4 = b->v->address.family == AF_INET;

	fprintf(f, "(%s and greater %u and ", v4 ? "ip" : "ip6",
	    (v4 ? 34 : 54) + b->shift);
	put_addresses(f, b, v4 ? "ip host" : "ip6 host");
	fputs(") or ", f);
	if (!v4)
		return;
	fprintf(f, "(arp and greater %u and ", 42 + b->shift);
	put_addresses(f, b, "arp host");
	fputs(") or ", f);
}

/* hosts: all that comes from or goes to them. */
static void
put_batch(FILE *f, const struct batch *b, bool hosts)
{
	if (ftell(f) > 0)
		fputs(" or ", f);
	if (hosts)
		put_hosts(f, b);
	if (b->v->address.family == AF_INET) {
		put_copy4(f, b);
		put_error4(f, b);
	} else {
		put_copy6(f, b);
		put_error6(f, b);
	}
	if (b->target->check.kind == CONF_CHECK_TCP)
		put_knocks(f, b);
}

static bool
is_used(const struct conf *c, const struct conf_target *t)
{
	bool used = false;

	for (size_t i = 0; i < c->nmirrors && !used; i++)
		used = uses_target(&c->mirrors[i], t);
	return used;
}

/* Places are sorted: those that belong together follow each other. */
static void
put_target(FILE *f, const struct conf *c, const struct conf_mirror *m,
    const struct conf_target *t, unsigned shift)
{
	struct batch b = { .target = t, .shift = shift };
	bool used = is_used(c, t);

	for (size_t i = 0; used && i < t->nplaces; i += b.n) {
		b.v = &t->places[i];
		b.n = 1;
		while (i + b.n < t->nplaces && b.v[b.n].port == b.v->port &&
		    b.v[b.n].address.family == b.v->address.family)
			b.n++;
		put_batch(f, &b, m->exclude_targets && uses_target(m, t));
	}
}

char *
expression_exclude(const struct conf *c, const struct conf_mirror *m,
    size_t from, unsigned shift)
{
	size_t to = from + EXPRESSION_TARGETS;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		return NULL;
	for (size_t i = from; i < to && i < c->ntargets; i++)
		put_target(f, c, m, &c->targets[i], shift);
	fclose(f);
	return text;
}

char *
expression_pings(const struct conf *c, unsigned shift)
{
	bool pings = false;
	char *text;

	for (size_t i = 0; i < c->ntargets; i++)
		pings |= c->targets[i].check.kind == CONF_CHECK_ICMP &&
		    is_used(c, &c->targets[i]);
	if (!pings)
		return strdup("");
	if (asprintf(&text,
		"(ip and greater %u and ip[9] = 1 and ip[0] = 0x45 and "
		"ip[6:2] & 0x3fff = 0 and (ip[20] = 0 or ip[20] = 8) and "
		"ip[28:4] = %u) or (ip6 and greater %u and ip6[6] = 58 and "
		"(ip6[40] = 128 or ip6[40] = 129) and ip6[48:4] = %u)",
		46 + shift, CONF_CHECK_MAGIC, 66 + shift,
		CONF_CHECK_MAGIC) == -1)
		return NULL;
	return text;
}

bool
expression_uses_vlan(const char *text)
{
	for (const char *p = text; (p = strstr(p, "vlan")) != NULL; p += 4) {
		bool starts = p == text || !isalnum((unsigned char)p[-1]);

		if (starts && !isalnum((unsigned char)p[4]))
			return true;
	}
	return false;
}
