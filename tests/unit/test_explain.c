/* SPDX-License-Identifier: ISC */
/* What is explained is what the data path does: the same packets go both ways,
 * and what would be queued at targets is compared. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "capture/copy.h"
#include "conf/conf.h"
#include "deliver/target.h"
#include "deliver/target_socket.h"
#include "mirror/bandwidth.h"
#include "mirror/explain.h"
#include "mirror/inside.h"
#include "mirror/router.h"
#include "mirror/source.h"
#include "packet/craft.h"
#include "packet/segment.h"
#include "conftext.h"
#include "unit.h"

#define PUSHES_MAX 8

/* What the data path queues. */
static struct push {
	const struct target *target;
	unsigned port;
	uint32_t len;
} pushes[PUSHES_MAX];
static size_t npushes;

void __wrap_target_push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame);

void
__wrap_target_push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	if (npushes < PUSHES_MAX)
		pushes[npushes++] = (struct push) { t, port,
			frame->head_len + frame->body_len };
}

/* What the kernel's tables have: everything goes by this router; who is at a
 * MAC address, its last byte here, or 0. */
static struct router route; /* ifindex 0: there is none */
static uint8_t mac_of_hop, mac_of_router;

int __wrap_router_find(struct router *r, const struct addr *dst,
    const struct addr *src, struct err *err);
bool __wrap_router_mac(uint8_t mac[static HOPS_MAC], unsigned ifindex,
    const struct addr *a);

int
__wrap_router_find(struct router *r, const struct addr *dst,
    const struct addr *src, struct err *err)
{
	*r = route;
	if (route.direct)
		r->address = *dst;
	return route.ifindex == 0 ? -1 : 0;
}

bool
__wrap_router_mac(uint8_t mac[static HOPS_MAC], unsigned ifindex,
    const struct addr *a)
{
	static const struct addr hop = { AF_INET, { 10, 0, 0, 1 } };
	uint8_t last = addr_equal(a, &hop) ? mac_of_hop : mac_of_router;

	memcpy(mac, (uint8_t[HOPS_MAC]) { 6, 0, 0, 0, 0, last }, HOPS_MAC);
	return last != 0;
}

static struct addr eth0_addrs[] = { { AF_INET, { 10, 0, 0, 14 } },
	{ AF_INET6, { 0xfd, [15] = 14 } } };
static struct addr lo_addrs[] = { { AF_INET, { 127, 0, 0, 1 } } };
static struct iface interfaces[] = {
	{ .name = "eth0",
	    .index = 2,
	    .up = true,
	    .ethernet = true,
	    .mac = { 2, 0, 0, 0, 0, 0x0a },
	    .addrs = eth0_addrs,
	    .naddrs = 2 },
	{ .name = "eth1",
	    .index = 3,
	    .ethernet = true,
	    .mac = { 2, 0, 0, 0, 0, 0x0b } },
	{ .name = "lo",
	    .index = 1,
	    .up = true,
	    .ethernet = true,
	    .loopback = true,
	    .addrs = lo_addrs,
	    .naddrs = 1 },
	{ .name = "tun0", .index = 4, .up = true },
};
static const struct iface_list ifaces = { interfaces, 4 };

/* One mirror with these options, planned. */
static struct conf *conf;
static struct mirror *mirror;
static struct target_plan *plan;
static struct bandwidth bandwidth;
static struct copy_memory memory;

#define TARGETS                                       \
	"target a { address = 127.0.9.1 }\n"          \
	"target b { address = 127.0.9.2 weight = 3 "  \
	"encap = geneve source-ports = 3 }\n"         \
	"target c { address = 127.0.9.3 weight = 0 }" \
	"target g { address = 127.0.9.4 encap = gre }\n"

static void
open_mirror(const char *options)
{
	struct err err;
	char *text;

	if (asprintf(&text, TARGETS "mirror m { %s }\n", options) == -1)
		abort();
	conf = conftext_load(text, NULL);
	plan = target_plan_new();
	if (conf == NULL || plan == NULL ||
	    mirror_plan(&mirror, conf, &conf->mirrors[0], &bandwidth, plan,
		&err) == -1) {
		printf("%s\n", text);
		abort();
	}
	memset(&memory, 0, sizeof(memory));
	free(text);
}

static void
close_mirror(void)
{
	mirror_free(mirror);
	target_plan_free(plan);
	conf_free(conf);
}

static uint8_t frame[CRAFT_MAX];

