/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/text.h"
#include "conftext.h"
#include "unit.h"

#define SAYS(text, ...) \
	CU_ASSERT(conftext_says(text, (const char *const[]) { __VA_ARGS__ }))

#define TARGET	  "target t { address = 192.0.2.1 }\n"
#define NO_MIRROR "t: warning: no mirror: nothing is collected"
#define MIRROR	  "mirror m { sources = eth0 targets = t "

/* ---- memory that runs out ------------------------------------------------ */

static long fail_after = -1; /* successful calls left; -1: never fail */

static bool
fails(void)
{
	if (fail_after > 0)
		fail_after--;
	if (fail_after != 0)
		return false;
	errno = ENOMEM;
	return true;
}

#define WRAP(type, name, params, args)     \
	type __real_##name params;         \
	type __wrap_##name params;         \
	type __wrap_##name params          \
	{                                  \
		if (fails())               \
			return NULL;       \
		return __real_##name args; \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, reallocarray, (void *old, size_t n, size_t size), (old, n, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(FILE *, open_memstream, (char **text, size_t *size), (text, size))

int __real_vasprintf(char **text, const char *fmt, va_list ap);
int __wrap_vasprintf(char **text, const char *fmt, va_list ap);
int
__wrap_vasprintf(char **text, const char *fmt, va_list ap)
{
	return fails() ? -1 : __real_vasprintf(text, fmt, ap);
}

/* Fails each allocation in turn; a load that lost something says so. */
static void
exhaust(const char *path)
{
	bool done = false;

	for (long n = 1; !done; n++) {
		struct conf_report r = { 0 };
		struct conf *c;

		fail_after = n;
		c = conf_load(path, &r);
		done = fail_after > 0;
		fail_after = -1;
		CU_ASSERT((c == NULL) == (r.nerrors > 0 || r.lost));
		conf_free(c);
		conf_report_fini(&r);
	}
}

/* ---- files ----------------------------------------------------------------
 */

static char dir[PATH_MAX];

static const char *
in_dir(const char *name)
{
	static char path[4][2 * PATH_MAX];
	static unsigned next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", dir, name);
	return path[next];
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(in_dir(name), "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static void
make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/conf[*?].XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

static void
remove_dir(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	CU_ASSERT_EQUAL(system(command), 0);
}

/* Whether loading the file gives one error, which ends like this. */
static bool
file_error(const char *name, const char *end)
{
	struct conf_report r = { 0 };
	struct conf *c = conf_load(in_dir(name), &r);
	bool same = false;

	if (c == NULL && r.nerrors == 1) {
		size_t n = strlen(r.errors[0]), m = strlen(end);

		same = n >= m && strcmp(r.errors[0] + n - m, end) == 0;
	}
	for (size_t i = 0; !same && i < r.nerrors; i++)
		printf("said: %s\n", r.errors[i]);
	conf_free(c);
	conf_report_fini(&r);
	return same;
}

static void
test_files(void)
{
	char *big = calloc(1, (1 << 20) + 2);

	make_dir();
	memset(big, ' ', 1 << 20);
	put("largest", big);
	big[1 << 20] = ' ';
	put("large", big);
	free(big);
	CU_ASSERT_EQUAL(mkfifo(in_dir("fifo"), 0600), 0);
	CU_ASSERT(file_error("none",
	    "/none: cannot be opened: No such file "
	    "or directory"));
	CU_ASSERT(file_error(".", "/.: is a directory"));
	CU_ASSERT(file_error("fifo", "/fifo: is not a regular file"));
	CU_ASSERT(file_error("large", "/large: is larger than 1 MiB"));
	put("includes", "include(large)");
	CU_ASSERT(file_error("includes", "/large\" is larger than 1 MiB"));
	exhaust(in_dir("largest"));
	remove_dir();
}

static void
test_includes(void)
{
	struct conf_report r = { 0 };
	struct conf *c;

	make_dir();
	put("main",
	    "include(\"*.conf\")\ninclude(\"a.conf\")\n"
	    "include(\"none/*\")\n" MIRROR "}");
	put("b.conf", "user = b\n");
	put("a.conf", TARGET);
	c = conf_load(in_dir("main"), &r);
	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_EQUAL(r.nwarnings, 0);
	CU_ASSERT_STRING_EQUAL(c->path, in_dir("main"));
	CU_ASSERT_STRING_EQUAL(c->files[0], in_dir("main"));
	CU_ASSERT_STRING_EQUAL(c->files[1], in_dir("a.conf"));
	CU_ASSERT_STRING_EQUAL(c->files[2], in_dir("b.conf"));
	CU_ASSERT_PTR_NULL(c->files[3]);
	CU_ASSERT_STRING_EQUAL(c->user, "b");
	CU_ASSERT_PTR_EQUAL(c->user_pos.file, c->files[2]);
	CU_ASSERT_EQUAL(c->user_pos.line, 1);
	conf_free(c);
	conf_report_fini(&r);
	exhaust(in_dir("main"));
	put("broken",
	    "mark = 0 mirror m { rule r { dst-port = x } }\n"
	    "include(none) include(\"a.conf\") usr = root");
	exhaust(in_dir("broken"));
	CU_ASSERT_EQUAL(symlink("loop", in_dir("loop")), 0);
	put("looped", "include(\"loop/*\")\n" MIRROR "}");
	CU_ASSERT(file_error("looped",
	    "/looped:1: include: \"loop/*\" cannot "
	    "be read: Too many levels of symbolic links"));
	put("cycle", "include(cycle)");
	CU_ASSERT(file_error("cycle", "/cycle\" includes itself"));
	remove_dir();
	SAYS("include(x)", "t:1: include: is not possible here", NULL);
}

/* ---- values ----------------------------------------------------------------
 */

static void
test_defaults(void)
{
	struct conf *c = conftext_load(TARGET MIRROR "rule r { } }", NULL);
	const struct conf_target *t;
	const struct conf_mirror *m;

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->user, "trafmirrord");
	CU_ASSERT_PTR_NULL(c->user_pos.file);
	CU_ASSERT_EQUAL(c->max_mirrors, 5);
	CU_ASSERT_EQUAL(c->log_level, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(c->log_facility, LOG_DAEMON);
	CU_ASSERT_EQUAL(c->mark, 0x746d);
	t = &c->targets[0];
	CU_ASSERT_EQUAL(t->encap, CONF_VXLAN);
	CU_ASSERT_EQUAL(t->port, 4789);
	CU_ASSERT_EQUAL(t->weight, 1);
	CU_ASSERT_EQUAL(t->source_address.family, 0);
	CU_ASSERT_PTR_NULL(t->interface);
	CU_ASSERT_EQUAL(t->ttl, 64);
	CU_ASSERT_EQUAL(t->dscp, 0);
	CU_ASSERT_EQUAL(t->source_ports, 8);
	CU_ASSERT_FALSE(t->sequence || t->faulty);
	m = conf_mirror_find(c, "m");
	CU_ASSERT_PTR_EQUAL_FATAL(m, c->mirrors);
	CU_ASSERT_PTR_NULL(conf_mirror_find(c, "n"));
	CU_ASSERT(m->collect && m->exclude_targets);
	CU_ASSERT_FALSE(m->promiscuous || m->faulty);
	CU_ASSERT_STRING_EQUAL(m->description, "");
	CU_ASSERT_EQUAL(m->direction, CONF_DIR_ALL);
	CU_ASSERT_EQUAL(m->filter, CONF_FILTER_ALL);
	CU_ASSERT_EQUAL(m->balance, CONF_BALANCE_FLOW);
	CU_ASSERT_EQUAL(m->session_id, 1);
	CU_ASSERT_EQUAL(m->truncate, 0);
	CU_ASSERT_EQUAL(m->sample, 1);
	CU_ASSERT_EQUAL(m->ring_size, 32 << 20);
	CU_ASSERT_EQUAL(m->latency_ms, 5);
	CU_ASSERT_PTR_NULL(m->bpf);
	CU_ASSERT_EQUAL(m->tags.n, 0);
	CU_ASSERT_EQUAL(m->ntargets, 1);
	CU_ASSERT_PTR_EQUAL(m->targets[0], t);
	CU_ASSERT_EQUAL(m->rules[0].protocol, CONF_PROTOCOL_ANY);
	CU_ASSERT_FALSE(m->rules[0].drop || m->rules[0].bidirectional);
	conf_free(c);
}

static void
check_target(const struct conf_target *t)
{
	CU_ASSERT_STRING_EQUAL(t->name, "t");
	CU_ASSERT_EQUAL(t->pos.line, 2);
	CU_ASSERT_EQUAL(t->address_pos.line, 3);
	CU_ASSERT_EQUAL(t->host.address.family, AF_INET6);
	CU_ASSERT_PTR_NULL(t->host.name);
	CU_ASSERT_EQUAL_FATAL(t->nplaces, 1);
	CU_ASSERT_EQUAL(t->places[0].address.family, AF_INET6);
	CU_ASSERT_EQUAL(t->places[0].address.bytes[0], 0xfd);
	CU_ASSERT_EQUAL(t->places[0].port, 0);
	CU_ASSERT_EQUAL(t->places[0].weight, 1);
	CU_ASSERT_EQUAL(t->encap, CONF_GRE);
	CU_ASSERT_EQUAL(t->port, 0);
	CU_ASSERT_EQUAL(t->weight, 100);
	CU_ASSERT_EQUAL(t->source_address.bytes[15], 2);
	CU_ASSERT_STRING_EQUAL(t->interface, "eth9");
	CU_ASSERT_EQUAL(t->ttl, 255);
	CU_ASSERT_EQUAL(t->dscp, 63);
	CU_ASSERT_EQUAL(t->source_ports, 64);
	CU_ASSERT(t->sequence);
}

static void
check_rule(const struct conf_rule *r)
{
	CU_ASSERT_STRING_EQUAL(r->name, "r");
	CU_ASSERT(r->drop && r->bidirectional);
	CU_ASSERT_EQUAL(r->protocol, IPPROTO_SCTP);
	CU_ASSERT_EQUAL_FATAL(r->nsrc, 2);
	CU_ASSERT_EQUAL(r->src[0].len, 8);
	CU_ASSERT_EQUAL(r->src[1].addr.family, AF_INET6);
	CU_ASSERT_EQUAL(r->src[1].len, 128);
	CU_ASSERT_EQUAL_FATAL(r->ndst, 1);
	CU_ASSERT_EQUAL_FATAL(r->nsrc_port, 2);
	CU_ASSERT_EQUAL(r->src_port[0].lo, 1);
	CU_ASSERT_EQUAL(r->src_port[0].hi, 1);
	CU_ASSERT_EQUAL(r->src_port[1].hi, 65535);
	CU_ASSERT_EQUAL(r->ndst_port, 0);
}

static void
check_mirror(const struct conf_mirror *m)
{
	CU_ASSERT_FALSE(m->collect || m->exclude_targets);
	CU_ASSERT(m->promiscuous);
	CU_ASSERT_STRING_EQUAL(m->description, "A b");
	CU_ASSERT_EQUAL_FATAL(m->tags.n, 2);
	CU_ASSERT_STRING_EQUAL(m->tags.v[1].text, "b=");
	CU_ASSERT_EQUAL_FATAL(m->sources.n, 3);
	CU_ASSERT_STRING_EQUAL(m->sources.v[2].text, "en*");
	CU_ASSERT_EQUAL(m->sources.v[0].pos.line, 12);
	CU_ASSERT_EQUAL(m->sources.v[2].pos.line, 13);
	CU_ASSERT_EQUAL(m->direction, CONF_DIR_OUT);
	CU_ASSERT_EQUAL(m->filter, CONF_FILTER_FIRST);
	CU_ASSERT_STRING_EQUAL(m->bpf, "not arp");
	CU_ASSERT_EQUAL(m->bpf_pos.line, 14);
	CU_ASSERT_EQUAL(m->balance, CONF_BALANCE_REPLICATE);
	CU_ASSERT_EQUAL(m->session_id, UINT32_MAX);
	CU_ASSERT_EQUAL(m->session_id_pos.line, 15);
	CU_ASSERT_EQUAL(m->truncate, 65535);
	CU_ASSERT_EQUAL(m->sample, UINT32_MAX);
	CU_ASSERT_EQUAL(m->ring_size, UINT64_C(1) << 31);
	CU_ASSERT_EQUAL(m->latency_ms, 1000);
	CU_ASSERT_EQUAL_FATAL(m->nrules, 1);
	check_rule(&m->rules[0]);
}

static void
test_values(void)
{
	struct conf *c = conftext_load(
	    "user = root # 1\n"
	    "target t {\n"
	    " address = fd00::1 encap = gre /* 3\n"
	    " 4 */ weight = 100 source-address = fd00::2\n"
	    " interface = eth9 ttl = 0xff dscp = 63 // 5\n"
	    " source-ports = 64 sequence = on }\n"
	    "max-mirrors = 1000 log-level = error\n"
	    "log-facility = local0 mark = 1\n"
	    "mirror m {\n"
	    "collect = no exclude-targets = off promiscuous = true\n"
	    "description = \"A\\x20b\" tags = { \"a=1\", 'b=' }\n"
	    "sources = { eth0, 192.0.2.1,\n"
	    "\"en*\" } direction = out filter = first\n"
	    "bpf = \"not arp\" balance = replicate\n"
	    "session-id = 4294967295 truncate = 65535 sample = 4294967295\n"
	    "ring-size = 2G latency = 1s targets = t\n"
	    "rule r { action = drop protocol = sctp bidirectional = yes\n"
	    " src = { 10.0.0.0/8, ::1 } dst = 0.0.0.0/0\n"
	    " src-port = { 1, 1-65535 } dst-port = any } }\n",
	    NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(c->user, "root");
	CU_ASSERT_EQUAL(c->user_pos.line, 1);
	CU_ASSERT_STRING_EQUAL(c->user_pos.file, "t");
	CU_ASSERT_EQUAL(c->max_mirrors, 1000);
	CU_ASSERT_EQUAL(c->log_level, LOG_LEVEL_ERROR);
	CU_ASSERT_EQUAL(c->log_facility, LOG_LOCAL0);
	CU_ASSERT_EQUAL(c->mark, 1);
	check_target(&c->targets[0]);
	check_mirror(&c->mirrors[0]);
	conf_free(c);
}

static void
test_endpoints(void)
{
	static const char *const bad[] = { "x", "1.2.3.4", "1.2.3.4:0",
		"[1.2.3.4]:1", "::1:1", "[::1:1", "[", "[:1", ":1", "a:1",
		"1.2.3.4:65536",
		"1111111111111111111111111111111111111111111111111111:1" };
	char text[256], want[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "metrics-listen = \"%s\"", bad[i]);
		snprintf(want, sizeof(want),
		    "t:1: metrics-listen: \"%s\" is not allowed "
		    "(ADDRESS:PORT, [IPv6]:PORT, or empty: off)",
		    bad[i]);
		SAYS(text, want, NULL);
	}
	SAYS("metrics-listen = \"\"", NO_MIRROR, NULL);
	SAYS("metrics-listen = \"[::1]:1\"", NO_MIRROR, NULL);
	SAYS("metrics-listen = \"[::ffff:127.0.0.2]:1\"", NO_MIRROR, NULL);
	SAYS("metrics-listen = \"127.1.2.3:65535\"", NO_MIRROR, NULL);
	SAYS("metrics-listen = \"[::]:1\"", NO_MIRROR,
	    "t:1: warning: metrics-listen: other hosts can reach [::]:1, and "
	    "whoever does sees all names and counters (127.0.0.1 and ::1 are "
	    "for this host alone)",
	    NULL);
}

static void
test_list_limit(void)
{
	size_t size = 70000, n;
	char *text = malloc(size);

	n = (size_t)snprintf(text, size, "%s%srule r { dst-port = { 0", TARGET,
	    MIRROR);
	for (unsigned i = 1; i <= 4100; i++)
		n += (size_t)snprintf(text + n, size - n, ",%u", i);
	snprintf(text + n, size - n, " } } }");
	SAYS(text,
	    "t:2: mirror \"m\": rule \"r\": dst-port: more than 4096 values",
	    NULL);
	free(text);
}

/* ---- errors ----------------------------------------------------------------
 */

/* After whatever libconfuse might have been left in, a good text is good. */
static void
test_no_state_is_left(void)
{
	static const char *const bad[] = { "user = \"x", "user = 'x",
		"user = x /* y", "mirror m {", "user = \"\\999\" {",
		"user = \"${x\" }", "}", "(", "user", "include(", "user = *" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct conf_report r = { 0 };

		CU_ASSERT_PTR_NULL(conftext_load(bad[i], &r));
		CU_ASSERT(r.nerrors > 0);
		conf_report_fini(&r);
		SAYS("user = root\n", NO_MIRROR, NULL);
	}
}

static void
test_all_errors_at_once(void)
{
	SAYS("mirror m { direction = up\nfoo = 1 }\nmark = 0\nuser = 'a\n",
	    "t:1: mirror \"m\": sources is missing",
	    "t:1: mirror \"m\": targets is missing",
	    "t:1: mirror \"m\": direction: \"up\" is not allowed "
	    "(all, in, out)",
	    "t:2: mirror \"m\": unknown option \"foo\" (collect, description, "
	    "tags, sources, direction, filter, next-hop, bpf, "
	    "exclude-targets, targets, "
	    "balance, session-id, truncate, sample, rate-limit, burst, "
	    "oversize, ring-size, latency, promiscuous, under-pressure, rule)",
	    "t:3: mark: \"0\" is out of range (1-4294967295)",
	    "t:4: user: the closing quote is missing", NULL);
}

/* What cannot be known when the rest of the file was not read is not said. */
static void
test_no_misleading_errors(void)
{
	SAYS(MIRROR "}\nuser == x",
	    "t:2: user: \"=\" is not allowed here "
	    "(a value); words with a = in them need quotes",
	    NULL);
	SAYS("mirror m { rule r { dst-port = 1 protocol icmp",
	    "t:1: mirror \"m\": rule \"r\": protocol: \"icmp\" is not allowed "
	    "here (\"=\")",
	    NULL);
	SAYS("target t { address = 192.0.2.1 encap = mpls port = 1 "
	     "sequence = true }\n" MIRROR "session-id = 99999999 }",
	    "t:1: target \"t\": encap: \"mpls\" is not allowed (vxlan, gre, "
	    "geneve, erspan, erspan3)",
	    NULL);
	SAYS(TARGET MIRROR
	    "filter = frist session-id = 99999999\n"
	    "rule r { action = drop protocol = foo dst-port = 1 } }",
	    "t:2: mirror \"m\": filter: \"frist\" is not allowed "
	    "(all, any, first)",
	    "t:3: mirror \"m\": rule \"r\": protocol: \"foo\" is not allowed "
	    "(any, tcp, udp, icmp, icmp6, sctp, gre, esp, ah, 0-255)",
	    NULL);
	SAYS("target { address = 192.0.2.1 }\n" MIRROR "}",
	    "t:1: target has no name (target NAME { ... })", NULL);
}

static void
test_adjacent_lists(void)
{
	SAYS(TARGET MIRROR
	    "rule a { src = 10.0.0.1 }\n"
	    "rule b { src = 10.0.0.1/8 } rule c { src = { 10.0.0.1/8 } }\n"
	    "rule d { src += x } }",
	    "t:3: mirror \"m\": rule \"b\": src: \"10.0.0.1/8\" has bits set "
	    "behind the prefix length (10.0.0.0/8 is allowed)",
	    "t:3: mirror \"m\": rule \"c\": src: \"10.0.0.1/8\" has bits set "
	    "behind the prefix length (10.0.0.0/8 is allowed)",
	    "t:4: mirror \"m\": rule \"d\": src: \"x\" is not allowed (any, "
	    "IPv4 or IPv6 ADDRESS or ADDRESS/LENGTH)",
	    NULL);
}

static void
test_no_memory(void)
{
	const char *text = TARGET TARGET MIRROR
	    "description = d bpf = ip tags = { \"a=b\" }\n"
	    "rule r { src = 10.0.0.0/8 dst-port = 1 } rule r { } }\n"
	    "user = u mark = 0 unknown = { 1 } target { }";
	char *path = unit_tempfile(text, strlen(text));

	exhaust(path);
	unlink(path);
	free(path);
	text = TARGET MIRROR "rule r { src = { 10.0.0.0/8, ::/0 } } "
			     "rule s { dst-port = 1 bidirectional = on } }\n"
			     "mirror n { sources = x targets = t filter = first"
			     " rule a { } rule b { protocol = tcp } }";
	path = unit_tempfile(text, strlen(text));
	exhaust(path);
	unlink(path);
	free(path);
}

/* ---- the report ------------------------------------------------------------
 */

static void
test_quote(void)
{
	char buf[REPORT_QUOTE_MAX], text[400];

	CU_ASSERT_STRING_EQUAL(report_quote(buf, ""), "\"\"");
	CU_ASSERT_STRING_EQUAL(report_quote(buf, "a b"), "\"a b\"");
	memset(text, 'x', sizeof(text));
	text[130] = '\0';
	report_quote(buf, text);
	CU_ASSERT_EQUAL(strlen(buf), 132);
	text[130] = 'x';
	text[399] = '\0';
	report_quote(buf, text);
	CU_ASSERT_STRING_EQUAL(buf + strlen(buf) - 5, "x...\"");
	for (size_t i = 0; i < 398; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	for (size_t odd = 0; odd < 2; odd++) {
		report_quote(buf, text + 2 - odd);
		CU_ASSERT_STRING_EQUAL(buf + strlen(buf) - 6, "\xc3\xa9...\"");
	}
}

static void
test_report(void)
{
	struct conf_report r = { 0 };
	struct conf_pos pos = { "f", 3 };
	char *files[3];

	files[0] = strdup("g");
	files[1] = strdup("f");
	files[2] = NULL;
	conf_report_error(&r, &pos, "c\n\xff\xc2\x85");
	pos.line = 0;
	conf_report_error(&r, &pos, "b");
	conf_report_error(&r, NULL, "a");
	pos.file = "g";
	pos.line = 10;
	conf_report_error(&r, &pos, "%s", "first");
	pos.line = 9;
	conf_report_error(&r, &pos, "z");
	conf_report_error(&r, &pos, "a");
	conf_report_warn(&r, &pos, "w");
	conf_report_warn(&r, NULL, "w");
	report_sort(&r, files);
	CU_ASSERT_EQUAL_FATAL(r.nerrors, 6);
	CU_ASSERT_STRING_EQUAL(r.errors[0], "a");
	CU_ASSERT_STRING_EQUAL(r.errors[1], "g:9: z");
	CU_ASSERT_STRING_EQUAL(r.errors[2], "g:9: a");
	CU_ASSERT_STRING_EQUAL(r.errors[3], "g:10: first");
	CU_ASSERT_STRING_EQUAL(r.errors[4], "f: b");
	CU_ASSERT_STRING_EQUAL(r.errors[5], "f:3: c\\x0a\\xff\\xc2\\x85");
	CU_ASSERT_STRING_EQUAL(r.warnings[0], "warning: w");
	CU_ASSERT_STRING_EQUAL(r.warnings[1], "g:9: warning: w");
	conf_report_fini(&r);
	CU_ASSERT_EQUAL(r.nerrors, 0);
	free(files[0]);
	free(files[1]);
}

static void
test_text(void)
{
	static const char *const good[] = { "", "a~", "\xc3\xa9",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xc2\xa0", "\xe3\x85\xa3",
		"\xef\xb7\xb0" };
	static const char *const bad[] = { "\x1f", "\x7f", "\xc2\x9f", "\x80",
		"\xc3", "\xe2\x82", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
		"\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xc3(",
		"\xe2\x80\xae", "\xef\xbb\xbf", "\xd8\x9c", "\xc2\xad",
		"\xe3\x85\xa4", "\xf3\xa0\x81\x81", "\xef\xb8\x8f",
		"\xef\xbf\xbf", "\xf0\x9f\xbf\xbe", "\xef\xb7\x90" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CU_ASSERT(text_is_printable(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_FALSE(text_is_printable(bad[i], strlen(bad[i])));
	CU_ASSERT_EQUAL(text_length("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
}

static const struct unit_test tests[] = {
	{ "defaults", test_defaults },
	{ "values", test_values },
	{ "endpoints", test_endpoints },
	{ "length of lists", test_list_limit },
	{ "lists next to each other", test_adjacent_lists },
	{ "all errors at once", test_all_errors_at_once },
	{ "no misleading errors", test_no_misleading_errors },
	{ "no state is left behind", test_no_state_is_left },
	{ "files", test_files },
	{ "includes", test_includes },
	{ "no memory", test_no_memory },
	{ "quoting", test_quote },
	{ "report", test_report },
	{ "printable text", test_text },
};
UNIT_MAIN("conf", tests)
