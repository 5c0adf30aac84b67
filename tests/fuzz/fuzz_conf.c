/* SPDX-License-Identifier: ISC */
/* Any text as a configuration: read, and if it is good, printed and read
 * again, which must change nothing. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *
print(const struct conf *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (f == NULL)
		abort();
	conf_print(c, f);
	if (fclose(f) == EOF)
		abort();
	return text;
}

/* Good text gives a configuration, bad text at least one error. */
static struct conf *
load(const char *text, size_t len)
{
	struct conf_report r = { 0 };
	struct conf *c = conf_load_text(text, len, "fuzz", &r);

	if ((c == NULL) != (r.nerrors > 0))
		abort();
	for (size_t i = 0; i < r.nerrors; i++)
		if (strncmp(r.errors[i], "fuzz:", 5) != 0 ||
		    strchr(r.errors[i], '\n') != NULL)
			abort();
	conf_report_fini(&r);
	return c;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *c = load((const char *)data, size), *again;
	char *text, *text_again;

	if (c == NULL)
		return 0;
	text = print(c);
	conf_free(c);
	if ((again = load(text, strlen(text))) == NULL)
		abort();
	text_again = print(again);
	conf_free(again);
	if (strcmp(text, text_again) != 0)
		abort();
	free(text);
	free(text_again);
	return 0;
}
