/* SPDX-License-Identifier: ISC */
/* What explain_json.h says, for people to read. */
#include "config.h"

#include <string.h>

#include "conf/text.h"
#include "daemon/explain_text.h"

#define NAME_WIDTH   16
#define RESULT_WIDTH 4

static const char *
text_of(const json_t *j, const char *field)
{
	const char *text = json_string_value(json_object_get(j, field));

	return text == NULL ? "?" : text;
}

static json_int_t
number_of(const json_t *j, const char *field)
{
	return json_integer_value(json_object_get(j, field));
}

static bool
is(const json_t *j, const char *field, const char *value)
{
	return strcmp(text_of(j, field), value) == 0;
}

/* Fills up to width with blanks. */
static void
put_padded(FILE *f, const char *text, int width)
{
	int used = (int)text_length(text, strlen(text));

	text_put(f, text);
	fprintf(f, "%*s", used < width ? width - used : 0, "");
}

static void
put_list(FILE *f, const char *before, const json_t *texts, const char *after)
{
	json_t *text;
	size_t i;

	json_array_foreach(texts, i, text) {
		fputs(i == 0 ? before : ", ", f);
		text_put(f,
		    json_is_string(text) ? json_string_value(text) : "?");
	}
	if (json_array_size(texts) > 0)
		fputs(after, f);
}

/* ---- copies -------------------------------------------------------------- */

static void
put_number(FILE *f, const char *before, const json_t *j, const char *field)
{
	if (json_is_integer(json_object_get(j, field)))
		fprintf(f, "%s%" JSON_INTEGER_FORMAT, before,
		    number_of(j, field));
}

static void
put_fate(FILE *f, const json_t *copy)
{
	if (is(copy, "fate", "fragmented"))
		fprintf(f, "%" JSON_INTEGER_FORMAT " fragments",
		    number_of(copy, "fragments"));
	else
		text_put(f, text_of(copy, "fate"));
	if (!is(copy, "fate", "fits") && !is(copy, "fate", "no-route"))
		put_number(f, ", path MTU ", copy, "path_mtu");
}

/* full: with what the outer header has. */
static void
put_copy(FILE *f, const json_t *packet, const json_t *copy, bool full)
{
	double share = json_number_value(json_object_get(copy, "share"));

	text_put(f, text_of(copy, "target"));
	if (share < 1)
		fprintf(f, " (by turns, %.3g%%)", 100 * share);
	if (full) {
		fputs(" at ", f);
		text_put(f, text_of(copy, "address"));
	}
	put_number(f, " port ", copy, "source_port");
	if (full)
		put_number(f, " > ", copy, "port");
	fprintf(f,
	    ", %" JSON_INTEGER_FORMAT " -> %" JSON_INTEGER_FORMAT " bytes, ",
	    number_of(packet, "length"), number_of(copy, "length"));
	put_fate(f, copy);
}

/* ---- a line -------------------------------------------------------------- */

static const json_t *
find_condition(const json_t *m, const char *name)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(m, "conditions"), i, c)
		if (is(c, "name", name))
			return c;
	return NULL;
}

/* What else it depends on. */
static void
put_unknown(FILE *f, const json_t *m)
{
	const char *before = " (unknown: ";
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(m, "conditions"), i, c) {
		if (!is(c, "result", "unknown"))
			continue;
		fputs(before, f);
		text_put(f, text_of(c, "name"));
		before = ", ";
	}
	if (before[1] == ' ')
		fputc(')', f);
}

static void
put_verdict(FILE *f, const json_t *packet, const json_t *m)
{
	json_t *copy;
	size_t i;

	if (!json_is_true(json_object_get(m, "mirrored"))) {
		fputs("not mirrored: ", f);
		text_put(f, text_of(m, "obstacle"));
		fputs(": ", f);
		text_put(f,
		    text_of(find_condition(m, text_of(m, "obstacle")),
			"detail"));
		return;
	}
	if (json_is_string(json_object_get(m, "rule"))) {
		fputs("rule \"", f);
		text_put(f, text_of(m, "rule"));
		fputs("\" ", f);
	}
	json_array_foreach(json_object_get(m, "copies"), i, copy) {
		fputs(i == 0 ? "-> " : "; ", f);
		put_copy(f, packet, copy, false);
	}
	if (json_is_true(json_object_get(m, "truncated")))
		fputs(", truncated", f);
	put_unknown(f, m);
}

static void
put_lines(FILE *f, const json_t *packet)
{
	json_t *m;
	size_t i;

	json_array_foreach(json_object_get(packet, "mirrors"), i, m) {
		fprintf(f, "#%" JSON_INTEGER_FORMAT " ",
		    number_of(packet, "number"));
		text_put(f, text_of(packet, "flow"));
		fputs(": ", f);
		text_put(f, text_of(m, "name"));
		fputs(": ", f);
		put_verdict(f, packet, m);
		fputc('\n', f);
	}
}

/* ---- a table ------------------------------------------------------------- */

static void
put_rules(FILE *f, const json_t *m)
{
	json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(m, "rules"), i, rule) {
		const json_t *lacks = json_object_get(rule, "lacks");

		fputs("    ", f);
		put_padded(f, text_of(rule, "name"), NAME_WIDTH - 2);
		fputs(json_array_size(lacks) == 0 ? " yes" : " no  ", f);
		put_list(f, "not its ", lacks, "");
		fputc('\n', f);
	}
	if (number_of(m, "rules_left") > 0)
		fprintf(f, "    and %" JSON_INTEGER_FORMAT " more\n",
		    number_of(m, "rules_left"));
}

static void
put_condition(FILE *f, const json_t *m, const json_t *c)
{
	fputs("  ", f);
	put_padded(f, text_of(c, "name"), NAME_WIDTH);
	fputc(' ', f);
	put_padded(f,
	    is(c, "result", "passes")	 ? "yes" :
		is(c, "result", "fails") ? "no" :
					   "?",
	    RESULT_WIDTH);
	text_put(f, text_of(c, "detail"));
	fputc('\n', f);
	if (is(c, "name", "rules"))
		put_rules(f, m);
}

static void
put_table(FILE *f, const json_t *packet, const json_t *m)
{
	json_t *j;
	size_t i;

	fputc('\n', f);
	text_put(f, text_of(m, "name"));
	fputs(json_is_true(json_object_get(m, "mirrored")) ? ": mirrored" :
							     ": not mirrored",
	    f);
	put_unknown(f, m);
	fputc('\n', f);
	json_array_foreach(json_object_get(m, "conditions"), i, j)
		put_condition(f, m, j);
	json_array_foreach(json_object_get(m, "copies"), i, j) {
		fputs("  -> ", f);
		put_copy(f, packet, j, true);
		if (json_is_true(json_object_get(m, "truncated")))
			fputs(", truncated", f);
		fputc('\n', f);
	}
}

void
explain_text(FILE *f, const json_t *packet)
{
	json_t *m;
	size_t i;

	if (json_is_integer(json_object_get(packet, "number"))) {
		put_lines(f, packet);
		return;
	}
	text_put(f, text_of(packet, "flow"));
	fprintf(f, ", %" JSON_INTEGER_FORMAT " bytes",
	    number_of(packet, "length"));
	put_list(f, ", assumed: ", json_object_get(packet, "assumed"), "");
	fputc('\n', f);
	json_array_foreach(json_object_get(packet, "mirrors"), i, m)
		put_table(f, packet, m);
}
