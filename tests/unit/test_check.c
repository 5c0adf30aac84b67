/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "conf/box.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/select.h"
#include "conftext.h"
#include "unit.h"

#define SAYS(text, ...) \
	CU_ASSERT(conftext_says(text, (const char *const[]) { __VA_ARGS__ }))

#define TARGET "target t { address = 192.0.2.1 }\n"
#define MIRROR "mirror m { sources = eth0 targets = t "

/* ---- sets of packets, against a packet at a time ------------------------- */

struct sample {
	sa_family_t family;
	uint8_t protocol;
	struct addr addr[2];
	uint16_t port[2];
};

static unsigned
pick(unsigned n)
{
	return (unsigned)(unit_random() % n);
}

/* The universes are small, so that random rules and packets meet. */
static struct addr
random_addr(sa_family_t family)
{
	struct addr a = { .family = family };

	if (family != 0)
		a.bytes[family == AF_INET ? 3 : 15] = (uint8_t)pick(16);
	return a;
}

static struct sample
random_sample(void)
{
	static const sa_family_t families[] = { 0, AF_INET, AF_INET6 };
	static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE };
	struct sample s = { .family = families[pick(3)] };

	s.protocol = protocols[pick(sizeof(protocols))];
	if (s.family == AF_INET && s.protocol == IPPROTO_ICMPV6)
		s.protocol = IPPROTO_ICMP;
	if (s.family == AF_INET6 && s.protocol == IPPROTO_ICMP)
		s.protocol = IPPROTO_ICMPV6;
	for (size_t i = 0; i < 2; i++) {
		s.addr[i] = random_addr(s.family);
		s.port[i] = (uint16_t)pick(8);
	}
	return s;
}

static struct addr_prefix
random_prefix(void)
{
	struct addr_prefix p;
	unsigned keep = pick(5), last, bits;

	p.addr = random_addr(pick(2) == 0 ? AF_INET : AF_INET6);
	bits = p.addr.family == AF_INET ? 32 : 128;
	last = bits / 8 - 1;
	p.addr.bytes[last] &= (uint8_t)(0xf0 >> keep) & 0xf;
	p.len = (uint8_t)(bits - 4 + keep);
	return p;
}

static void
random_prefixes(struct addr_prefix **v, size_t *n)
{
	static const unsigned lengths[] = { 0, 0, 1, 2, 3, 5 };

	*n = lengths[pick(6)];
	*v = calloc(*n + 1, sizeof(**v));
	for (size_t i = 0; i < *n; i++)
		(*v)[i] = random_prefix();
}

static void
random_ports(struct conf_ports **v, size_t *n)
{
	*n = pick(2) == 0 ? 0 : pick(4);
	*v = calloc(*n + 1, sizeof(**v));
	for (size_t i = 0; i < *n; i++) {
		(*v)[i].lo = (uint16_t)pick(8);
		(*v)[i].hi = (uint16_t)((*v)[i].lo + pick(3));
	}
}

static struct conf_rule
random_rule(void)
{
	static const uint16_t with[] = { CONF_PROTOCOL_ANY, IPPROTO_TCP,
		IPPROTO_UDP };
	static const uint16_t without[] = { CONF_PROTOCOL_ANY, IPPROTO_ICMP,
		IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_TCP };
	struct conf_rule r = { .bidirectional = pick(3) == 0 };

	random_prefixes(&r.src, &r.nsrc);
	random_prefixes(&r.dst, &r.ndst);
	random_ports(&r.src_port, &r.nsrc_port);
	random_ports(&r.dst_port, &r.ndst_port);
	r.protocol = r.nsrc_port + r.ndst_port > 0 ? with[pick(3)] :
						     without[pick(5)];
	return r;
}

static void
free_rule(struct conf_rule *r)
{
	free(r->src);
	free(r->dst);
	free(r->src_port);
	free(r->dst_port);
}

static bool
in_prefixes(const struct addr_prefix *v, size_t n, const struct addr *a)
{
	struct addr_prefix host = { *a, a->family == AF_INET ? 32 : 128 };

	for (size_t i = 0; i < n; i++)
		if (addr_prefix_covers(&v[i], &host))
			return true;
	return false;
}

