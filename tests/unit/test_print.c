/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conftext.h"
#include "unit.h"

static unsigned
pick(unsigned n)
{
	return (unsigned)(unit_random() % n);
}

static const char *
word(const char *const *words)
{
	unsigned n = 0;

	while (words[n] != NULL)
		n++;
	return words[pick(n)];
}

#define WORD(...) word((const char *const[]) { __VA_ARGS__, NULL })
#define MAYBE(...)                               \
	do {                                     \
		if (pick(2) != 0)                \
			fprintf(f, __VA_ARGS__); \
	} while (0)

/* Some bytes as a string, with everything in it that needs care. */
static void
put_string(FILE *f, bool printable)
{
	static const char *const bits[] = { "a", "Z", "0", " ", "=", "*", "+",
		"#", "//", "/*", "'", "{", "}", "\\\"", "\\\\", "\\${", "$a",
		"\xc3\xa9", "\\x7e", "\\101a", ",", "-", "." };
	static const char *const odd[] = { "\\n", "\\t", "\\x01", "\n",
		"\\xff" };

	fputc('"', f);
	for (unsigned n = pick(12); n > 0; n--)
		fputs(printable || pick(4) != 0 ?
			bits[pick(sizeof(bits) / sizeof(bits[0]))] :
			odd[pick(sizeof(odd) / sizeof(odd[0]))],
		    f);
	fputs("x\"", f);
}

static void
put_name(FILE *f, const char *kind, unsigned i)
{
	if (i % 2 == 0)
		fprintf(f, "%s n%u {\n", kind, i);
	else
		fprintf(f, "%s \"n %u \\\"\xe2\x82\xac\\\" \\\\\" {\n", kind,
		    i);
}

static void
put_prefix(FILE *f)
{
	unsigned len = pick(17);

	if (pick(2) != 0)
		fprintf(f, "%u.%u.0.0/%u", pick(256), pick(256), 16 + len);
	else
		fprintf(f, "fd00:%x::/%u", pick(65536), 32 + len);
}

static void
put_prefixes(FILE *f, const char *option)
{
	unsigned n = pick(4);

	if (n == 0) {
		fprintf(f, "%s = any\n", option);
		return;
	}
	fprintf(f, "%s = {", option);
	while (n-- > 0) {
		put_prefix(f);
		fputs(n > 0 ? "," : "", f);
	}
	fputs("}\n", f);
}

static void
put_ports(FILE *f, const char *option)
{
	unsigned lo = pick(65536);

	fprintf(f, "%s = { %u", option, lo);
	for (unsigned n = pick(4); n > 0; n--)
		fprintf(f, ", %u-%u", lo, lo + pick(65536 - lo));
	fputs(" }\n", f);
}

static void
put_rule(FILE *f, unsigned i, bool first)
{
	bool ports = pick(2) != 0;

	put_name(f, "rule", i);
	if (first)
		MAYBE("action = %s\n", WORD("accept", "drop"));
	if (ports)
		MAYBE("protocol = %s\n", WORD("any", "tcp", "udp", "sctp"));
	else
		MAYBE("protocol = %u\n", pick(256));
	put_prefixes(f, "src");
	if (pick(2) != 0)
		put_prefixes(f, "dst");
	if (ports && pick(2) != 0)
		put_ports(f, "src-port");
	if (ports && pick(2) != 0)
		put_ports(f, "dst-port");
	MAYBE("bidirectional = %s\n", WORD("true", "false", "yes", "off"));
	fputs("}\n", f);
}

static void
put_target(FILE *f, unsigned i)
{
	bool gre = pick(2) != 0;

	put_name(f, "target", i);
	fprintf(f, "address = 192.0.2.%u encap = %s\n", 1 + i,
	    gre ? "gre" : WORD("vxlan", "geneve"));
	if (gre)
		MAYBE("sequence = %s\n", WORD("on", "off"));
	else
		MAYBE("port = %u\n", 1 + pick(65535));
	MAYBE("weight = %u\n", pick(101));
	MAYBE("source-address = 10.0.0.%u\n", 1 + pick(200));
	MAYBE("interface = \"if%u@$x\"\n", pick(100));
	MAYBE("ttl = %u dscp = %u\n", 1 + pick(255), pick(64));
	MAYBE("source-ports = %u\n", 1 + pick(64));
	fputs("}\n", f);
}

static void
put_targets(FILE *f)
{
	switch (pick(3)) {
	case 0:
		fputs("targets = n0\n", f);
		break;
	case 1:
		fputs("targets = { n0, n2 }\n", f);
		break;
	case 2:
		fputs("targets = { n2 } targets += n0\n", f);
		break;
	}
}

