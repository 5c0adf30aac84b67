/* SPDX-License-Identifier: ISC */
/* Flows that a mirror collects, and such as reach all places of its targets. */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/filter.h"
#include "conf/conf.h"
#include "conf/flowtext.h"
#include "deliver/balance.h"
#include "mirror/aim.h"
#include "mirror/pipeline.h"
#include "packet/flow.h"
#include "packet/packet.h"

#define CHOICES	    16	  /* of each field */
#define TRIES	    20000 /* looks at the filter, about 1 us each */
#define SPREAD	    65536 /* variations of one field */
#define SPREAD_MISS 2000  /* of one field that the filter rejects */

static const struct beacon empty;

/* From what a flow may be put together, best first. */
struct choices {
	uint8_t protocols[CHOICES];
	struct addr src[CHOICES], dst[CHOICES];
	uint16_t src_ports[CHOICES], dst_ports[CHOICES];
	size_t nprotocols, nsrc, ndst, nsrc_ports, ndst_ports;
};

static uint32_t
build(uint8_t frame[static BEACON_FRAME_MAX], const struct beacon_flow *f)
{
	static const uint8_t mac[6];

	return beacon_build(frame, &empty, f, mac);
}

bool
aim_passes(const struct aim *a, const struct beacon_flow *f)
{
	uint8_t frame[BEACON_FRAME_MAX];
	uint32_t len = build(frame, f);
	struct packet p = { .data = frame, .caplen = len, .len = len };

	return filter_match(a->filter, frame, len, len, &p.rule) &&
	    !filter_is_copy(a->filter, &p);
}

/* ---- what the rules name ------------------------------------------------ */

static void
add_protocol(struct choices *c, unsigned protocol)
{
	if (c->nprotocols < CHOICES && protocol <= UINT8_MAX)
		c->protocols[c->nprotocols++] = (uint8_t)protocol;
}

/* The first host of the prefix. */
static void
add_prefix(struct addr *v, size_t *n, const struct addr_prefix *p)
{
	unsigned bits = p->addr.family == AF_INET ? 32 : 128;

	if (*n == CHOICES)
		return;
	v[*n] = p->addr;
	if (p->len + 1u < bits)
		v[*n].bytes[bits / 8 - 1] |= 1;
	++*n;
}

static void
add_prefixes(struct addr *v, size_t *n, const struct addr_prefix *p, size_t np)
{
	for (size_t i = 0; i < np; i++)
		add_prefix(v, n, &p[i]);
}

static void
add_ports(uint16_t *v, size_t *n, const struct conf_ports *p, size_t np)
{
	for (size_t i = 0; i < np && *n < CHOICES; i++)
		v[(*n)++] = p[i].lo;
}

static void
add_rule(struct choices *c, const struct conf_rule *r)
{
	add_protocol(c, r->protocol);
	add_prefixes(c->src, &c->nsrc, r->src, r->nsrc);
	add_prefixes(c->dst, &c->ndst, r->dst, r->ndst);
	add_ports(c->src_ports, &c->nsrc_ports, r->src_port, r->nsrc_port);
	add_ports(c->dst_ports, &c->ndst_ports, r->dst_port, r->ndst_port);
}

/* What stands where rules name nothing, or what does not fit together. */
static void
add_defaults(struct choices *c)
{
	static const struct addr_prefix src[] = {
		{ { AF_INET, { 192, 0, 2, 1 } }, 32 },
		{ { AF_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } }, 128 },
	};
	static const struct addr_prefix dst[] = {
		{ { AF_INET, { 198, 51, 100, 1 } }, 32 },
		{ { AF_INET6, { 0x20, 1, 0xd, 0xb8, [15] = 2 } }, 128 },
	};
	static const struct conf_ports any[] = { { 49152, 49152 } };
	static const struct conf_ports discard[] = { { 9, 9 } };

	add_protocol(c, IPPROTO_UDP);
	add_protocol(c, IPPROTO_TCP);
	add_protocol(c, IPPROTO_ICMP);
	add_protocol(c, IPPROTO_ICMPV6);
	add_prefixes(c->src, &c->nsrc, src, 2);
	add_prefixes(c->dst, &c->ndst, dst, 2);
	add_ports(c->src_ports, &c->nsrc_ports, any, 1);
	add_ports(c->dst_ports, &c->ndst_ports, discard, 1);
}

/* Combination number n, which goes to 0 with what it has been taken for. */
static void
combine(struct beacon_flow *f, const struct choices *c, size_t *n)
{
	f->protocol = c->protocols[*n % c->nprotocols];
	*n /= c->nprotocols;
	f->dst = c->dst[*n % c->ndst];
	*n /= c->ndst;
	f->src = c->src[*n % c->nsrc];
	*n /= c->nsrc;
	f->dst_port = c->dst_ports[*n % c->ndst_ports];
	*n /= c->ndst_ports;
	f->src_port = c->src_ports[*n % c->nsrc_ports];
	*n /= c->nsrc_ports;
}

