/* SPDX-License-Identifier: ISC */
/* Targets of several places: in the configuration, and in what keeps their
 * traffic out of a mirror. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/iface.h"
#include "capture/copy.h"
#include "capture/filter.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "conf/select.h"
#include "conftext.h"
#include "frame.h"
#include "unit.h"

#define MANY 64

static const uint8_t vxlan[] = { 8, 0, 0, 0, 0, 0, 1, 0 };

static struct conf_place
place(const char *address, uint16_t port, uint16_t weight)
{
	struct conf_place p = { .port = port, .weight = weight };

	CU_ASSERT_EQUAL_FATAL(addr_parse(&p.address, address), 0);
	return p;
}

/* An overlay whose first target has these places. */
static struct conf *
make(const char *options, const struct conf_place *v, size_t n)
{
	struct conf *base, *c;
	char *text;

	if (asprintf(&text,
		"target t { address = pool.example }\n"
		"target one { address = 192.0.2.9 }\n"
		"mirror m { sources = all targets = { t, one } %s }",
		options) == -1)
		abort();
	base = conftext_load(text, NULL);
	free(text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(base);
	c = overlay_new(base);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL(overlay_set_places(c, &c->targets[0], v, n), 0);
	CU_ASSERT_EQUAL(base->targets[0].nplaces, 0);
	conf_free(base);
	return c;
}

/* The most that a name may have. */
static size_t
make_many(struct conf_place v[static MANY], bool six)
{
	char address[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < MANY; i++) {
		/* The numbers are far from each other. */
		snprintf(address, sizeof(address),
		    six ? "fd00::%u:0" : "10.0.0.%u", i * 37 % 251);
		v[i] = place(address, 4789, 1);
	}
	return MANY;
}

static void
test_tidy(void)
{
	const struct conf_place v[] = { place("fd00::1", 4789, 1),
		place("10.0.0.2", 4790, 1), place("10.0.0.10", 4789, 2),
		place("10.0.0.2", 4789, 1), place("10.0.0.10", 4789, 7),
		place("fd00::1", 4789, 1) };
	struct conf *c = make("", v, 6);
	const struct conf_target *t = &c->targets[0];

	CU_ASSERT_EQUAL_FATAL(t->nplaces, 4);
	CU_ASSERT_EQUAL(t->places[0].address.bytes[3], 2);
	CU_ASSERT_EQUAL(t->places[1].address.bytes[3], 10);
	CU_ASSERT_EQUAL(t->places[1].weight, 7);
	CU_ASSERT_EQUAL(t->places[2].port, 4790);
	CU_ASSERT_EQUAL(t->places[3].address.family, AF_INET6);
	CU_ASSERT_EQUAL(c->targets[1].nplaces, 1);
	/* Others in their stead, and none. */
	CU_ASSERT_EQUAL(overlay_set_places(c, &c->targets[0], v, 1), 0);
	CU_ASSERT_EQUAL(t->nplaces, 1);
	CU_ASSERT_EQUAL(overlay_set_places(c, &c->targets[0], NULL, 0), 0);
	CU_ASSERT_EQUAL(t->nplaces, 0);
	conf_free(c);
}

/* What owns a place is no source by "all". */
static void
test_owner(void)
{
	const struct conf_place v[] = { place("10.0.0.1", 4789, 1),
		place("fd00::2", 4789, 1) };
	struct conf *c = make("", v, 2);
	struct addr addr = v[1].address;
	struct iface i = { .name = "eth0",
		.ethernet = true,
		.addrs = &addr,
		.naddrs = 1 };

	CU_ASSERT_TRUE(select_owns_target(c, &i));
	CU_ASSERT_FALSE(select_source(c, &c->mirrors[0], &i));
	CU_ASSERT_FALSE(select_owns_target(c->base, &i));
	CU_ASSERT_TRUE(select_source(c->base, &c->base->mirrors[0], &i));
	conf_free(c);
}

static struct frame
udp(const char *dst, uint16_t port, bool copy)
{
	bool six = strchr(dst, ':') != NULL;
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, six ? "fd00::99" : "10.1.1.1", dst, IPPROTO_UDP, 58);
	frame_udp(&f, 50000, port, 0);
	if (copy)
		frame_bytes(&f, vxlan, sizeof(vxlan));
	while (f.len < 112)
		frame_bytes(&f, (const uint8_t *)"", 1);
	return f;
}

