/* SPDX-License-Identifier: ISC */
/* What the control socket answers: JSON objects, one a line. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/text.h"
#include "daemon/reply.h"

json_t *
reply_ok(void)
{
	return json_pack("{s:i, s:b}", "protocol", REPLY_PROTOCOL, "ok", 1);
}

json_t *
reply_string(const char *text)
{
	size_t len = strlen(text);
	char *copy = malloc(4 * len + 1), *p = copy;
	json_t *j;

	if (copy == NULL)
		return NULL;
	while (len > 0) {
		size_t n = text_step(text, len);

		if (n == 0)
			p += sprintf(p, "\\x%02x", (unsigned char)*text);
		else
			p = mempcpy(p, text, n);
		n += n == 0;
		text += n;
		len -= n;
	}
	*p = '\0';
	j = json_string(copy);
	free(copy);
	return j;
}

json_t *
reply_strings(char *const *texts, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, reply_string(texts[i]));
	return array;
}

json_t *
reply_refuse(const char *fmt, ...)
{
	char *text;
	json_t *j;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n == -1)
		return NULL;
	j = json_pack("{s:i, s:b, s:[o]}", "protocol", REPLY_PROTOCOL, "ok", 0,
	    "errors", reply_string(text));
	free(text);
	return j;
}

char *
reply_line(json_t *j)
{
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT), *line;
	size_t len = text == NULL ? 0 : strlen(text);

	json_decref(j);
	if (text == NULL)
		return NULL;
	/* Allocated by jansson: to be grown, and freed, as its own. */
	if ((line = realloc(text, len + 2)) == NULL) {
		free(text);
		return NULL;
	}
	memcpy(line + len, "\n", 2);
	return line;
}
