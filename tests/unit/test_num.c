/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/num.h"
#include "unit.h"

static void
test_plain(void)
{
	uint64_t v = 7;

	CU_ASSERT_EQUAL(num_parse(&v, "0", 0, 10), 0);
	CU_ASSERT_EQUAL(v, 0);
	CU_ASSERT_EQUAL(num_parse(&v, "0x746d", 0, UINT32_MAX), 0);
	CU_ASSERT_EQUAL(v, 0x746d);
	CU_ASSERT_EQUAL(num_parse(&v, "18446744073709551615", 0, UINT64_MAX),
	    0);
	CU_ASSERT_EQUAL(v, UINT64_MAX);
	CU_ASSERT_EQUAL(num_parse(&v, "18446744073709551616", 0, UINT64_MAX),
	    -2);
	CU_ASSERT_EQUAL(num_parse(&v, "11", 0, 10), -2);
	CU_ASSERT_EQUAL(num_parse(&v, "0", 1, 10), -2);
	CU_ASSERT_EQUAL(v, UINT64_MAX);
}

static void
test_not_a_number(void)
{
	static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "a",
		"1a", "0x", "0xg", "0x-1", "1.5", "ff" };
	uint64_t v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(num_parse(&v, bad[i], 0, 100), -1);
}

static void
test_units(void)
{
	uint64_t v;

	CU_ASSERT_EQUAL(num_parse_size(&v, "32MiB", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(v, 32u << 20);
	CU_ASSERT_EQUAL(num_parse_size(&v, "64k", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(v, 65536);
	CU_ASSERT_EQUAL(num_parse_size(&v, "1GB", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(num_parse_size(&v, "1Gbit", 0, UINT64_MAX), -1);
	CU_ASSERT_EQUAL(num_parse_size(&v, "18446744073709551615G", 0,
			    UINT64_MAX),
	    -2);
	CU_ASSERT_EQUAL(num_parse_size(&v, "1K", 0, 1000), -2);
	CU_ASSERT_EQUAL(num_parse_rate(&v, "10M", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(v, 10000000);
	CU_ASSERT_EQUAL(num_parse_rate(&v, "", 0, UINT64_MAX), -1);
	CU_ASSERT_EQUAL(num_parse_time(&v, "5ms", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(v, 5);
	CU_ASSERT_EQUAL(num_parse_time(&v, "2m", 0, UINT64_MAX), 0);
	CU_ASSERT_EQUAL(v, 120000);
	CU_ASSERT_EQUAL(num_parse_time(&v, "5", 0, UINT64_MAX), -1);
}

static void
test_round_trip(void)
{
	char buf[NUM_TEXT_MAX];
	uint64_t v;

	CU_ASSERT_STRING_EQUAL(num_format_size(0, buf), "0");
	CU_ASSERT_STRING_EQUAL(num_format_size(32u << 20, buf), "32MiB");
	CU_ASSERT_STRING_EQUAL(num_format_size(1536, buf), "1536");
	CU_ASSERT_STRING_EQUAL(num_format_rate(1500000, buf), "1500k");
	CU_ASSERT_STRING_EQUAL(num_format_time(0, buf), "0ms");
	CU_ASSERT_STRING_EQUAL(num_format_time(60000, buf), "1m");
	for (int i = 0; i < 1000; i++) {
		uint64_t want = unit_random() >> (unit_random() & 63);

		num_parse_size(&v, num_format_size(want, buf), 0, UINT64_MAX);
		CU_ASSERT_EQUAL(v, want);
		num_parse_rate(&v, num_format_rate(want, buf), 0, UINT64_MAX);
		CU_ASSERT_EQUAL(v, want);
		num_parse_time(&v, num_format_time(want, buf), 0, UINT64_MAX);
		CU_ASSERT_EQUAL(v, want);
	}
}

static const struct unit_test tests[] = {
	{ "plain", test_plain },
	{ "not a number", test_not_a_number },
	{ "units", test_units },
	{ "round trip", test_round_trip },
};
UNIT_MAIN("num", tests)