static bool
in_ports(const struct conf_ports *v, size_t n, uint16_t port)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].lo <= port && port <= v[i].hi)
			return true;
	return false;
}

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* The meaning of a rule, once more, as plainly as it can be put. */
static bool
matches_one_way(const struct conf_rule *r, const struct sample *s, size_t from)
{
	size_t to = 1 - from;

	if (r->nsrc > 0 && !in_prefixes(r->src, r->nsrc, &s->addr[from]))
		return false;
	if (r->ndst > 0 && !in_prefixes(r->dst, r->ndst, &s->addr[to]))
		return false;
	if (r->protocol != CONF_PROTOCOL_ANY &&
	    (s->family == 0 || r->protocol != s->protocol))
		return false;
	if (r->nsrc_port + r->ndst_port == 0)
		return true;
	return s->family != 0 && has_ports(s->protocol) &&
	    (r->nsrc_port == 0 ||
		in_ports(r->src_port, r->nsrc_port, s->port[from])) &&
	    (r->ndst_port == 0 ||
		in_ports(r->dst_port, r->ndst_port, s->port[to]));
}

static bool
rule_matches(const struct conf_rule *r, const struct sample *s)
{
	return matches_one_way(r, s, 0) ||
	    (r->bidirectional && matches_one_way(r, s, 1));
}

