/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "capture/filter.h"
#include "conf/conf.h"
#include "conftext.h"
#include "deliver/balance.h"
#include "mirror/aim.h"
#include "mirror/pipeline.h"
#include "packet/flow.h"
#include "unit.h"

#define TARGETS_MAX 64

struct bench {
	struct conf *conf;
	struct filter *filter;
	struct chooser chooser;
	struct aim aim;
};

static void
bench_init(struct bench *b, const char *targets, const char *mirror)
{
	char text[4096];
	struct balance_member m[TARGETS_MAX];
	const struct conf_mirror *cm;

	snprintf(text, sizeof(text), "%smirror m { sources = { eth9 } %s }\n",
	    targets, mirror);
	b->conf = conftext_load(text, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b->conf);
	cm = &b->conf->mirrors[0];
	for (size_t i = 0; i < cm->ntargets; i++)
		m[i] = (struct balance_member) { cm->targets[i]->name,
			cm->targets[i]->weight, NULL, 1 };
	CU_ASSERT_EQUAL_FATAL(filter_new(&b->filter, b->conf, cm, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(balance_new(&b->chooser.balance, m, cm->ntargets,
				  NULL),
	    0);
	b->chooser.first = 0;
	b->chooser.n = cm->ntargets;
	b->aim = (struct aim) { b->filter, cm, &b->chooser, 1, cm->ntargets,
		cm->sample };
}

static void
bench_fini(struct bench *b)
{
	balance_free(b->chooser.balance);
	filter_free(b->filter);
	conf_free(b->conf);
}

/* The flow that is found for a mirror with one target, 10.9.0.1. */
static void
check_find(const char *mirror, const char *want)
{
	char text[4096], buf[BEACON_FLOW_TEXT_MAX] = "none";
	struct beacon_flow f;
	struct bench b;

	snprintf(text, sizeof(text), "targets = { t } %s", mirror);
	bench_init(&b, "target t { address = 10.9.0.1 }\n", text);
	if (aim_find(&b.aim, &f)) {
		CU_ASSERT_TRUE(aim_passes(&b.aim, &f));
		beacon_flow_format(&f, buf);
	}
	if (strcmp(buf, want) != 0)
		printf("%s: %s, want %s\n", mirror, buf, want);
	CU_ASSERT_STRING_EQUAL(buf, want);
	bench_fini(&b);
}

static void
test_find(void)
{
	check_find("", "udp 192.0.2.1:49152 > 198.51.100.1:9");
	check_find("rule a { protocol = tcp dst-port = 443 }",
	    "tcp 192.0.2.1:49152 > 198.51.100.1:443");
	check_find("rule a { src = 10.0.0.0/8 src-port = 7-9 }",
	    "udp 10.0.0.1:7 > 198.51.100.1:9");
	check_find("rule a { dst = \"fd00::/8\" protocol = icmp6 }",
	    "icmp6 2001:db8::1 > fd00::1");
	check_find("rule a { dst = 10.0.0.7 protocol = 99 }",
	    "99 192.0.2.1 > 10.0.0.7");
	check_find("rule a { src = 0.0.0.0/0 protocol = icmp }",
	    "icmp 0.0.0.1 > 198.51.100.1");
}

static void
test_all(void)
{
	check_find("rule a { src = 10.0.0.0/8 } rule b { src = 10.1.0.0/16 "
		   "protocol = tcp } rule c { dst-port = 100-200 } "
		   "rule d { dst-port = 150-300 }",
	    "tcp 10.1.0.1:49152 > 198.51.100.1:150");
	check_find("rule a { src = 10.1.1.1 bidirectional = true } "
		   "rule b { dst = 10.1.1.1 }",
	    "udp 10.1.1.1:49152 > 10.1.1.1:9");
	check_find("rule a { protocol = tcp } rule b { protocol = udp }",
	    "none");
}

static void
test_first(void)
{
	check_find("filter = first rule a { action = drop dst = 10.0.0.0/24 } "
		   "rule b { dst = { 10.0.0.0/25, 10.0.1.0/24 } }",
	    "udp 192.0.2.1:49152 > 10.0.1.1:9");
	check_find("filter = first rule a { action = drop } rule b { }",
	    "none");
	check_find("filter = any rule a { dst = 10.9.0.1 } "
		   "rule b { dst = 10.9.0.2 }",
	    "udp 192.0.2.1:49152 > 10.9.0.2:9");
}

static void
test_bpf(void)
{
	check_find("bpf = \"tcp\"", "tcp 192.0.2.1:49152 > 198.51.100.1:9");
	check_find("bpf = \"host 10.77.1.1\"", "none");
	check_find("bpf = \"src net 10.0.0.0/8\" rule a { src = 0.0.0.0/1 }",
	    "none");
}

/* unreached: a blank for each target that is. */
static void
check_spread(const char *targets, const char *mirror, const char *unreached)
{
	struct beacon_flow like, flows[TARGETS_MAX];
	char reached[TARGETS_MAX + 1] = "";
	struct bench b;
	size_t n;

	bench_init(&b, targets, mirror);
	CU_ASSERT_EQUAL(b.aim.nmembers, strlen(unreached));
	memset(reached, 'x', b.aim.nmembers);
	CU_ASSERT_TRUE_FATAL(aim_find(&b.aim, &like));
	n = aim_spread(&b.aim, &like, flows);
	CU_ASSERT(n > 0 && n <= b.aim.nmembers);
	for (size_t i = 0; i < n; i++) {
		uint8_t frame[BEACON_FRAME_MAX];
		struct beacon p = { .number = (uint16_t)i };
		uint64_t hash = flow_hash(frame,
		    beacon_build(frame, &p, &flows[i], beacon_mac));

		CU_ASSERT_TRUE(aim_passes(&b.aim, &flows[i]));
		CU_ASSERT_TRUE(balance_sampled(hash, b.aim.sample));
		reached[balance_pick(b.chooser.balance, hash)] = ' ';
	}
	CU_ASSERT_STRING_EQUAL(reached, unreached);
	bench_fini(&b);
}

#define THREE                                   \
	"target a { address = 10.9.0.1 }\n"     \
	"target b { address = 10.9.0.2 weight " \
	"= 100 }\n"                             \
	"target c { address = 10.9.0.3 weight = 0 }\n"
#define USES "targets = { a, b, c } "

static void
test_spread(void)
{
	check_spread(THREE, USES, "  x");
	check_spread(THREE, USES "sample = 100", "  x");
	check_spread(THREE,
	    USES "rule r { protocol = tcp src-port = 7 "
		 "dst-port = 443 src = 10.0.0.0/16 }",
	    "  x");
	check_spread(THREE, USES "rule r { protocol = icmp }", "  x");
	check_spread(THREE, USES "rule r { protocol = esp }", "  x");
}

/* One flow is all there is, or all that is needed. */
static void
test_one(void)
{
	static const char *const mirrors[] = {
		USES "rule r { protocol = udp src = 10.0.0.1 dst = 10.0.0.2 "
		     "src-port = 1 dst-port = 2 }",
		USES "balance = source sample = 50",
		USES "balance = packet",
	};
	static const size_t turns[] = { 1, 1, 101 };

	for (size_t i = 0; i < 3; i++) {
		struct beacon_flow like, flows[TARGETS_MAX];
		struct bench b;
		size_t n;

		bench_init(&b, THREE, mirrors[i]);
		CU_ASSERT_TRUE_FATAL(aim_find(&b.aim, &like));
		CU_ASSERT_EQUAL(aim_spread(&b.aim, &like, flows), 1);
		n = aim_turns(&b.aim);
		CU_ASSERT(n * 10 >= turns[i] * 9 && n * 10 <= turns[i] * 11);
		bench_fini(&b);
	}
}

static void
test_many(void)
{
	static const char unreached[TARGETS_MAX + 1] =
	    "                                                                ";
	char targets[4096] = "", uses[1024] = "targets = { t0";
	size_t n = 0, m = strlen(uses);

	for (int i = 0; i < TARGETS_MAX; i++)
		n += (size_t)snprintf(targets + n, sizeof(targets) - n,
		    "target t%d { address = 10.9.1.%d }\n", i, i);
	for (int i = 1; i < TARGETS_MAX; i++)
		m += (size_t)snprintf(uses + m, sizeof(uses) - m, ", t%d", i);
	snprintf(uses + m, sizeof(uses) - m, " } sample = 10");
	check_spread(targets, uses, unreached);
}

static const struct unit_test tests[] = {
	{ "a flow of what a rule names", test_find },
	{ "all rules together", test_all },
	{ "rules that drop, and excluded targets", test_first },
	{ "a bpf expression is tried", test_bpf },
	{ "a flow for each target", test_spread },
	{ "not more flows than can be, or are needed", test_one },
	{ "many targets, and a sample", test_many },
};

UNIT_MAIN("aim", tests)
