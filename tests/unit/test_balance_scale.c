/* SPDX-License-Identifier: ISC */
/* A fleet without a network: 10,000 sources share 100 targets, each with a
 * table of its own making, and talk to each other in 1,000,000 flows. */
#include "config.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "deliver/balance.h"
#include "packet/flow.h"
#include "unit.h"

#define SOURCES	 10000
#define TARGETS	 100
#define FLOWS	 1000000
#define ORDERS	 3 /* of the targets in the configurations of sources */
#define LOSSES	 3
#define NOBODY	 TARGETS
#define FRAME	 54
#define NAME_MAX 16

/* The table of one configuration, and which target each member is. */
struct table {
	struct balance *balance;
	uint16_t target[TARGETS];
	double part[TARGETS]; /* of the slots; by table_count */
};

struct flow {
	uint16_t a, b; /* the sources that see it */
	uint16_t port_a, port_b;
	uint8_t target;
};

static char names[TARGETS][NAME_MAX];
static struct table tables[ORDERS];
static struct flow flows[FLOWS];
static uint32_t count[TARGETS];

static uint32_t
below(uint32_t n)
{
	return (uint32_t)(((unit_random() >> 32) * n) >> 32);
}

/* All targets but lost, in an order of its own. */
static void
table_make(struct table *t, unsigned lost)
{
	struct balance_member m[TARGETS];
	struct err err = { "" };
	size_t n = 0;

	for (unsigned i = 0; i < TARGETS; i++)
		if (i != lost)
			t->target[n++] = (uint16_t)i;
	for (size_t i = n - 1; i > 0; i--) {
		uint32_t j = below((uint32_t)i + 1);
		uint16_t other = t->target[j];

		t->target[j] = t->target[i];
		t->target[i] = other;
	}
	for (size_t i = 0; i < n; i++)
		m[i] = (struct balance_member) { names[t->target[i]], 1, NULL,
			1 };
	if (balance_new(&t->balance, m, n, &err) == -1) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
}

static uint8_t
pick(const struct table *t, uint64_t hash)
{
	return (uint8_t)t->target[balance_pick(t->balance, hash)];
}

/* Counts whose the slots are. */
static void
table_count(struct table *t)
{
	memset(t->part, 0, sizeof(t->part));
	for (uint64_t i = 0; i < BALANCE_SLOTS; i++)
		t->part[pick(t, (i << 32) / BALANCE_SLOTS << 32)] += 1.0 /
		    BALANCE_SLOTS;
}

/* The packet that one source sends to the other, as both capture it. */
static uint64_t
hash_packet(uint16_t from, uint16_t to, uint16_t sport, uint16_t dport)
{
	uint8_t frame[FRAME] = { [12] = 8,
		[14] = 0x45,
		[17] = 40,
		[23] = 6,
		[26] = 10,
		[28] = from >> 8,
		(uint8_t)from,
		[30] = 10,
		[32] = to >> 8,
		(uint8_t)to };
	uint16_t ports[] = { htons(sport), htons(dport) };

	memcpy(frame + 34, ports, sizeof(ports));
	return flow_hash(frame, sizeof(frame));
}

static uint64_t
hash_there(const struct flow *f)
{
	return hash_packet(f->a, f->b, f->port_a, f->port_b);
}

static uint64_t
hash_back(const struct flow *f)
{
	return hash_packet(f->b, f->a, f->port_b, f->port_a);
}

static void
fleet_make(void)
{
	for (unsigned i = 0; i < TARGETS; i++)
		snprintf(names[i], sizeof(names[i]), "ids-%u", i);
	for (unsigned i = 0; i < ORDERS; i++)
		table_make(&tables[i], NOBODY);
	for (struct flow *f = flows; f < flows + FLOWS; f++) {
		f->a = (uint16_t)below(SOURCES);
		f->b = (uint16_t)below(SOURCES);
		f->port_a = (uint16_t)below(UINT16_MAX);
		f->port_b = (uint16_t)below(1024);
	}
}

static const struct table *
table_of(uint16_t source)
{
	return &tables[source % ORDERS];
}

