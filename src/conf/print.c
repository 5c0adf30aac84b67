/* SPDX-License-Identifier: ISC */
/* The effective configuration in canonical form. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "conf/conf.h"
#include "conf/print.h"
#include "conf/schema.h"

struct printer {
	FILE *f;
	const char *indent;
};

typedef void print_value(FILE *f, const struct schema_option *o,
    const void *field);

static bool
is_plain(const char *text)
{
	const char *t = text;

	while (isalnum((unsigned char)*t) || (*t != '\0' && strchr("._:-", *t)))
		t++;
	return t > text && *t == '\0';
}

/* Quotes what libconfuse would not read as the same word. */
static void
print_text(FILE *f, const char *text)
{
	if (is_plain(text)) {
		fputs(text, f);
		return;
	}
	fputc('"', f);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n')
			fputs("\\n", f);
		else if (iscntrl(c))
			fprintf(f, "\\x%02x", c);
		else if (c == '"' || c == '\\' || (c == '$' && text[1] == '{'))
			fprintf(f, "\\%c", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

static uint64_t
get_number(const struct schema_option *o, const void *field)
{
	uint8_t n8;
	uint16_t n16;
	uint32_t n32;
	uint64_t n64 = 0;

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
	case sizeof(n64):
		memcpy(&n64, field, sizeof(n64));
		break;
	}
	return n64;
}

static void
print_word(FILE *f, const struct schema_option *o, const void *field)
{
	fputs(schema_word_name(o->words, (int)get_number(o, field)), f);
}

static void
print_number(FILE *f, const struct schema_option *o, const void *field)
{
	fprintf(f, "%" PRIu64, get_number(o, field));
}

static void
print_mark(FILE *f, const struct schema_option *o, const void *field)
{
	fprintf(f, "%#" PRIx64, get_number(o, field));
}

static void
print_size(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[NUM_TEXT_MAX];

	fputs(num_format_size(get_number(o, field), buf), f);
}

static void
print_rate(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[NUM_TEXT_MAX];

	fputs(num_format_rate(get_number(o, field), buf), f);
}

static void
print_time(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[NUM_TEXT_MAX];

	fputs(num_format_time(get_number(o, field), buf), f);
}

static void
print_string(FILE *f, const struct schema_option *o, const void *field)
{
	const char *const *text = field;

	print_text(f, *text);
}

static void
print_address(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[ADDR_TEXT_MAX];

	print_text(f, addr_format(field, buf));
}

static void
print_host(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[ADDR_TEXT_MAX];

	print_text(f, conf_host_format(field, buf));
}

static void
print_endpoint(FILE *f, const struct schema_option *o, const void *field)
{
	char buf[ADDR_PORT_TEXT_MAX];

	print_text(f, addr_port_format(field, buf));
}

static void
print_protocol(FILE *f, const struct schema_option *o, const void *field)
{
	int n = (int)get_number(o, field);
	const char *name = schema_word_name(schema_protocols, n);

	if (name != NULL)
		fputs(name, f);
	else
		fprintf(f, "%d", n);
}

static void
print_words(FILE *f, const struct conf_words *w)
{
	fputs("{", f);
	for (size_t i = 0; i < w->n; i++) {
		fputs(i == 0 ? " " : ", ", f);
		print_text(f, w->v[i].text);
	}
	fputs(w->n == 0 ? "}" : " }", f);
}

static void
print_addresses(FILE *f, const struct addr *v, size_t n)
{
	char buf[ADDR_TEXT_MAX];

	fputs("{ ", f);
	for (size_t i = 0; i < n; i++) {
		print_text(f, addr_format(&v[i], buf));
		fputs(i + 1 < n ? ", " : " }", f);
	}
}

static void
print_prefixes(FILE *f, const struct addr_prefix *v, size_t n)
{
	char buf[ADDR_TEXT_MAX];

	fputs(n == 0 ? "any" : "{ ", f);
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s", addr_prefix_format(&v[i], buf),
		    i + 1 < n ? ", " : " }");
}

static void
print_ports(FILE *f, const struct conf_ports *v, size_t n)
{
	fputs(n == 0 ? "any" : "{ ", f);
	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%u", v[i].lo);
		if (v[i].hi != v[i].lo)
			fprintf(f, "-%u", v[i].hi);
		fputs(i + 1 < n ? ", " : " }", f);
	}
}