static struct explain_question
ask(const char *text)
{
	static const uint8_t macs[12] = { 4, 0, 0, 0, 0, 1, 4, 0, 0, 0, 0, 2 };
	struct explain_question q = { .ifaces = &ifaces, .each_rule = true };
	struct flowtext f;
	struct err err;

	if (flowtext_parse(&f, text, &err) == -1) {
		printf("%s: %s\n", text, err.text);
		abort();
	}
	q.way = f.way;
	q.packet.data = frame;
	q.packet.caplen = q.packet.len = craft_frame(frame, &f, macs);
	q.packet.rule = PACKET_NO_RULE;
	return q;
}

/* The data path, as ring.c and mirror.c go it. */
static bool
run(struct packet p, bool loopback, enum packet_direction d, uint64_t source)
{
	uint64_t bytes;

	npushes = 0;
	p.direction = d;
	if (!filter_match_direction(mirror->filter, d, loopback) ||
	    !filter_match(mirror->filter, p.data, p.caplen, p.len, &p.rule) ||
	    filter_is_copy(mirror->filter, &p))
		return false;
	pipeline_packet(&mirror->pipeline, source, &p, &bytes);
	return npushes > 0;
}

static bool
same_copy(const struct pipeline_copy *c, const struct push *p)
{
	struct target_forecast f;

	target_foresee(p->target, p->port, p->len, &f);
	return c->to == p->target && c->frame == p->len &&
	    c->target.source_port == f.source_port &&
	    c->target.fate == f.fate && c->target.len == f.len;
}

/* Whether all that was queued was foreseen, and the other way round. */
static bool
same_copies(const struct explain *e)
{
	bool turns = mirror_conf(mirror)->balance == CONF_BALANCE_PACKET;
	size_t found = 0;

	for (size_t i = 0; i < npushes; i++)
		for (size_t k = 0; k < e->forecast.n; k++)
			found += same_copy(&e->forecast.copies[k], &pushes[i]);
	return found == npushes && (turns || npushes == e->forecast.n);
}

/* ---- random packets ------------------------------------------------------ */

#define PICK(v) ((v)[unit_random() % (sizeof(v) / sizeof((v)[0]))])

static const char *const mirrors[] = {
	"sources = eth0 targets = { a, b, c }",
	"sources = eth0 targets = { a, b, g } direction = out balance = source",
	"sources = eth0 targets = { a, b, g } direction = in filter = any "
	"rule x { protocol = tcp dst-port = 1-3 } rule y { src = 10.0.0.14 } "
	"balance = packet sample = 2",
	"sources = eth0 targets = { a, g } filter = first truncate = 64 "
	"rule x { protocol = udp action = drop } "
	"rule y { protocol = tcp dst-port = 1 action = drop } rule z { } "
	"balance = replicate",
	"sources = eth0 targets = { a, b } bpf = \"tcp or udp dst port 3\" "
	"rule x { dst-port = 1-3 } rule y { src-port = 1-3 } sample = 3",
	"sources = lo targets = c exclude-targets = false",
	"sources = lo targets = { b, g } filter = any oversize = truncate "
	"rule x { dst = 10.0.0.1 src-port = 3 bidirectional = true } ",
	"sources = lo targets = { b, g } oversize = drop balance = replicate",
};

static const char *
random_flow(char *buf, size_t size)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	static const char *const hosts[] = { "10.0.0.14", "10.0.0.1",
		"192.0.2.1", "127.0.9.1", "127.0.9.3" };
	static const char *const hosts6[] = { "fd00::e", "fd00::1", "::1" };
	static const char *const ways[] = { "in", "out" };
	static const unsigned lens[] = { 60, 64, 100, 1514, 65500, 65535 };
	bool v6 = unit_random() % 4 == 0;
	const char *src = v6 ? PICK(hosts6) : PICK(hosts);
	const char *dst = v6 ? PICK(hosts6) : PICK(hosts);

	if (unit_random() % 8 == 0)
		snprintf(buf, size, "%s %s > %s %s", v6 ? "icmp6" : "icmp", src,
		    dst, PICK(ways));
	else
		snprintf(buf, size,
		    v6 ? "%s [%s]:%u > [%s]:%u %s len %u" :
			 "%s %s:%u > %s:%u %s len %u",
		    PICK(protocols), src, (unsigned)(unit_random() % 5), dst,
		    (unsigned)(unit_random() % 5), PICK(ways), PICK(lens));
	return buf;
}

