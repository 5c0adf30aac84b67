/* SPDX-License-Identifier: ISC */
/* One value of an option that is a list. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "conf/report.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "conf/value.h"

static int
add_word(const struct value *v, struct conf_words *w)
{
	struct conf_word *words = reallocarray(w->v, w->n + 1, sizeof(*words));
	char *copy = strdup(v->text);

	if (words != NULL)
		w->v = words;
	if (words == NULL || copy == NULL) {
		free(copy);
		return value_fail(v, "out of memory");
	}
	words[w->n].text = copy;
	words[w->n++].pos = v->pos;
	return 0;
}

bool
value_is_tag(const char *text)
{
	size_t key = strcspn(text, "="), len = strlen(text);

	return text[key] == '=' && key > 0 && len <= 255 &&
	    text_is_printable(text, len) &&
	    text_length(text, key) <= CONF_NAME_MAX;
}

int
value_add_tag(const struct value *v, struct conf_words *w)
{
	size_t key = strcspn(v->text, "=");
	char q[REPORT_QUOTE_MAX];

	if (!value_is_tag(v->text))
		return value_refuse(v, VALUE_TAG);
	for (size_t i = 0; i < w->n; i++)
		if (strncmp(w->v[i].text, v->text, key + 1) == 0)
			return value_fail(v,
			    "%s: the key is already set in "
			    "%s:%u",
			    report_quote(q, v->text), w->v[i].pos.file,
			    w->v[i].pos.line);
	return add_word(v, w);
}

static bool
same_source(const char *a, const char *b)
{
	struct addr x, y;

	if (strcmp(a, b) == 0)
		return true;
	return addr_parse(&x, a) == 0 && addr_parse(&y, b) == 0 &&
	    addr_equal(&x, &y);
}

/* Shell patterns obey the same rules as names, but may be longer. */
static bool
is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL && strpbrk(text, "/: ") == NULL &&
	    strlen(text) <= CONF_NAME_MAX &&
	    text_is_printable(text, strlen(text));
}

/* 10.0.0.300 would do as the name of an interface, but is not meant so. */
static bool
is_bad_address(const char *text)
{
	return strchr(text, '.') != NULL &&
	    text[strspn(text, "0123456789.")] == '\0';
}

int
value_add_source(const struct value *v, struct conf_words *w)
{
	char q[REPORT_QUOTE_MAX];
	struct addr a;

	if (addr_parse(&a, v->text) == -1 && !is_glob(v->text) &&
	    (!value_is_interface(v->text) || is_bad_address(v->text)))
		return value_refuse(v,
		    "name of an interface, \"pattern*\", "
		    "IPv4 or IPv6 address, all");
	for (size_t i = 0; i < w->n; i++)
		if (same_source(w->v[i].text, v->text))
			return value_fail(v, "%s is already named in %s:%u",
			    report_quote(q, v->text), w->v[i].pos.file,
			    w->v[i].pos.line);
	return add_word(v, w);
}

int
value_add_name(const struct value *v, struct conf_words *w)
{
	char q[REPORT_QUOTE_MAX];

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->v[i].text, v->text) == 0)
			return value_fail(v, "%s is already named in %s:%u",
			    report_quote(q, v->text), w->v[i].pos.file,
			    w->v[i].pos.line);
	return add_word(v, w);
}

int
value_add_host(const struct value *v, struct addr **list, size_t *n)
{
	char q[REPORT_QUOTE_MAX];
	struct addr a, *more;

	if (value_get_host(v, &a) == -1)
		return -1;
	for (size_t i = 0; i < *n; i++)
		if (addr_equal(&(*list)[i], &a))
			return value_fail(v, "%s is already named",
			    report_quote(q, v->text));
	if (*n == v->option->max)
		return value_fail(v, "more than %zu addresses", *n);
	if ((more = reallocarray(*list, *n + 1, sizeof(a))) == NULL)
		return value_fail(v, "out of memory");
	*list = more;
	more[(*n)++] = a;
	return 0;
}

/* The word any means: no condition. Returns whether it was that word, or
 * something that must not stand next to it; *error tells which. */
static bool
take_any(const struct value *v, int *error)
{
	bool is_any = strcmp(v->text, "any") == 0;

	*error = 0;
	if (v->any || (is_any && v->nth > 0))
		*error = value_fail(v, "any must stand alone");
	return is_any || *error != 0;
}