static bool
box_holds(const struct box *b, const struct sample *s)
{
	if (b->family != s->family)
		return false;
	if (b->family == 0)
		return true;
	if ((b->protocols[s->protocol / 64] >> s->protocol % 64 & 1) == 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (!in_prefixes(b->addr[i], b->naddr[i], &s->addr[i]) ||
		    !in_ports(b->port[i], b->nport[i], s->port[i]))
			return false;
	return true;
}

static bool
set_holds(const struct box_set *set, const struct sample *s)
{
	for (size_t i = 0; i < set->n; i++)
		if (box_holds(&set->v[i], s))
			return true;
	return false;
}

/* Every box of inner in one of outer: then no packet may say otherwise. */
static bool
is_covered(const struct box_set *outer, const struct box_set *inner)
{
	size_t budget = SIZE_MAX;

	for (size_t i = 0; i < inner->n; i++) {
		size_t j = 0;

		while (j < outer->n &&
		    !box_covers(&outer->v[j], &inner->v[i], &budget))
			j++;
		if (j == outer->n)
			return false;
	}
	return true;
}

static void
compare_sets(const struct conf_rule rule[static 2],
    const struct box_set set[static 2])
{
	size_t budget = SIZE_MAX;
	struct box_set both;
	bool covered = is_covered(&set[0], &set[1]);

	CU_ASSERT_EQUAL_FATAL(box_set_intersect(&both, &set[0], &set[1],
				  &budget),
	    0);
	for (unsigned i = 0; i < 200; i++) {
		struct sample s = random_sample();
		bool a = rule_matches(&rule[0], &s),
		     b = rule_matches(&rule[1], &s);

		CU_ASSERT_EQUAL(set_holds(&set[0], &s), a);
		CU_ASSERT_EQUAL(set_holds(&set[1], &s), b);
		CU_ASSERT_EQUAL(set_holds(&both, &s), a && b);
		CU_ASSERT(!covered || !b || a);
	}
	box_set_fini(&both);
}

static void
test_boxes(void)
{
	for (unsigned i = 0; i < 2000; i++) {
		struct conf_rule rule[2] = { random_rule(), random_rule() };
		struct box_set set[2];

		for (size_t j = 0; j < 2; j++)
			CU_ASSERT_EQUAL_FATAL(box_set_from_rule(&set[j],
						  &rule[j]),
			    0);
		compare_sets(rule, set);
		CU_ASSERT(is_covered(&set[0], &set[0]));
		for (size_t j = 0; j < 2; j++) {
			box_set_fini(&set[j]);
			free_rule(&rule[j]);
		}
	}
}

static void
test_shortest_form(void)
{
	struct addr_prefix src[256];
	struct conf_ports ports[] = { { 5, 9 }, { 0, 3 }, { 4, 4 }, { 2, 6 },
		{ 20, 20 } };
	struct conf_rule r = { .protocol = IPPROTO_TCP,
		.src = src,
		.nsrc = 256,
		.dst_port = ports,
		.ndst_port = 5 };
	struct box_set s;

	for (unsigned i = 0; i < 256; i++) {
		src[i] = (struct addr_prefix) { { AF_INET, { 10, 0 } }, 32 };
		src[i].addr.bytes[3] = (uint8_t)(i * 37);
	}
	CU_ASSERT_EQUAL_FATAL(box_set_from_rule(&s, &r), 0);
	CU_ASSERT_EQUAL_FATAL(s.n, 1);
	CU_ASSERT_EQUAL(s.v[0].naddr[0], 1);
	CU_ASSERT_EQUAL(s.v[0].addr[0][0].len, 24);
	CU_ASSERT_EQUAL_FATAL(s.v[0].nport[1], 2);
	CU_ASSERT_EQUAL(s.v[0].port[1][0].hi, 9);
	box_set_fini(&s);
}

/* More boxes than a set may have, or more work than is granted: no answer. */
static void
test_limits(void)
{
	struct conf_rule r = { .protocol = CONF_PROTOCOL_ANY,
		.bidirectional = true };
	struct box_set s, out;
	struct box_set many = { calloc(300, sizeof(*many.v)), 300 };
	size_t budget = 0;

	CU_ASSERT_EQUAL_FATAL(box_set_from_rule(&s, &r), 0);
	CU_ASSERT_EQUAL(s.n, BOX_RULE_MAX);
	CU_ASSERT_EQUAL(box_set_intersect(&out, &s, &s, &budget), -1);
	CU_ASSERT_FALSE(box_covers(&s.v[0], &s.v[0], &budget));
	for (size_t i = 0; i < many.n; i++)
		many.v[i] = s.v[0];
	budget = SIZE_MAX;
	CU_ASSERT_EQUAL(box_set_intersect(&out, &many, &s, &budget), -1);
	free(many.v);
	box_set_fini(&s);
}

/* What a hostile list could cost is bounded; then nothing is said. */
static void
test_budget(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs(TARGET MIRROR, f);
	for (unsigned rule = 0; rule < 8; rule++) {
		fprintf(f, "rule r%u { src = { 9.0.0.0", rule);
		for (unsigned i = 0; i < 4000; i++)
			fprintf(f, ",10.%u.%u.%u", rule % 2, i / 100,
			    i % 100 * 2);
		fputs(" } }\n", f);
	}
	fputs("}\n", f);
	fclose(f);
	SAYS(text, NULL);
	free(text);
}

/* ---- the host
 * ---------------------------------------------------------------- */

static unsigned path_mtu; /* 0: no route */
static struct addr path_source;
static char asked[64];

int __wrap_iface_route_get(struct iface_route *r, const struct addr *dst,
    const char *interface, struct err *err);

int
__wrap_iface_route_get(struct iface_route *r, const struct addr *dst,
    const char *interface, struct err *err)
{
	snprintf(asked, sizeof(asked), "%s",
	    interface == NULL ? "any" : interface);
	if (path_mtu == 0)
		return err_set(err, "no route: tested");
	r->mtu = path_mtu;
	r->source = path_source;
	return 0;
}

/* lo 127.0.0.1; eth0 10.0.0.14 and fd00::14; eth1 without address, MTU 9000;
 * tun0 10.8.0.1, not Ethernet. */
static struct addr lo_addr[1], eth0_addr[2], tun0_addr[1];
static struct iface host_ifaces[] = {
	{ .name = "eth0",
	    .ethernet = true,
	    .mtu = 1500,
	    .addrs = eth0_addr,
	    .naddrs = 2 },
	{ .name = "eth1", .ethernet = true, .mtu = 9000 },
	{ .name = "lo",
	    .ethernet = true,
	    .loopback = true,
	    .mtu = 65536,
	    .addrs = lo_addr,
	    .naddrs = 1 },
	{ .name = "tun0", .mtu = 1400, .addrs = tun0_addr, .naddrs = 1 },
};
static const struct iface_list host = { host_ifaces, 4 };

static void
set_addresses(void)
{
	addr_parse(&lo_addr[0], "127.0.0.1");
	addr_parse(&eth0_addr[0], "10.0.0.14");
	addr_parse(&eth0_addr[1], "fd00::14");
	addr_parse(&tun0_addr[0], "10.8.0.1");
}

static bool
same_lines(char *const *got, size_t n, const char *const *want)
{
	size_t i = 0;

	while (i < n && want[i] != NULL && strcmp(got[i], want[i]) == 0)
		i++;
	for (size_t j = i; j < n; j++)
		printf("said: %s\n", got[j]);
	return i == n && want[i] == NULL;
}

static const struct iface_list *on = &host;

/* Whether the checks of this host say that, errors or else warnings. */
static bool
host_says(const char *text, unsigned mtu, const char *const *lines)
{
	struct conf_report r = { 0 };
	struct conf *c = conftext_load(text, &r);
	bool same;

	set_addresses();
	path_mtu = mtu;
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	conf_check_host(c, on, &r);
	same = r.nerrors > 0 ? same_lines(r.errors, r.nerrors, lines) :
			       same_lines(r.warnings, r.nwarnings, lines);
	conf_report_fini(&r);
	conf_free(c);
	return same;
}

#define HOST_SAYS(text, mtu, ...) \
	CU_ASSERT(host_says(text, mtu, (const char *const[]) { __VA_ARGS__ }))

static void
test_missing_sources(void)
{
	HOST_SAYS(TARGET "mirror m { sources = { eth0, 10.0.0.14, fd00::14,\n"
			 "\"eth*\", all, lo } targets = t }",
	    9999, NULL);
	HOST_SAYS(TARGET
	    "mirror m { sources = { eth7, 10.0.0.15,\n"
	    "\"wlan?\" } targets = t }\n"
	    "mirror n { sources = eth7 targets = t session-id = 2 }",
	    9999,
	    "t:2: warning: mirror \"m\": sources: interface eth7 does not "
	    "exist yet",
	    "t:2: warning: mirror \"m\": sources: no interface has the "
	    "address 10.0.0.15 yet",
	    "t:3: warning: mirror \"m\": sources: no interface matches "
	    "\"wlan?\" yet",
	    NULL);
	HOST_SAYS("target t { address = 10.0.0.14 }\n"
		  "mirror m { sources = \"eth0*\" targets = t }",
	    9999,
	    "t:1: warning: target \"t\": address is this host's own: copies "
	    "stay here",
	    "t:2: warning: mirror \"m\": sources: no interface matches "
	    "\"eth0*\" yet",
	    NULL);
}

static void
test_no_interfaces(void)
{
	static const struct iface_list none;

	on = &none;
	HOST_SAYS(TARGET "mirror m { sources = all targets = t }", 0,
	    "t:1: warning: mirror \"m\": target \"t\": no route: tested",
	    "t:2: warning: mirror \"m\": sources: there is no interface to "
	    "collect from yet",
	    NULL);
	on = &host;
}

static void
test_bad_sources(void)
{
	HOST_SAYS(
	    "target t { address = fd00::14 }\n"
	    "mirror m { sources = { eth0,\n10.0.0.14,\ntun0,\n10.8.0.1 }\n"
	    " targets = t }",
	    9999,
	    "t:2: mirror \"m\": sources: source and target on the same "
	    "interface: eth0 owns the address of a target",
	    "t:3: mirror \"m\": sources: source and target on the same "
	    "interface: eth0 owns the address of a target",
	    "t:4: mirror \"m\": sources: tun0 has no Ethernet frames "
	    "(Ethernet interfaces and lo are allowed)",
	    "t:5: mirror \"m\": sources: tun0 has no Ethernet frames "
	    "(Ethernet interfaces and lo are allowed)",
	    NULL);
}

static void
test_own_address(void)
{
	HOST_SAYS("target t {\naddress = 10.0.0.14 }\n"
		  "target u { address = fd00::14 }\n"
		  "target v { address = 10.0.0.15 }\n"
		  "mirror m { sources = eth1 targets = { t, v } }",
	    9999,
	    "t:2: warning: target \"t\": address is this host's own: copies "
	    "stay here",
	    "t:3: warning: target \"u\": address is this host's own: copies "
	    "stay here",
	    NULL);
}

static void
test_routes(void)
{
	HOST_SAYS("target t { address = 10.1.1.1 interface = eth1 }\n"
		  "target u { address = 10.1.1.2 }\n"
		  "mirror m { sources = eth0 targets = t }",
	    0, "t:1: warning: mirror \"m\": target \"t\": no route: tested",
	    NULL);
	CU_ASSERT_STRING_EQUAL(asked, "eth1");
}

static void
test_path_mtu(void)
{
	static const struct {
		const char *address, *encap;
		unsigned need;
	} cases[] = { { "10.1.1.1", "vxlan", 1550 },
		{ "fd00::1", "vxlan", 1570 }, { "10.1.1.1", "gre", 1542 },
		{ "fd00::1", "gre", 1562 },
		{ "10.1.1.1", "gre sequence = true", 1546 },
		{ "10.1.1.1", "erspan", 1550 }, { "fd00::1", "erspan", 1570 },
		{ "10.1.1.1", "erspan3", 1554 },
		{ "fd00::1", "erspan3", 1574 } };
	char text[256], want[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text),
		    "target t { address = %s "
		    "encap = %s }\n" MIRROR "}",
		    cases[i].address, cases[i].encap);
		snprintf(want, sizeof(want),
		    "t:1: warning: mirror \"m\": "
		    "target \"t\": full-size copies need %u bytes (4 more "
		    "with a VLAN tag), the path has 1500: raise its MTU by "
		    "%u, set truncate = %u, or they are fragmented "
		    "(oversize)",
		    cases[i].need, cases[i].need - 1500,
		    1514 - (cases[i].need - 1500));
		HOST_SAYS(text, 1500, want, NULL);
		HOST_SAYS(text, cases[i].need, NULL);
	}
	HOST_SAYS(TARGET MIRROR "truncate = 1464 }", 1500, NULL);
	HOST_SAYS(TARGET MIRROR "sources += lo }", 1550, NULL);
	HOST_SAYS(TARGET "mirror m { sources = lo targets = t }", 100, NULL);
}