static void
check(const char *text)
{
	struct explain_question q = ask(text);
	struct explain e = { .mirrored = false };
	struct pipeline before = mirror->pipeline;
	bool sent, good;

	CU_ASSERT_EQUAL_FATAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
	good = memcmp(&before, &mirror->pipeline, sizeof(before)) == 0;
	sent = run(q.packet, e.way.iface->loopback, e.way.direction,
	    source_identity(e.way.iface));
	/* What is too large goes as far as its target. */
	for (size_t i = 0; !e.mirrored && i < e.nconditions; i++)
		if (strcmp(e.conditions[i].name, "oversize") == 0 &&
		    explain_obstacle(&e) == &e.conditions[i])
			e.mirrored = true;
	good = good && sent == e.mirrored && (!sent || same_copies(&e));
	CU_ASSERT_TRUE(good);
	if (!good)
		printf("%s: sent %d, mirrored %d\n", text, sent, e.mirrored);
	explain_fini(&e);
}

static void
test_random(void)
{
	char buf[200];

	for (size_t i = 0; i < sizeof(mirrors) / sizeof(mirrors[0]); i++) {
		open_mirror(mirrors[i]);
		for (int n = 0; n < 3000; n++)
			check(random_flow(buf, sizeof(buf)));
		close_mirror();
	}
}

/* ---- reasons ------------------------------------------------------------- */

/* The first obstacle, or "" if it is mirrored. */
static const char *
obstacle(const char *text)
{
	struct explain_question q = ask(text);
	static char name[32];
	struct explain e = { .mirrored = false };
	const struct explain_condition *o;

	CU_ASSERT_EQUAL_FATAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
	o = explain_obstacle(&e);
	CU_ASSERT_EQUAL(e.mirrored, o == NULL);
	snprintf(name, sizeof(name), "%s", o == NULL ? "" : o->name);
	explain_fini(&e);
	return name;
}

#define FLOW "udp 10.0.0.14:1 > 10.0.0.1:2 "

static void
expect(const char *options, const char *flow, const char *want)
{
	open_mirror(options);
	CU_ASSERT_STRING_EQUAL(obstacle(flow), want);
	close_mirror();
}

static void
test_reasons(void)
{
	static const char *const m = "sources = { eth0, eth1, tun0 } "
				     "targets = a direction = out";

	expect(m, FLOW, "");
	expect(m, FLOW "out on eth0", "");
	expect(m, FLOW "on eth1", "source");
	expect(m, FLOW "on tun0", "source");
	expect(m, FLOW "on lo", "source");
	expect(m, FLOW "on eth9", "source");
	expect(m, FLOW "in", "direction");
	expect(m, "udp 10.0.0.1 > 10.0.0.14", "direction");
	expect(m, "udp 10.7.0.1 > 10.7.0.2", "");
	expect("sources = eth7 targets = a", FLOW, "source");
	expect("sources = lo targets = a", FLOW "on lo", "");
	expect("sources = lo targets = a", FLOW "on lo out", "direction");
	expect("sources = eth0 targets = a collect = false", FLOW, "collect");
	expect("sources = eth0 targets = c", FLOW, "targets");
	expect("sources = eth0 targets = a", "tcp 10.0.0.14 > 127.0.9.1",
	    "exclude-targets");
	expect("sources = eth0 targets = a exclude-targets = false",
	    "tcp 10.0.0.14 > 127.0.9.1", "");
	expect("sources = eth0 targets = a bpf = tcp", FLOW, "bpf");
	expect("sources = eth0 targets = a rule x { protocol = tcp }", FLOW,
	    "rules");
}

/* ---- next hops ----------------------------------------------------------- */

#define HOPS "sources = eth0 targets = a next-hop = { 10.0.0.1, 10.0.0.2 }"
#define FAR  "udp 10.0.0.14:1 > 192.0.2.1:2 "

/* What the condition next-hop says; "none" if there is none. */
static const char *
next_hop(struct explain_question q)
{
	static const char *const results[] = { "yes ", "no ", "? " };
	static char text[EXPLAIN_DETAIL_MAX + 8];
	struct explain e = { .mirrored = false };

	strcpy(text, "none");
	CU_ASSERT_EQUAL_FATAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
	for (size_t i = 0; i < e.nconditions; i++)
		if (strcmp(e.conditions[i].name, "next-hop") == 0)
			snprintf(text, sizeof(text), "%s%s",
			    results[e.conditions[i].result],
			    e.conditions[i].detail);
	CU_ASSERT_EQUAL(e.mirrored, explain_obstacle(&e) == NULL);
	explain_fini(&e);
	return text;
}

