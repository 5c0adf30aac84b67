/* SPDX-License-Identifier: ISC */
/* Frame of a unit test program: one CUnit suite, exit status says it all. */
#ifndef TM_UNIT_H
#define TM_UNIT_H

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

struct unit_test {
	const char *name;
	CU_TestFunc run;
};

/* Runs the tests as one suite and prints what failed. Random tests draw
 * from unit_random, whose seed is printed and set again by "-s SEED".
 * Returns the exit status of the program. */
int unit_main(int argc, char **argv, const char *suite,
    const struct unit_test *tests, size_t ntests);

#define UNIT_MAIN(suite, tests)                            \
	int main(int argc, char **argv)                    \
	{                                                  \
		return unit_main(argc, argv, suite, tests, \
		    sizeof(tests) / sizeof((tests)[0]));   \
	}

uint64_t unit_random(void);

/* Writes text to a new temporary file. Returns its path; the caller unlinks
 * and frees it. */
char *unit_tempfile(const char *text, size_t len);

#endif