/* Where the copies leave by an interface of the mirror, its own frames do not
 * count. */
static void
test_egress_mtu(void)
{
	static const char want[] =
	    "t:1: warning: mirror \"m\": target \"t\": full-size copies need "
	    "9050 bytes (4 more with a VLAN tag), the path has 1500: raise its "
	    "MTU by 7550, set truncate = 1464, or they are fragmented "
	    "(oversize)";

	static const char own[] =
	    "t:1: warning: mirror \"m\": target \"t\": full-size copies of "
	    "eth0 need 1550 bytes, but leave by it, and the path has 1500: set "
	    "truncate = 1464, or they are fragmented (oversize)";

	addr_parse(&path_source, "10.0.0.14");
	HOST_SAYS(TARGET MIRROR "}", 1500, own, NULL);
	HOST_SAYS(TARGET MIRROR "oversize = drop }", 1500,
	    "t:1: warning: mirror \"m\": target \"t\": full-size copies of "
	    "eth0 need 1550 bytes, but leave by it, and the path has 1500: set "
	    "truncate = 1464, or they are dropped (oversize)",
	    NULL);
	HOST_SAYS(TARGET MIRROR "truncate = 1464 }", 1500, NULL);
	HOST_SAYS(TARGET "mirror m { sources = all targets = t }", 1500, want,
	    NULL);
	HOST_SAYS(TARGET "mirror m { sources = \"eth*\" targets = t }", 9050,
	    NULL);
	HOST_SAYS("target t { address = 192.0.2.1 interface = eth1 }\n"
		  "mirror m { sources = { eth1, eth0 } targets = t }",
	    1550,
	    "t:1: warning: mirror \"m\": target \"t\": full-size copies of "
	    "eth1 need 9050 bytes, but leave by it, and the path has 1550: set "
	    "truncate = 1514, or they are fragmented (oversize)",
	    NULL);
	path_source.family = 0;
}

