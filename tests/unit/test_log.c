/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "unit.h"

static char last[2048];
static enum log_level last_level;

static void
keep(enum log_level level, const char *line)
{
	last_level = level;
	snprintf(last, sizeof(last), "%s", line);
	errno = 0;
}

static void
test_log(void)
{
	log_to(keep);
	errno = ENOENT;
	log_warn("eth1: open");
	CU_ASSERT_EQUAL(errno, ENOENT);
	CU_ASSERT_EQUAL(last_level, LOG_LEVEL_WARN);
	CU_ASSERT_STRING_EQUAL(last, "eth1: open: No such file or directory");
	log_warnx("%d", 1);
	CU_ASSERT_STRING_EQUAL(last, "1");
	log_debug("hidden");
	CU_ASSERT_STRING_EQUAL(last, "1");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("shown");
	CU_ASSERT_STRING_EQUAL(last, "shown");
	log_set_level(LOG_LEVEL_ERROR);
	log_info("hidden");
	CU_ASSERT_STRING_EQUAL(last, "shown");
	log_error("%s", "bad");
	CU_ASSERT_EQUAL(last_level, LOG_LEVEL_ERROR);
	log_to(NULL);
	log_error("nowhere");
	log_to_stderr();
	CU_ASSERT_STRING_EQUAL(last, "bad");
}

static void
test_event(void)
{
	char big[3000];

	log_to(keep);
	log_set_level(LOG_LEVEL_INFO);
	log_event(LOG_LEVEL_WARN,
	    LOG_KEYS("interface-down", LOG_TEXT("mirror", "web audit"),
		LOG_TEXT("interface", "eth1"),
		LOG_NUMBER("packets", UINTMAX_MAX)),
	    "%s: interface is down", "eth1");
	CU_ASSERT_EQUAL(last_level, LOG_LEVEL_WARN);
	CU_ASSERT_STRING_EQUAL(last,
	    "eth1: interface is down event=interface-down "
	    "mirror=\"web audit\" interface=eth1 "
	    "packets=18446744073709551615");
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("x", LOG_TEXT("a", ""), LOG_TEXT("b", "say \"c=d\" \\")),
	    "m");
	CU_ASSERT_STRING_EQUAL(last,
	    "m event=x a=\"\" b=\"say \\\"c=d\\\" \\\\\"");
	log_event(LOG_LEVEL_DEBUG, LOG_KEYS("x", LOG_TEXT("a", "b")), "hidden");
	CU_ASSERT_PTR_NULL(strstr(last, "hidden"));
	log_to_stderr();

	/* A message may be cut off, and keys are left out as a whole. */
	memset(big, 'y', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_to(keep);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("x", LOG_TEXT("long", big), LOG_TEXT("a", "b")), "%s",
	    big);
	CU_ASSERT_EQUAL(strspn(last, "y"), 1023);
	CU_ASSERT_STRING_EQUAL(last + 1023, " event=x a=b");
	log_to_stderr();
}

static void
test_err(void)
{
	char big[1000];
	struct err e;

	CU_ASSERT_EQUAL(err_set(&e, "no %s", "way"), -1);
	CU_ASSERT_STRING_EQUAL(e.text, "no way");
	errno = EPERM;
	CU_ASSERT_EQUAL(err_sys(&e, "open"), -1);
	CU_ASSERT_STRING_EQUAL(e.text, "open: Operation not permitted");
	CU_ASSERT_EQUAL(errno, EPERM);
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	err_sys(&e, "%s", big);
	CU_ASSERT_EQUAL(strlen(e.text), sizeof(e.text) - 1);
	CU_ASSERT_EQUAL(err_set(NULL, "x"), -1);
	CU_ASSERT_EQUAL(err_sys(NULL, "x"), -1);
}

static const struct unit_test tests[] = {
	{ "log", test_log },
	{ "event", test_event },
	{ "err", test_err },
};
UNIT_MAIN("log", tests)