static void
expect_hop(const char *flow, const char *want)
{
	struct explain_question q = ask(flow);
	const char *got;

	q.crafted = true;
	got = next_hop(q);
	CU_ASSERT_STRING_EQUAL(got, want);
	if (strcmp(got, want) != 0)
		printf("%s: %s\n", flow, got);
}

static void
set_route(unsigned ifindex, const char *router)
{
	route = (struct router) { ifindex, router == NULL, { 0 } };
	if (router != NULL)
		CU_ASSERT_EQUAL(addr_parse(&route.address, router), 0);
}

static void
test_route_to_next_hop(void)
{
	open_mirror(HOPS);
	set_route(2, "10.0.0.1");
	mac_of_hop = mac_of_router = 0;
	expect_hop(FAR,
	    "? 10.0.0.1 is unresolved, 10.0.0.2 is unresolved in this host's "
	    "neighbour table; a daemon that collects would have it resolved");
	mac_of_hop = 7;
	expect_hop(FAR,
	    "yes the route to 192.0.2.1 goes by 10.0.0.1, at "
	    "06:00:00:00:00:07");
	expect_hop(FAR "in", "no it comes in");
	/* The other one is not resolved; a third is known or not. */
	set_route(2, "10.0.0.2");
	expect_hop(FAR,
	    "? the route to 192.0.2.1 goes by 10.0.0.2, which is unresolved");
	set_route(2, "fe80::1");
	expect_hop(FAR,
	    "? the route to 192.0.2.1 goes by fe80::1, at a MAC address that "
	    "is not known");
	mac_of_router = 7;
	expect_hop(FAR,
	    "yes the route to 192.0.2.1 goes by fe80::1, at "
	    "06:00:00:00:00:07: 10.0.0.1 is at 06:00:00:00:00:07, 10.0.0.2 is "
	    "at 06:00:00:00:00:07");
	set_route(2, NULL);
	expect_hop(FLOW,
	    "yes 10.0.0.1 is on the network of eth0, at 06:00:00:00:00:07");
	set_route(3, "10.0.0.1");
	expect_hop(FAR, "? the route to 192.0.2.1 leaves by eth1");
	set_route(9, "10.0.0.1");
	expect_hop(FAR, "? the route to 192.0.2.1 leaves by another interface");
	set_route(0, NULL);
	expect_hop(FAR, "no there is no route to 192.0.2.1");
	expect_hop(FAR "on eth1", "none");
	close_mirror();
}

/* The daemon knows them better than the kernel's table; and frames of a capture
 * say where they go. */
static void
test_heard_next_hop(void)
{
	struct source s = { .ifindex = 2 }, *sources[] = { &s };
	static const uint8_t mac[] = { 4, 0, 0, 0, 0, 1 };
	struct explain_question q;

	open_mirror(HOPS);
	nexthop_init(&s.nexthops, mirror->conf, NULL);
	mirror->sources = sources;
	mirror->nsources = 1;
	set_route(2, "10.0.0.1");
	mac_of_hop = 7;
	expect_hop(FAR,
	    "no 10.0.0.1 is unresolved, 10.0.0.2 is unresolved: nothing is "
	    "collected");
	nexthop_hear(&s.nexthops, &mirror->conf->next_hops[1], mac);
	expect_hop(FAR,
	    "no the route to 192.0.2.1 goes by 10.0.0.1, which is unresolved");
	set_route(2, "10.0.0.3");
	mac_of_router = 8;
	expect_hop(FAR,
	    "no the route to 192.0.2.1 goes by 10.0.0.3, at "
	    "06:00:00:00:00:08, which is none; 10.0.0.1 is unresolved, "
	    "10.0.0.2 is at 04:00:00:00:00:01");
	q = ask(FAR);
	CU_ASSERT_STRING_EQUAL(next_hop(q),
	    "yes it is sent to 04:00:00:00:00:01: 10.0.0.1 is unresolved, "
	    "10.0.0.2 is at 04:00:00:00:00:01");
	frame[0] = 8;
	CU_ASSERT_STRING_EQUAL(next_hop(q),
	    "no it is sent to 08:00:00:00:00:01: that is none; 10.0.0.1 is "
	    "unresolved, 10.0.0.2 is at 04:00:00:00:00:01");
	mirror->sources = NULL;
	mirror->nsources = 0;
	close_mirror();
}