static bool
is_sound(const struct beacon_flow *f)
{
	return f->src.family == f->dst.family &&
	    f->protocol !=
	    (f->src.family == AF_INET ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static bool
try_all(const struct aim *a, const struct choices *c, struct beacon_flow *f,
    unsigned *tries)
{
	for (size_t i = 0; *tries > 0; i++) {
		size_t rest = i;

		combine(f, c, &rest);
		if (rest > 0)
			return false; /* there are no more */
		if (!is_sound(f))
			continue;
		--*tries;
		if (aim_passes(a, f))
			return true;
	}
	return false;
}

bool
aim_find(const struct aim *a, struct beacon_flow *f)
{
	bool together = a->conf->filter == CONF_FILTER_ALL;
	struct choices c = { .nsrc = 0 };
	unsigned tries = TRIES;

	for (size_t i = 0; i < a->conf->nrules; i++) {
		const struct conf_rule *r = &a->conf->rules[i];

		if (r->drop)
			continue;
		if (!together)
			memset(&c, 0, sizeof(c));
		add_rule(&c, r);
		if (together)
			continue;
		add_defaults(&c);
		if (try_all(a, &c, f, &tries))
			return true;
	}
	if (!together && a->conf->nrules > 0)
		return false;
	add_defaults(&c);
	return try_all(a, &c, f, &tries);
}

/* ---- a flow for each target --------------------------------------------- */

enum field { SRC_PORT, DST_PORT, SRC, DST, FIELDS };

static void
move_addr(struct addr *a, uint32_t by)
{
	uint8_t *end = a->bytes + (a->family == AF_INET ? 2 : 14);

	bytes_put16(end, (uint16_t)(bytes_get16(end) + by));
}

/* Returns false if the flow has no such field. */
static bool
move(struct beacon_flow *f, enum field field, uint32_t by)
{
	switch (field) {
	case SRC_PORT:
		f->src_port = (uint16_t)(f->src_port + by);
		return beacon_has_id(f->protocol);
	case DST_PORT:
		f->dst_port = (uint16_t)(f->dst_port + by);
		return flowtext_has_ports(f->protocol);
	case SRC:
		move_addr(&f->src, by);
		return true;
	default:
		move_addr(&f->dst, by);
		return true;
	}
}

static bool
looks_at_flows(const struct aim *a)
{
	return a->conf->balance == CONF_BALANCE_FLOW ||
	    a->conf->balance == CONF_BALANCE_REPLICATE;
}

/* What is still to be reached, and what has been found. */
struct spread {
	const struct aim *aim;
	bool *reached; /* by member */
	size_t missing;
	struct beacon_flow *flows;
	size_t nflows;
};

/* The members that a flow goes to, of those that are missing; returns how
 * many, and marks them if that is asked for. */
static size_t
reach(struct spread *sp, uint64_t hash, bool mark)
{
	const struct aim *a = sp->aim;
	size_t n = 0;

	for (size_t i = 0; i < a->nchoosers; i++) {
		const struct chooser *c = &a->choosers[i];
		uint16_t k = balance_pick(c->balance, hash);

		if (k == BALANCE_NONE || sp->reached[c->first + k])
			continue;
		sp->reached[c->first + k] = mark;
		n++;
	}
	return n;
}

/* Takes a flow if it is of use. Returns false if it would be, but does not
 * pass. */
static bool
take(struct spread *sp, const struct beacon_flow *f)
{
	const struct aim *a = sp->aim;
	uint8_t frame[BEACON_FRAME_MAX];
	uint64_t hash = flow_hash(frame, build(frame, f));

	if (!balance_sampled(hash, a->sample) ||
	    (looks_at_flows(a) && reach(sp, hash, false) == 0))
		return true;
	if (!aim_passes(a, f))
		return false;
	sp->flows[sp->nflows++] = *f;
	sp->missing -= looks_at_flows(a) ? reach(sp, hash, true) : 1;
	return true;
}

/* Goes through the flows that differ in one field. */
static void
spread_field(struct spread *sp, const struct beacon_flow *like,
    enum field field)
{
	unsigned misses = 0;

	for (uint32_t by = 0; by < SPREAD && sp->missing > 0; by++) {
		struct beacon_flow f = *like;

		if (!move(&f, field, by) || misses == SPREAD_MISS)
			return;
		misses += !take(sp, &f);
	}
}

static size_t
count_members(const struct aim *a)
{
	size_t n = 0;

	if (!looks_at_flows(a))
		return 1;
	for (size_t i = 0; i < a->nchoosers; i++)
		for (size_t j = 0; j < a->choosers[i].n; j++)
			n += balance_share(a->choosers[i].balance, j) > 0;
	return n;
}

size_t
aim_spread(const struct aim *a, const struct beacon_flow *like,
    struct beacon_flow *flows)
{
	struct spread sp = { .aim = a,
		.reached = calloc(a->nmembers + 1, sizeof(bool)),
		.missing = count_members(a),
		.flows = flows };

	if (sp.reached == NULL)
		return 0;
	for (int field = 0; field < FIELDS; field++)
		spread_field(&sp, like, (enum field)field);
	free(sp.reached);
	return sp.nflows;
}

size_t
aim_turns(const struct aim *a)
{
	const struct chooser *c = a->choosers;
	double least = 1;

	if (a->conf->balance != CONF_BALANCE_PACKET || a->nchoosers == 0)
		return 1;
	for (size_t i = 0; i < c->n; i++) {
		double share = balance_share(c->balance, i);

		if (share > 0 && share < least)
			least = share;
	}
	return (size_t)(1 / least + 0.5);
}
