/* SPDX-License-Identifier: ISC */
/* Frame of a unit test program: one CUnit suite, exit status says it all. */
#include "config.h"

#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static uint64_t unit_state;

uint64_t
unit_random(void)
{
	uint64_t z = (unit_state += 0x9e3779b97f4a7c15u);

	/* splitmix64, public domain, Vigna 2015 */
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

char *
unit_tempfile(const char *text, size_t len)
{
	char path[] = "/tmp/unit.XXXXXX";
	int fd = mkstemp(path);

	if (fd == -1 || write(fd, text, len) != (ssize_t)len)
		abort();
	close(fd);
	return strdup(path);
}

int
unit_main(int argc, char **argv, const char *suite,
    const struct unit_test *tests, size_t ntests)
{
	CU_pSuite s;
	unsigned failed;

	unit_state = (uint64_t)time(NULL) ^ (uint64_t)getpid() << 32;
	if (argc == 3 && strcmp(argv[1], "-s") == 0)
		unit_state = strtoull(argv[2], NULL, 0);
	printf("seed %#" PRIx64 "\n", unit_state);
	if (CU_initialize_registry() != CUE_SUCCESS ||
	    (s = CU_add_suite(suite, NULL, NULL)) == NULL)
		return 99;
	for (size_t i = 0; i < ntests; i++)
		if (CU_add_test(s, tests[i].name, tests[i].run) == NULL)
			return 99;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed == 0 ? 0 : 1;
}