static void
print_rungs(FILE *f, const struct conf_rung *v, size_t n)
{
	char buf[CONF_RUNG_TEXT_MAX];

	fputs(n == 0 ? "{}" : "{ ", f);
	for (size_t i = 0; i < n; i++) {
		print_text(f, conf_rung_format(&v[i], buf));
		fputs(i + 1 < n ? ", " : " }", f);
	}
}

static size_t
count_of(const struct schema_option *o, const char *self)
{
	size_t n = 0;

	if (o->count != 0)
		memcpy(&n, self + o->count, sizeof(n));
	return n;
}

static void
print_list(FILE *f, const struct schema_option *o, const char *self)
{
	const void *field = self + o->offset;
	size_t n = count_of(o, self);

	if (o->type == SCHEMA_ADDRESSES)
		print_addresses(f, *(const struct addr *const *)field, n);
	else if (o->type == SCHEMA_PREFIXES)
		print_prefixes(f, *(const struct addr_prefix *const *)field, n);
	else if (o->type == SCHEMA_RUNGS)
		print_rungs(f, *(const struct conf_rung *const *)field, n);
	else if (o->type == SCHEMA_PORTS)
		print_ports(f, *(const struct conf_ports *const *)field, n);
	else
		print_words(f, field);
}

/* What has no value is left out: there is no word for it. */
static bool
has_value(const struct schema_option *o, const char *self)
{
	static const char *const no_text = NULL;
	const void *field = self + o->offset;
	const struct addr *a = field;

	if (o->type == SCHEMA_ADDRESSES)
		return count_of(o, self) > 0;
	if (o->type == SCHEMA_ADDRESS)
		return a->family != 0;
	if (o->type == SCHEMA_EXPRESSION || o->type == SCHEMA_INTERFACE)
		return memcmp(field, &no_text, sizeof(no_text)) != 0;
	/* The port of an encapsulation without ports. */
	return o->type != SCHEMA_NUMBER || o->min == 0 || o->or_zero ||
	    get_number(o, field) != 0;
}

static void
print_options(const struct printer *p, const struct schema *s, const void *self)
{
	static print_value *const printers[] = {
		[SCHEMA_WORD] = print_word,
		[SCHEMA_NUMBER] = print_number,
		[SCHEMA_MARK] = print_mark,
		[SCHEMA_SIZE] = print_size,
		[SCHEMA_RATE] = print_rate,
		[SCHEMA_TIME] = print_time,
		[SCHEMA_TEXT] = print_string,
		[SCHEMA_EXPRESSION] = print_string,
		[SCHEMA_INTERFACE] = print_string,
		[SCHEMA_ADDRESS] = print_address,
		[SCHEMA_HOST] = print_host,
		[SCHEMA_ENDPOINT] = print_endpoint,
		[SCHEMA_PROTOCOL] = print_protocol,
	};

	for (size_t i = 0; i < s->n; i++) {
		const struct schema_option *o = &s->options[i];
		const char *field;

		if (o->offset == SCHEMA_NOWHERE || o->type == SCHEMA_SECTION)
			continue;
		field = (const char *)self + o->offset;
		if (!has_value(o, self))
			continue;
		fprintf(p->f, "%s%s = ", p->indent, o->name);
		if (schema_is_list(o))
			print_list(p->f, o, self);
		else
			printers[o->type](p->f, o, field);
		fputc('\n', p->f);
	}
}

static void
print_rule(FILE *f, const struct conf_rule *rule)
{
	struct printer p = { f, "\t\t" };

	fputs("\trule ", f);
	print_text(f, rule->name);
	fputs(" {\n", f);
	print_options(&p, &schema_rule, rule);
	fputs("\t}\n", f);
}

static void
print_mirror(FILE *f, const struct conf_mirror *m)
{
	struct printer p = { f, "\t" };

	fputs("\nmirror ", f);
	print_text(f, m->name);
	fputs(" {\n", f);
	print_options(&p, &schema_mirror, m);
	for (size_t i = 0; i < m->nrules; i++)
		print_rule(f, &m->rules[i]);
	fputs("}\n", f);
}

static void
print_target(FILE *f, const struct conf_target *t)
{
	struct printer p = { f, "\t" };

	fputs("\ntarget ", f);
	print_text(f, t->name);
	fputs(" {\n", f);
	print_options(&p, &schema_target, t);
	fputs("}\n", f);
}

void
conf_print(const struct conf *c, FILE *f)
{
	struct printer p = { f, "" };

	print_options(&p, &schema_root, c);
	for (size_t i = 0; i < c->ntargets; i++)
		print_target(f, &c->targets[i]);
	for (size_t i = 0; i < c->nmirrors; i++)
		print_mirror(f, &c->mirrors[i]);
}
