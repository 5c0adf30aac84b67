/* SPDX-License-Identifier: ISC */
/* The effective configuration in canonical form. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "conf/conf.h"
#include "conf/print.h"
#include "conf/schema.h"

/* A word the lexer reads as it stands; anything else is quoted. */
static bool
is_plain(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) &&
		    strchr("._:/-", *text) == NULL)
			return false;
	return true;
}

static void
print_text(FILE *f, const char *text)
{
	/* A slash may begin a comment. */
	if (is_plain(text) && *text != '/') {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$", *text) != NULL)
			fputc('\\', f);
		if (iscntrl((unsigned char)*text))
			fprintf(f, "\\x%02x", (unsigned char)*text);
		else
			fputc(*text, f);
	}
	fputc('"', f);
}

static uint64_t
load_number(const struct schema_option *o, const void *field)
{
	uint8_t n8;
	uint16_t n16;
	uint32_t n32;
	uint64_t n64;

	switch (o->width) {
	case sizeof(n8):
		memcpy(&n8, field, sizeof(n8));
		return n8;
	case sizeof(n16):
		memcpy(&n16, field, sizeof(n16));
		return n16;
	case sizeof(n32):
		memcpy(&n32, field, sizeof(n32));
		return n32;
	default:
		memcpy(&n64, field, sizeof(n64));
		return n64;
	}
}

static void
print_number(FILE *f, const struct schema_option *o, uint64_t n)
{
	char buf[NUM_TEXT_MAX];
	const char *name;

	switch (o->type) {
	case SCHEMA_WORD:
		fputs(schema_word_name(o->words, (int)n), f);
		break;
	case SCHEMA_PROTOCOL:
		name = schema_word_name(schema_protocols, (int)n);
		if (name != NULL)
			fputs(name, f);
		else
			fprintf(f, "%" PRIu64, n);
		break;
	case SCHEMA_MARK:
		fprintf(f, "0x%" PRIx64, n);
		break;
	case SCHEMA_SIZE:
		fputs(num_format_size(n, buf), f);
		break;
	case SCHEMA_TIME:
		fputs(num_format_time(n, buf), f);
		break;
	default:
		fprintf(f, "%" PRIu64, n);
	}
}

static void
print_words(FILE *f, const struct conf_words *w)
{
	for (size_t i = 0; i < w->n; i++) {
		fputs(i == 0 ? " " : ", ", f);
		print_text(f, w->v[i].text);
	}
}

static void
print_prefixes(FILE *f, const struct addr_prefix *p, size_t n)
{
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < n; i++) {
		fputs(i == 0 ? " " : ", ", f);
		print_text(f, addr_prefix_format(&p[i], buf));
	}
}

static void
print_ports(FILE *f, const struct conf_ports *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%s%u", i == 0 ? " " : ", ", p[i].lo);
		if (p[i].hi != p[i].lo)
			fprintf(f, "-%u", p[i].hi);
	}
}

/* How many values a list has; they may be none, which is not printed. */
static size_t
list_length(const struct schema_option *o, const char *self)
{
	if (o->type == SCHEMA_PREFIXES || o->type == SCHEMA_PORTS)
		return *(const size_t *)(const void *)(self + o->count);
	return ((const struct conf_words *)(const void *)(self + o->offset))
	    ->n;
}

static void
print_list(FILE *f, const struct schema_option *o, const char *self)
{
	const void *field = self + o->offset;
	size_t n = list_length(o, self);

	fputc('{', f);
	if (o->type == SCHEMA_PREFIXES)
		print_prefixes(f, *(struct addr_prefix *const *)field, n);
	else if (o->type == SCHEMA_PORTS)
		print_ports(f, *(struct conf_ports *const *)field, n);
	else
		print_words(f, field);
	fputs(" }", f);
}

/* An option whose value is nothing is what leaving it out means. */
static bool
is_unset(const struct schema_option *o, const char *self)
{
	const void *field = self + o->offset;

	if (o->offset == SCHEMA_NOWHERE || o->type >= SCHEMA_SECTION)
		return true;
	if (schema_is_list(o))
		return list_length(o, self) == 0;
	switch (o->type) {
	case SCHEMA_TEXT:
	case SCHEMA_EXPRESSION:
	case SCHEMA_INTERFACE:
		return *(char *const *)field == NULL;
	case SCHEMA_ADDRESS:
		return ((const struct addr *)field)->family == 0;
	default:
		/* Encapsulations without ports have port 0. */
		return o->type == SCHEMA_NUMBER && !o->or_zero &&
		    load_number(o, field) < o->min;
	}
}

static void
print_value(FILE *f, const struct schema_option *o, const char *self)
{
	const void *field = self + o->offset;
	char buf[ADDR_TEXT_MAX];

	if (schema_is_list(o)) {
		print_list(f, o, self);
		return;
	}
	switch (o->type) {
	case SCHEMA_TEXT:
	case SCHEMA_EXPRESSION:
	case SCHEMA_INTERFACE:
		print_text(f, *(char *const *)field);
		break;
	case SCHEMA_ADDRESS:
		print_text(f, addr_format(field, buf));
		break;
	default:
		print_number(f, o, load_number(o, field));
	}
}

static void
print_options(FILE *f, const struct schema *s, const void *self,
    const char *indent)
{
	for (size_t i = 0; i < s->n; i++) {
		if (is_unset(&s->options[i], self))
			continue;
		fprintf(f, "%s%s = ", indent, s->options[i].name);
		print_value(f, &s->options[i], self);
		fputc('\n', f);
	}
}

static void
print_title(FILE *f, const char *indent, const char *kind, const char *name)
{
	fprintf(f, "%s%s ", indent, kind);
	print_text(f, name);
	fputs(" {\n", f);
}

void
conf_print(const struct conf *c, FILE *f)
{
	print_options(f, &schema_root, c, "");
	for (size_t i = 0; i < c->ntargets; i++) {
		fputc('\n', f);
		print_title(f, "", "target", c->targets[i].name);
		print_options(f, &schema_target, &c->targets[i], "\t");
		fputs("}\n", f);
	}
	for (size_t i = 0; i < c->nmirrors; i++) {
		const struct conf_mirror *m = &c->mirrors[i];

		fputc('\n', f);
		print_title(f, "", "mirror", m->name);
		print_options(f, &schema_mirror, m, "\t");
		for (size_t j = 0; j < m->nrules; j++) {
			print_title(f, "\t", "rule", m->rules[j].name);
			print_options(f, &schema_rule, &m->rules[j], "\t\t");
			fputs("\t}\n", f);
		}
		fputs("}\n", f);
	}
}