static void
test_select(void)
{
	struct conf *c = conftext_load(
	    "target t { address = 10.0.0.14 }\n"
	    "target unused { address = 127.0.0.1 }\n"
	    "mirror all { sources = all targets = t }\n"
	    "mirror glob { sources = { \"*\" } targets = t }\n"
	    "mirror name { sources = { tun0, lo, eth1 } targets = t }\n"
	    "mirror addr { sources = { 127.0.0.1, fd00::14 } targets = t }\n",
	    NULL);
	/* eth0, eth1, lo, tun0 */
	static const bool want[][4] = { { false, true, false, false },
		{ false, true, false, false }, { false, true, true, false },
		{ true, false, true, false } };

	set_addresses();
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	for (size_t m = 0; m < 4; m++)
		for (size_t i = 0; i < 4; i++)
			CU_ASSERT_EQUAL(select_source(c, &c->mirrors[m],
					    &host_ifaces[i]),
			    want[m][i]);
	conf_free(c);
}

/* ---- across options
 * ------------------------------------------------------------- */

static void
test_duplicates(void)
{
	SAYS(TARGET TARGET TARGET MIRROR "rule r { } rule r { } }",
	    "t:2: target \"t\": the name is already taken in t:1",
	    "t:3: target \"t\": the name is already taken in t:1",
	    "t:4: mirror \"m\": rule \"r\": the name is already taken in t:4",
	    NULL);
}