static void
put_mirror(FILE *f, unsigned i)
{
	const char *filter = WORD("all", "any", "first");

	put_name(f, "mirror", i);
	MAYBE("collect = %s\n", WORD("true", "false", "yes", "no"));
	if (pick(2) != 0) {
		fputs("description = ", f);
		put_string(f, true);
	}
	if (pick(2) != 0) {
		fputs("\nbpf = ", f);
		put_string(f, false);
	}
	MAYBE("\ntags = { \"a=%u\", 'b c=\"' }\n", pick(9));
	fprintf(f, "\nsources = { eth%u, \"e*[%u]?\", fd00::%x }\n", pick(9),
	    pick(9), pick(9999));
	put_targets(f);
	fprintf(f, "filter = %s\n", filter);
	MAYBE("direction = %s\n", WORD("all", "in", "out"));
	MAYBE("balance = %s\n", WORD("flow", "source", "packet", "replicate"));
	MAYBE("session-id = %u\n", pick(1 << 24));
	MAYBE("truncate = %u\n", 14 + pick(65000));
	MAYBE("sample = %u\n", 1 + pick(1u << 31));
	MAYBE("ring-size = %uM\n", 1 + pick(2048));
	MAYBE("latency = %ums\n", 1 + pick(1000));
	MAYBE("promiscuous = on exclude-targets = off\n");
	for (unsigned n = 0, end = pick(5); n < end; n++)
		put_rule(f, n, strcmp(filter, "first") == 0);
	fputs("}\n", f);
}

static char *
random_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (pick(2) != 0) {
		fputs("user = ", f);
		put_string(f, true);
		fputc('\n', f);
	}
	MAYBE("log-level = %s\n", WORD("error", "warn", "info", "debug"));
	MAYBE("log-facility = %s\n", WORD("auth", "local7", "uucp"));
	MAYBE("mark = %#x\n", 1 + pick(UINT32_MAX));
	for (unsigned n = 0; n < 3; n++)
		put_target(f, n);
	for (unsigned n = 0, end = pick(5); n < end; n++)
		put_mirror(f, n);
	fclose(f);
	return text;
}

static char *
print_of(const char *text)
{
	struct conf_report r = { 0 };
	struct conf *c = conftext_load(text, &r);
	char *printed;

	for (size_t i = 0; i < r.nerrors; i++)
		printf("%s\n", r.errors[i]);
	if (c == NULL)
		printf("of:\n%s\n", text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	printed = conftext_print(c);
	conf_free(c);
	conf_report_fini(&r);
	return printed;
}

static void
test_fixed_point(void)
{
	for (unsigned i = 0; i < 500; i++) {
		char *text = random_text();
		char *once = print_of(text), *twice = print_of(once);

		CU_ASSERT_STRING_EQUAL(once, twice);
		free(text);
		free(once);
		free(twice);
	}
}

/* What was read and what the printed form gives are the same in memory. */
static void
test_nothing_is_lost(void)
{
	char *text = random_text(), *printed = print_of(text);
	struct conf *a = conftext_load(text, NULL);
	struct conf *b = conftext_load(printed, NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(a);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_STRING_EQUAL(a->user, b->user);
	CU_ASSERT_EQUAL(a->mark, b->mark);
	CU_ASSERT_EQUAL_FATAL(a->nmirrors, b->nmirrors);
	for (size_t i = 0; i < a->nmirrors; i++) {
		const struct conf_mirror *m = &a->mirrors[i],
					 *n = &b->mirrors[i];

		CU_ASSERT_STRING_EQUAL(m->name, n->name);
		CU_ASSERT_STRING_EQUAL(m->description, n->description);
		CU_ASSERT_EQUAL((m->bpf == NULL), (n->bpf == NULL));
		if (m->bpf != NULL)
			CU_ASSERT_STRING_EQUAL(m->bpf, n->bpf);
		CU_ASSERT_EQUAL(m->nrules, n->nrules);
		CU_ASSERT_EQUAL(m->session_id, n->session_id);
		CU_ASSERT_EQUAL(m->ring_size, n->ring_size);
	}
	conf_free(a);
	conf_free(b);
	free(text);
	free(printed);
}

static void
test_quoting(void)
{
	struct conf *c = conftext_load("user = \"a\\\"\\\\\\${b}$c\"", NULL);
	char *text;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->user, "a\"\\${b}$c");
	text = conftext_print(c);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "user = \"a\\\"\\\\\\${b}$c\"\n"));
	free(text);
	conf_free(c);
}

static const struct unit_test tests[] = {
	{ "fixed point", test_fixed_point },
	{ "nothing is lost", test_nothing_is_lost },
	{ "quoting", test_quoting },
};
UNIT_MAIN("print", tests)
