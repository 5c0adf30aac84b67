/* SPDX-License-Identifier: ISC */
/* Any bytes as a request to the control socket. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "conf/text.h"
#include "daemon/explain_verb.h"
#include "daemon/reply.h"
#include "daemon/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is asked to be explained is taken apart by the verb; no mirror is
 * there. */
static void
explain(const struct request *r)
{
	char *line = reply_line(explain_verb(r->json, NULL, 0));

	if (line == NULL || strchr(line, '\n') != line + strlen(line) - 1)
		abort();
	free(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r;
	struct err err = { "" };

	if (request_parse(&r, (const char *)data, size, &err) == -1) {
		char *line = reply_line(reply_refuse("%s", err.text));

		/* What is refused is said, on one line. */
		if (r.json != NULL || err.text[0] == '\0' || line == NULL ||
		    strchr(line, '\n') != line + strlen(line) - 1)
			abort();
		free(line);
		return 0;
	}
	if (r.name != NULL && !text_is_printable(r.name, strlen(r.name)))
		abort();
	if (r.command == REQUEST_EXPLAIN)
		explain(&r);
	request_fini(&r);
	return 0;
}