static void
test_sessions(void)
{
	SAYS(TARGET MIRROR "session-id = 0 }", NULL);
	SAYS(TARGET MIRROR "session-id = 16777215 }", NULL);
	SAYS(TARGET MIRROR "\nsession-id = 16777216 }",
	    "t:3: mirror \"m\": session-id: 16777216 is too big for vxlan, "
	    "which target \"t\" uses (0-16777215)",
	    NULL);
	SAYS("target t { address = ::1 } target u { address = ::1 }\n"
	     "target v { address = ::1 encap = gre }\n" MIRROR "}\n"
	     "mirror n { sources = a targets = { u, v } session-id = 1 }\n"
	     "mirror o { sources = a targets = v session-id = 2 }",
	    "t:4: warning: mirror \"n\": session-id 1 is also used by mirror "
	    "\"m\" (t:3) on target \"u\"",
	    NULL);
	SAYS("target t { address = ::1 } target u { address = ::1 }\n"
	     "mirror m { sources = a targets = { t, u } }",
	    NULL);
}

static void
test_shadows(void)
{
	SAYS(TARGET MIRROR "filter = first\n"
			   "rule a { src = 10.0.0.0/8 bidirectional = yes }\n"
			   "rule b { dst = 10.1.0.0/16 }\n"
			   "rule c { src = 10.1.0.0/16 dst = 192.0.2.0/24\n"
			   " bidirectional = yes }\n"
			   "rule d { src = { 10.1.0.0/16, 11.0.0.0/8 } } }",
	    "t:4: warning: mirror \"m\": rule \"b\": never decides: rule "
	    "\"a\" (t:3) before it matches all its packets",
	    "t:5: warning: mirror \"m\": rule \"c\": never decides: rule "
	    "\"a\" (t:3) before it matches all its packets",
	    NULL);
	SAYS(TARGET MIRROR "filter = any rule a { } rule b { } }", NULL);
}

static void
test_contradictions(void)
{
	SAYS(TARGET MIRROR "rule a { src = 10.0.0.0/8 bidirectional = yes }\n"
			   "rule b { dst = 10.0.0.1 } }",
	    NULL);
	SAYS(TARGET MIRROR "rule a { protocol = gre }\n"
			   "rule b { dst-port = 1 } }",
	    "t:3: warning: mirror \"m\": rule \"b\": can never match together "
	    "with rule \"a\" (t:2): filter = all collects nothing",
	    NULL);
}

static const struct unit_test tests[] = {
	{ "boxes", test_boxes },
	{ "shortest form", test_shortest_form },
	{ "limits", test_limits },
	{ "budget", test_budget },
	{ "duplicates", test_duplicates },
	{ "sessions", test_sessions },
	{ "shadows", test_shadows },
	{ "contradictions", test_contradictions },
	{ "missing sources", test_missing_sources },
	{ "no interfaces", test_no_interfaces },
	{ "bad sources", test_bad_sources },
	{ "own address", test_own_address },
	{ "routes", test_routes },
	{ "path mtu", test_path_mtu },
	{ "egress mtu", test_egress_mtu },
	{ "selection", test_select },
};
UNIT_MAIN("check", tests)
