/* SPDX-License-Identifier: ISC */
/* Configurations from text, and what was said about them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/print.h"
#include "conftext.h"

struct conf *
conftext_load(const char *text, struct conf_report *r)
{
	struct conf_report own = { 0 };
	struct conf *c;

	c = conf_load_text(text, strlen(text), "t", r == NULL ? &own : r);
	conf_report_fini(&own);
	return c;
}

static bool
same_lines(char *const *got, size_t n, const char *const *want)
{
	for (size_t i = 0; i < n; i++)
		if (want[i] == NULL || strcmp(got[i], want[i]) != 0) {
			printf("said: %s\n", got[i]);
			return false;
		}
	return want[n] == NULL;
}

bool
conftext_says(const char *text, const char *const *lines)
{
	struct conf_report r = { 0 };
	struct conf *c = conftext_load(text, &r);
	bool same = c == NULL ? same_lines(r.errors, r.nerrors, lines) :
				same_lines(r.warnings, r.nwarnings, lines);

	conf_free(c);
	conf_report_fini(&r);
	return same;
}

char *
conftext_print(const struct conf *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	conf_print(c, f);
	fclose(f);
	return text;
}