/* What one end mirrors of a flow goes where the other end's copies go. */
static void
test_same_choice(void)
{
	int wrong = 0;

	fleet_make();
	table_count(&tables[0]);
	for (struct flow *f = flows; f < flows + FLOWS; f++) {
		uint64_t there = hash_there(f);

		f->target = pick(table_of(f->a), there);
		wrong += hash_back(f) != there;
		wrong += pick(table_of(f->b), there) != f->target;
		count[f->target]++;
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

/* Chi-square of counts of all targets; chance passes the bound once in some
 * millions. */
static bool
is_chance(double chi)
{
	return chi < TARGETS + 6 * sqrt(2 * TARGETS) + 20;
}

/* Of the parts from equal ones, printed; returns the standard deviation. */
static double
deviation(const char *what, const double part[static TARGETS])
{
	double sum = 0, worst = 0, sd;

	for (unsigned i = 0; i < TARGETS; i++) {
		double d = part[i] * TARGETS - 1;

		sum += d * d;
		worst = fmax(worst, fabs(d));
	}
	sd = sqrt(sum / TARGETS);
	printf("%s: standard deviation %.2f %%, worst %.2f %%\n", what,
	    sd * 100, worst * 100);
	return sd;
}

static void
test_even(void)
{
	double part[TARGETS], chi = 0;

	for (unsigned i = 0; i < TARGETS; i++)
		part[i] = tables[0].part[i];
	printf("\n%d targets, %d sources, %d flows\n", TARGETS, SOURCES, FLOWS);
	deviation("slots", part);
	for (unsigned i = 0; i < TARGETS; i++) {
		double want = part[i] * FLOWS, d = count[i] - want;

		chi += d * d / want;
		part[i] = (double)count[i] / FLOWS;
	}
	CU_ASSERT(deviation("flows", part) < 0.02);
	/* Beside the slots it is chance alone. */
	CU_ASSERT(is_chance(chi));
}

/* By balance = source: what each sends goes to one target. */
static void
test_sources(void)
{
	double part[TARGETS] = { 0 }, chi = 0;

	for (uint32_t s = 0; s < SOURCES; s++) {
		uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(s >> 8), (uint8_t)s };
		uint64_t hash = flow_hash_bytes(mac, sizeof(mac));
		uint8_t target = pick(table_of((uint16_t)s), hash);

		CU_ASSERT_EQUAL_FATAL(target, pick(&tables[0], hash));
		part[target] += 1.0 / SOURCES;
	}
	for (unsigned i = 0; i < TARGETS; i++) {
		double want = tables[0].part[i];

		chi += pow(part[i] - want, 2) / want * SOURCES;
	}
	printf("\n");
	deviation("sources (chance alone makes it 10 %)", part);
	CU_ASSERT(is_chance(chi));
}

/* Those who get what moved get it by the slots that they have got. */
static double
chi_square(const struct table *after, unsigned lost,
    const uint32_t got[static TARGETS])
{
	double chi = 0;

	for (unsigned i = 0; i < TARGETS; i++) {
		double want, was = tables[0].part[i];

		if (i == lost)
			continue;
		want = (after->part[i] - was) * FLOWS;
		if (want > 0)
			chi += pow(got[i] - want, 2) / want;
		else
			CU_ASSERT_EQUAL(got[i], 0);
	}
	return chi;
}

/* All flows of the one that is lost move, and none of the others. */
static void
lose(unsigned lost)
{
	uint32_t moved = 0, strays = 0, got[TARGETS] = { 0 };
	struct table t;

	table_make(&t, lost);
	table_count(&t);
	for (const struct flow *f = flows; f < flows + FLOWS; f++) {
		uint8_t now = pick(&t, hash_there(f));

		if (now == f->target)
			continue;
		moved++;
		got[now]++;
		strays += f->target != lost;
	}
	CU_ASSERT_EQUAL(strays, 0);
	CU_ASSERT_EQUAL(moved, count[lost]);
	CU_ASSERT_EQUAL(got[lost], 0);
	CU_ASSERT(is_chance(chi_square(&t, lost, got)));
	printf("without %s %.3f %% of the flows move, all of them its own\n",
	    names[lost], 100.0 * moved / FLOWS);
	balance_free(t.balance);
}

static void
test_loss(void)
{
	printf("\n");
	for (unsigned i = 0; i < LOSSES; i++)
		lose(below(TARGETS));
}

static void
test_end(void)
{
	for (unsigned i = 0; i < ORDERS; i++)
		balance_free(tables[i].balance);
}

static const struct unit_test tests[] = {
	{ "both ends of a flow choose one target", test_same_choice },
	{ "flows are shared evenly", test_even },
	{ "sources are shared evenly", test_sources },
	{ "a lost target moves its own flows", test_loss },
	{ "end", test_end },
};
UNIT_MAIN("balance at scale", tests)