static int
refuse_host_bits(const struct value *v)
{
	const char *slash = strchr(v->text, '/');
	char q[REPORT_QUOTE_MAX], good[ADDR_TEXT_MAX];
	struct addr_prefix p;
	uint64_t len = 0;

	/* It was good but for the host bits: this cannot fail. */
	snprintf(good, sizeof(good), "%.*s", (int)(slash - v->text), v->text);
	addr_parse(&p.addr, good);
	num_parse(&len, slash + 1, 0, 128);
	for (size_t bit = len; bit < 128; bit++)
		p.addr.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
	p.len = (uint8_t)len;
	return value_fail(v,
	    "%s has bits set behind the prefix length "
	    "(%s is allowed)",
	    report_quote(q, v->text), addr_prefix_format(&p, good));
}

int
value_add_prefix(const struct value *v, struct addr_prefix **list, size_t *n)
{
	struct addr_prefix p, *more;
	int error;

	if (take_any(v, &error))
		return error;
	error = addr_prefix_parse(&p, v->text);
	if (error == -2)
		return refuse_host_bits(v);
	if (error == -1)
		return value_refuse(v,
		    "any, IPv4 or IPv6 ADDRESS or ADDRESS/LENGTH");
	if ((more = reallocarray(*list, *n + 1, sizeof(p))) == NULL)
		return value_fail(v, "out of memory");
	*list = more;
	more[(*n)++] = p;
	return 0;
}

static int
parse_ports(struct conf_ports *p, const char *text)
{
	const char *dash = strchr(text, '-');
	char first[8];
	uint64_t lo, hi;
	size_t len = dash == NULL ? strlen(text) : (size_t)(dash - text);

	if (len >= sizeof(first))
		return -1;
	memcpy(first, text, len);
	first[len] = '\0';
	if (num_parse(&lo, first, 0, 65535) != 0)
		return -1;
	hi = lo;
	if (dash != NULL && num_parse(&hi, dash + 1, lo, 65535) != 0)
		return -1;
	p->lo = (uint16_t)lo;
	p->hi = (uint16_t)hi;
	return 0;
}

int
value_add_ports(const struct value *v, struct conf_ports **list, size_t *n)
{
	struct conf_ports p, *more;
	int error;

	if (take_any(v, &error))
		return error;
	if (parse_ports(&p, v->text) == -1)
		return value_refuse(v,
		    "any, a port or a range as 8000-8999, 0-65535");
	if ((more = reallocarray(*list, *n + 1, sizeof(p))) == NULL)
		return value_fail(v, "out of memory");
	*list = more;
	more[(*n)++] = p;
	return 0;
}

/* The same limits as those of the options truncate and sample. */
static int
parse_rung(struct conf_rung *rung, const char *text)
{
	uint64_t n = 0;

	if (strcmp(text, "stop") == 0)
		*rung = (struct conf_rung) { CONF_STOP, 0 };
	else if (strncmp(text, "truncate ", 9) == 0 &&
	    num_parse(&n, text + 9, 14, 65535) == 0)
		*rung = (struct conf_rung) { CONF_TRUNCATE, (uint32_t)n };
	else if (strncmp(text, "sample ", 7) == 0 &&
	    num_parse(&n, text + 7, 2, UINT32_MAX) == 0)
		*rung = (struct conf_rung) { CONF_SAMPLE, (uint32_t)n };
	else
		return -1;
	return 0;
}

/* Whether next leaves less than before does, where both can be compared. */
static bool
is_further(const struct conf_rung *before, const struct conf_rung *next)
{
	if (before->relief == CONF_STOP)
		return false;
	if (before->relief != next->relief)
		return true;
	return next->relief == CONF_TRUNCATE ? next->number < before->number :
					       next->number > before->number;
}

int
value_add_rung(const struct value *v, struct conf_rung **list, size_t *n)
{
	char q[REPORT_QUOTE_MAX], text[CONF_RUNG_TEXT_MAX];
	struct conf_rung rung, *more;

	if (parse_rung(&rung, v->text) == -1)
		return value_refuse(v,
		    "\"truncate 14-65535\", \"sample 2-4294967295\", stop");
	for (size_t i = 0; i < *n; i++)
		if (!is_further(&(*list)[i], &rung))
			return value_fail(v, "%s is no relief behind \"%s\"",
			    report_quote(q, v->text),
			    conf_rung_format(&(*list)[i], text));
	if ((more = reallocarray(*list, *n + 1, sizeof(rung))) == NULL)
		return value_fail(v, "out of memory");
	*list = more;
	more[(*n)++] = rung;
	return 0;
}