static bool
passes(const struct filter *f, const struct frame *fr)
{
	uint32_t len = (uint32_t)fr->len, rule;

	return filter_match(f, fr->b, len, len, &rule);
}

static void
test_copies(void)
{
	const struct conf_place v[] = { place("10.0.0.1", 5000, 1),
		place("fd00::2", 5001, 1) };
	struct conf *c = make("", v, 2);
	const struct frame to[] = { udp("10.0.0.1", 5000, true),
		udp("fd00::2", 5001, true), udp("10.0.0.2", 5000, true) };
	struct copy *copies;

	CU_ASSERT_EQUAL_FATAL(copy_new(&copies, c, NULL), 0);
	CU_ASSERT_EQUAL(copy_look(copies, to[0].b, to[0].len), COPY_OURS);
	CU_ASSERT_EQUAL(copy_look(copies, to[1].b, to[1].len), COPY_OURS);
	CU_ASSERT_NOT_EQUAL(copy_look(copies, to[2].b, to[2].len), COPY_OURS);
	copy_free(copies);
	conf_free(c);
}

/* All places are left out, and the kernel takes the program, but for the one
 * that has to compare 64 long addresses with source and destination. */
static void
check_many(const char *options, bool six, bool copies_only)
{
	struct conf_place v[MANY];
	struct conf *c = make(options, v, make_many(v, six));
	struct filter *f;
	int wrong = 0;

	CU_ASSERT_EQUAL_FATAL(filter_new(&f, c, &c->mirrors[0], NULL), 0);
	CU_ASSERT(filter_place(f) == FILTER_KERNEL || (six && !copies_only));
	for (size_t i = 0; i < MANY; i++) {
		char address[ADDR_TEXT_MAX];
		struct frame copy, other;

		addr_format(&v[i].address, address);
		copy = udp(address, 4789, true);
		other = udp(address, 53, false);
		wrong += passes(f, &copy);
		wrong += passes(f, &other) != copies_only;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	filter_free(f);
	conf_free(c);
}

static void
test_many(void)
{
	check_many("", false, false);
	check_many("exclude-targets = false", false, true);
	check_many("", true, false);
	check_many("exclude-targets = false", true, true);
}

/* Other targets with other ports do not mix with these. */
static void
test_ports(void)
{
	const struct conf_place v[] = { place("10.0.0.1", 5000, 1),
		place("10.0.0.2", 5001, 1) };
	struct conf *c = make("exclude-targets = false", v, 2);
	const struct frame out[] = { udp("10.0.0.1", 5000, true),
		udp("10.0.0.2", 5001, true), udp("192.0.2.9", 4789, true) };
	const struct frame in[] = { udp("10.0.0.1", 5001, true),
		udp("10.0.0.2", 5000, true), udp("192.0.2.9", 5000, true) };
	struct filter *f;

	CU_ASSERT_EQUAL_FATAL(filter_new(&f, c, &c->mirrors[0], NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_FALSE(passes(f, &out[i]));
		CU_ASSERT_TRUE(passes(f, &in[i]));
	}
	filter_free(f);
	conf_free(c);
}

static const struct unit_test tests[] = {
	{ "tidy", test_tidy },
	{ "owner of a place", test_owner },
	{ "copies", test_copies },
	{ "many places", test_many },
	{ "ports", test_ports },
};
UNIT_MAIN("places", tests)
