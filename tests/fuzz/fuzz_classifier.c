/* SPDX-License-Identifier: ISC */
/* Any bytes as rules and a frame: the classifier says what libpcap's programs
 * of the same rules say, and reads no further than the frame. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/classifier.h"
#include "capture/compile.h"
#include "capture/program.h"
#include "conf/conf.h"
#include "whole.h"

#define RULES 6
#define LIST  3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes are taken from the front; behind the end there are zeros. */
struct input {
	const uint8_t *p;
	size_t len;
};

struct rule_space {
	struct addr_prefix prefixes[2][LIST];
	struct conf_ports ports[2][LIST];
};

static void
require(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static uint8_t
take(struct input *in)
{
	if (in->len == 0)
		return 0;
	in->len--;
	return *in->p++;
}

/* Addresses that frames are likely to have, of any length. */
static struct addr_prefix
take_prefix(struct input *in)
{
	static const char *const texts[] = { "10.0.0.14", "192.0.2.1",
		"0.0.0.0", "255.255.255.255", "fd00::14", "2001:db8::1",
		"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
	struct addr_prefix p = { .len = 0 };
	uint8_t which = take(in), len = take(in);
	unsigned bits;

	require(addr_parse(&p.addr, texts[which % 8]) == 0, "address");
	bits = p.addr.family == AF_INET ? 32 : 128;
	p.addr.bytes[which >> 3 & (bits / 8 - 1)] ^= which >> 7;
	p.len = len % (bits + 1);
	for (unsigned i = p.len; i < bits; i++)
		p.addr.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	return p;
}

static struct conf_ports
take_ports(struct input *in)
{
	static const uint16_t ends[] = { 0, 1, 53, 80, 443, 1023, 40000,
		65535 };
	uint8_t b = take(in);
	uint16_t x = ends[b & 7], y = ends[b >> 3 & 7];

	return (struct conf_ports) { x < y ? x : y, x < y ? y : x };
}

static uint16_t
take_protocol(struct input *in)
{
	static const uint16_t some[] = { CONF_PROTOCOL_ANY, IPPROTO_TCP,
		IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_ICMPV6,
		IPPROTO_FRAGMENT };
	uint8_t b = take(in);

	return b < 0x80 ? some[b % (sizeof(some) / sizeof(some[0]))] : take(in);
}

/* Conditions on ports only where the configuration allows them. */
static void
take_rule(struct conf_rule *r, struct rule_space *s, struct input *in)
{
	uint8_t counts = take(in), flags = take(in);

	memset(r, 0, sizeof(*r));
	r->name = (char[]) { "r" };
	r->protocol = take_protocol(in);
	r->drop = flags & 1;
	r->bidirectional = flags >> 1 & 1;
	r->src = s->prefixes[0];
	r->dst = s->prefixes[1];
	r->src_port = s->ports[0];
	r->dst_port = s->ports[1];
	for (r->nsrc = 0; r->nsrc < (counts & 3); r->nsrc++)
		r->src[r->nsrc] = take_prefix(in);
	for (r->ndst = 0; r->ndst < (counts >> 2 & 3); r->ndst++)
		r->dst[r->ndst] = take_prefix(in);
	if (r->protocol != CONF_PROTOCOL_ANY && r->protocol != IPPROTO_TCP &&
	    r->protocol != IPPROTO_UDP && r->protocol != IPPROTO_SCTP)
		return;
	for (; r->nsrc_port < (counts >> 4 & 3); r->nsrc_port++)
		r->src_port[r->nsrc_port] = take_ports(in);
	for (; r->ndst_port < (counts >> 6 & 3); r->ndst_port++)
		r->dst_port[r->ndst_port] = take_ports(in);
}

static bool
program_says(const struct conf_mirror *m, const uint8_t *frame, size_t len)
{
	static const struct program none[PROGRAM_LEVELS];
	struct program body = { 0 }, p = { 0 };
	struct err err = { "" };
	bool ok;

	require(compile_rules(&body, m, SIZE_MAX, &err) == 0, err.text);
	program_add_levels(&p, none, &body, PROGRAM_LEVELS);
	require(!body.no_memory && !p.no_memory, "memory");
	ok = program_match(&p, frame, (uint32_t)len, (uint32_t)len);
	program_fini(&body);
	program_fini(&p);
	return ok;
}

/* No rule before the one that decided matches by itself, and that one does. */
static void
check_decision(const struct conf_mirror *m, uint32_t rule, const uint8_t *frame,
    size_t len, bool whole)
{
	require(rule < m->nrules && !m->rules[rule].drop, "bad decision");
	for (size_t i = 0; i <= rule; i++) {
		struct conf_rule r = m->rules[i];
		struct conf_mirror one = { .filter = CONF_FILTER_ANY,
			.rules = &r,
			.nrules = 1 };
		bool matches;

		r.drop = false;
		matches = program_says(&one, frame, len);
		if (i < rule)
			require(!matches, "an earlier rule matches");
		else
			require(matches || !whole, "the rule does not match");
	}
}

static void
check(const struct conf_mirror *m, const uint8_t *frame, size_t len)
{
	struct classifier *c;
	struct err err = { "" };
	bool whole = whole_frame(frame, len), ours, theirs;
	uint32_t rule, again;

	require(classifier_new(&c, m, &err) == 0, err.text);
	ours = classifier_match(c, frame, len, &rule);
	require(classifier_match(c, frame, len, &again) == ours &&
		again == rule,
	    "remembered wrongly");
	theirs = program_says(m, frame, len);
	require(ours || !theirs, "only the program accepts");
	require(theirs || !ours || !whole, "only the classifier accepts");
	if (ours && m->filter != CONF_FILTER_ALL)
		check_decision(m, rule, frame, len, whole);
	else
		require(rule == PACKET_NO_RULE, "a rule without a reason");
	classifier_free(c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_rule rules[RULES];
	struct rule_space space[RULES];
	struct input in = { data, size };
	struct conf_mirror m = { .rules = rules };
	uint8_t b = take(&in);
	uint8_t *frame;

	m.filter = (enum conf_filter)(b % 3);
	m.nrules = b / 3 % RULES + 1;
	for (size_t i = 0; i < m.nrules; i++) {
		take_rule(&rules[i], &space[i], &in);
		rules[i].drop &= m.filter == CONF_FILTER_FIRST;
	}
	/* Of its own size, so that a sanitizer sees its end. */
	frame = malloc(in.len + (in.len == 0));
	require(frame != NULL, "memory");
	memcpy(frame, in.p, in.len);
	check(&m, frame, in.len);
	free(frame);
	return 0;
}
