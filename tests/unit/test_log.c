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
	{ "err", test_err },
};
UNIT_MAIN("log", tests)
