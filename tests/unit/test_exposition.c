/* SPDX-License-Identifier: ISC */
/* The text for Prometheus, to the byte. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/exposition.h"
#include "unit.h"

static const struct exposition_label none[] = { { NULL, NULL } };

static char *text;
static size_t len;
static FILE *f;

static void
begin(void)
{
	f = open_memstream(&text, &len);
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
}

static void
expect(const char *want)
{
	fclose(f);
	CU_ASSERT_STRING_EQUAL(text, want);
	if (strcmp(text, want) != 0)
		printf("have: %s\nwant: %s\n", text, want);
	free(text);
}

static void
test_family(void)
{
	begin();
	exposition_family(f, "a_total", "counter", "What a is.");
	exposition_count(f, "a_total", none, UINT64_MAX);
	exposition_family(f, "b", "gauge", "What b is.");
	exposition_real(f, "b", none, 0.1);
	exposition_real(f, "b", none, 1795828272);
	expect("# HELP a_total What a is.\n# TYPE a_total counter\n"
	       "a_total 18446744073709551615\n"
	       "# HELP b What b is.\n# TYPE b gauge\nb 0.1\nb 1795828272\n");
}

/* The value of the label x as it is written. */
static void
expect_value(const char *value, const char *written)
{
	const struct exposition_label labels[] = { { "x", value },
		{ NULL, NULL } };
	char want[256];

	begin();
	exposition_count(f, "a", labels, 1);
	snprintf(want, sizeof(want), "a{x=\"%s\"} 1\n", written);
	expect(want);
}

static void
test_values(void)
{
	const struct exposition_label two[] = { { "mirror", "m" },
		{ "rule", "r" }, { NULL, NULL } };

	begin();
	exposition_count(f, "a", two, 0);
	expect("a{mirror=\"m\",rule=\"r\"} 0\n");
	expect_value("", "");
	expect_value("plain words, {braces} = ~", "plain words, {braces} = ~");
	expect_value("\"", "\\\"");
	expect_value("a\"b\\c", "a\\\"b\\\\c");
	expect_value("\\n", "\\\\n");
	expect_value("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3",
	    "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3");
	/* Names of interfaces may be any bytes. */
	expect_value("a\nb", "a\\\\x0ab");
	expect_value("\x7f\xff", "\\\\x7f\\\\xff");
	expect_value("\xc3", "\\\\xc3");
	expect_value("\xe2\x80\xae", "\\\\xe2\\\\x80\\\\xae");
}

static void
test_histogram(void)
{
	static const double bounds[] = { 0.00025, 0.5, 1, 2.5 };
	static const uint64_t counts[] = { 1, 0, 2, 0, 4 };
	const struct exposition_histogram h = { bounds, counts, 4, 12.25 };
	const struct exposition_label labels[] = { { "mirror", "a\"" },
		{ NULL, NULL } };

	begin();
	exposition_histogram(f, "d_seconds", labels, &h);
	expect("d_seconds_bucket{mirror=\"a\\\"\",le=\"0.00025\"} 1\n"
	       "d_seconds_bucket{mirror=\"a\\\"\",le=\"0.5\"} 1\n"
	       "d_seconds_bucket{mirror=\"a\\\"\",le=\"1\"} 3\n"
	       "d_seconds_bucket{mirror=\"a\\\"\",le=\"2.5\"} 3\n"
	       "d_seconds_bucket{mirror=\"a\\\"\",le=\"+Inf\"} 7\n"
	       "d_seconds_sum{mirror=\"a\\\"\"} 12.25\n"
	       "d_seconds_count{mirror=\"a\\\"\"} 7\n");
	begin();
	exposition_histogram(f, "d", none,
	    &(struct exposition_histogram) { bounds, counts, 0, 0 });
	expect("d_bucket{le=\"+Inf\"} 1\nd_sum 0\nd_count 1\n");
}

static const struct unit_test tests[] = {
	{ "families", test_family },
	{ "values of labels", test_values },
	{ "histogram", test_histogram },
};

UNIT_MAIN("exposition", tests)
