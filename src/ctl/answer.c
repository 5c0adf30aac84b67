/* SPDX-License-Identifier: ISC */
/* Members of an answer, whatever they turn out to be. */
#include "config.h"

#include "ctl/answer.h"

const char *
answer_text(const json_t *j, const char *name)
{
	const char *text = json_string_value(json_object_get(j, name));

	return text == NULL ? "?" : text;
}

uint64_t
answer_number(const json_t *j, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(j, name));

	return n < 0 ? 0 : (uint64_t)n;
}
