/* SPDX-License-Identifier: ISC */
/* What "trafmirrord -n -p -c FILE" prints, without a look at the host. */
#include "config.h"

#include <stdio.h>

#include "conf/conf.h"
#include "conf/print.h"

int
main(int argc, char **argv)
{
	struct conf_report r = { 0 };
	struct conf *c;

	if (argc != 2) {
		fprintf(stderr, "usage: confcheck file\n");
		return 2;
	}
	c = conf_load(argv[1], &r);
	for (size_t i = 0; i < r.nerrors; i++)
		fprintf(stderr, "%s\n", r.errors[i]);
	for (size_t i = 0; i < r.nwarnings; i++)
		fprintf(stderr, "%s\n", r.warnings[i]);
	conf_report_fini(&r);
	if (c == NULL)
		return 1;
	conf_print(c, stdout);
	conf_free(c);
	return 0;
}