/* Rungs of under-pressure, and a breaker that has tripped. */
static void
test_state(void)
{
	struct explain_question q;
	struct explain e = { .mirrored = false };

	open_mirror("sources = eth0 targets = a "
		    "under-pressure = { \"truncate 64\", stop }");
	CU_ASSERT_STRING_EQUAL(obstacle(FLOW), "");
	mirror->relief.pressure.rung = 2;
	CU_ASSERT_STRING_EQUAL(obstacle(FLOW), "under-pressure");
	mirror->relief.pressure.rung = 0;
	mirror->pipeline.loop.tripped = true;
	q = ask(FLOW);
	CU_ASSERT_EQUAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
	CU_ASSERT_TRUE(e.mirrored);
	explain_fini(&e);
	close_mirror();
}

/* Which way a packet is thought to take. */
static void
test_way(void)
{
	static const struct {
		const char *flow, *iface;
		int direction; /* -1: not known */
	} cases[] = {
		{ FLOW, "eth0", PACKET_OUT },
		{ "udp 10.0.0.1 > 10.0.0.14", "eth0", PACKET_IN },
		{ "udp 10.0.0.1 > 10.0.0.14 out", "eth0", PACKET_OUT },
		{ "udp fd00::1 > fd00::e", "eth0", PACKET_IN },
		{ "udp 10.7.0.1 > 10.7.0.2", "eth0", -1 },
		{ "udp 10.7.0.1 > 10.7.0.2 on eth1", "eth1", -1 },
		{ "udp 127.0.0.1 > 10.7.0.2", "lo", PACKET_IN },
	};
	struct explain e;

	open_mirror("sources = { eth1, eth0, lo } targets = a");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct explain_question q = ask(cases[i].flow);

		memset(&e, 0, sizeof(e));
		CU_ASSERT_EQUAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
		CU_ASSERT_STRING_EQUAL(e.way.iface->name, cases[i].iface);
		CU_ASSERT_EQUAL(e.way.has_direction, cases[i].direction >= 0);
		if (e.way.has_direction)
			CU_ASSERT_EQUAL((int)e.way.direction,
			    cases[i].direction);
		explain_fini(&e);
	}
	/* A MAC address says more than an address. */
	for (int in = 0; in < 2; in++) {
		struct explain_question q = ask(FLOW);

		memcpy(frame + (in ? 0 : 6), interfaces[1].mac, 6);
		memset(&e, 0, sizeof(e));
		CU_ASSERT_EQUAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
		CU_ASSERT_STRING_EQUAL(e.way.iface->name, "eth1");
		CU_ASSERT_EQUAL(e.way.direction, in ? PACKET_IN : PACKET_OUT);
		explain_fini(&e);
	}
	close_mirror();
}

/* More rules than are told of: the nearest come first. */
static void
test_many_rules(void)
{
	struct explain e = { .mirrored = false };
	char lacks[EXPLAIN_LACKS_MAX], *text = NULL;
	struct explain_question q;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs("sources = eth0 targets = a filter = any", f);
	for (unsigned i = 0; i < 100; i++)
		fprintf(f,
		    "\nrule r%u { protocol = %s dst-port = 9 "
		    "src = 10.0.0.%u }",
		    i, i == 70 ? "udp" : "tcp", i == 70 ? 14 : 99);
	fclose(f);
	open_mirror(text);
	q = ask(FLOW);
	CU_ASSERT_EQUAL(explain_ask(&e, mirror, &q, &memory, NULL), 0);
	CU_ASSERT_EQUAL(e.nrules, EXPLAIN_RULES);
	CU_ASSERT_EQUAL(e.rules[0].rule, 70);
	CU_ASSERT_STRING_EQUAL(explain_lacks(e.rules[0].lacks, lacks),
	    "dst-port");
	CU_ASSERT_EQUAL(e.rules[1].rule, 0);
	CU_ASSERT_STRING_EQUAL(explain_lacks(e.rules[1].lacks, lacks),
	    "src, protocol, dst-port");
	explain_fini(&e);
	close_mirror();
	free(text);
}

static const struct unit_test tests[] = {
	{ "random", test_random },
	{ "reasons", test_reasons },
	{ "route to next hop", test_route_to_next_hop },
	{ "heard next hop", test_heard_next_hop },
	{ "state", test_state },
	{ "way", test_way },
	{ "many rules", test_many_rules },
};
UNIT_MAIN("explain", tests)
