/* SPDX-License-Identifier: ISC */
/* Releases are scripted: this machine has only one. */
#include "config.h"

#include <sys/utsname.h>
#include <errno.h>
#include <stdio.h>

#include "base/kernel.h"
#include "unit.h"

int __wrap_uname(struct utsname *u);

static const char *release;

int
__wrap_uname(struct utsname *u)
{
	if (release == NULL) {
		errno = EFAULT;
		return -1;
	}
	snprintf(u->release, sizeof(u->release), "%s", release);
	return 0;
}

static bool
before(const char *text, unsigned major, unsigned minor)
{
	release = text;
	return kernel_is_before(major, minor);
}

static void
test_releases(void)
{
	CU_ASSERT_TRUE(before("6.1.0-18-amd64", 6, 2));
	CU_ASSERT_TRUE(before("5.17.1", 6, 2));
	CU_ASSERT_TRUE(before("5.4.0-1103-aws", 5, 17));
	CU_ASSERT_TRUE(before("4.18.0-553.el8_10.x86_64", 5, 4));
	CU_ASSERT_TRUE(before("6.1", 6, 2));
	CU_ASSERT_TRUE(before("6", 6, 2));
	CU_ASSERT_FALSE(before("6.2.0", 6, 2));
	CU_ASSERT_FALSE(before("6.2-rc1", 6, 2));
	CU_ASSERT_FALSE(before("6.12.48+deb13-amd64", 6, 2));
	CU_ASSERT_FALSE(before("7.0.0", 6, 2));
	CU_ASSERT_FALSE(before("10.1.0", 6, 2));
	CU_ASSERT_FALSE(before("6", 6, 0));
}

/* What cannot be told is no reason for a warning. */
static void
test_unknown(void)
{
	CU_ASSERT_FALSE(before(NULL, 6, 2));
	CU_ASSERT_FALSE(before("", 6, 2));
	CU_ASSERT_FALSE(before("linux-next", 6, 2));
}

static const struct unit_test tests[] = {
	{ "releases", test_releases },
	{ "unknown", test_unknown },
};
UNIT_MAIN("kernel", tests)
