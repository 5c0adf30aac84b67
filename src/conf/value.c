/* SPDX-License-Identifier: ISC */
/* One value of one option: from text into the configuration. */
#include "config.h"

#include <ctype.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "conf/report.h"
#include "conf/schema.h"
#include "conf/text.h"
#include "conf/value.h"

typedef int value_parse(const struct value *v, void *field);
typedef int num_parser(uint64_t *v, const char *text, uint64_t min,
    uint64_t max);
typedef const char *num_formatter(uint64_t v, char buf[static NUM_TEXT_MAX]);

int
value_fail(const struct value *v, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	conf_report_error(v->report, &v->pos, "%s%s: %s", v->where,
	    v->option->name, text == NULL ? "out of memory" : text);
	free(text);
	return -1;
}

int
value_refuse(const struct value *v, const char *allowed)
{
	char q[REPORT_QUOTE_MAX];

	return value_fail(v, "%s is not allowed (%s)", report_quote(q, v->text),
	    allowed);
}

static int
store(const struct value *v, void *field, uint64_t n)
{
	uint8_t n8 = (uint8_t)n;
	uint16_t n16 = (uint16_t)n;
	uint32_t n32 = (uint32_t)n;

	switch (v->option->width) {
	case sizeof(n8):
		memcpy(field, &n8, sizeof(n8));
		break;
	case sizeof(n16):
		memcpy(field, &n16, sizeof(n16));
		break;
	case sizeof(n32):
		memcpy(field, &n32, sizeof(n32));
		break;
	case sizeof(n):
		memcpy(field, &n, sizeof(n));
		break;
	}
	return 0;
}

static int
store_text(const struct value *v, char **field)
{
	char *copy = strdup(v->text);

	if (copy == NULL)
		return value_fail(v, "out of memory");
	free(*field);
	*field = copy;
	return 0;
}

static int
parse_word(const struct value *v, void *field)
{
	const struct schema_option *o = v->option;
	const struct schema_word *w;
	char allowed[256] = "";
	size_t len = 0;

	for (w = o->words; w->name != NULL; w++) {
		if (strcmp(w->name, v->text) == 0)
			return store(v, field, (uint64_t)w->value);
		len += (size_t)snprintf(allowed + len, sizeof(allowed) - len,
		    "%s%s", len == 0 ? "" : ", ", w->name);
	}
	return value_refuse(v, allowed);
}

static const char *
format_plain(uint64_t v, char buf[static NUM_TEXT_MAX])
{
	snprintf(buf, NUM_TEXT_MAX, "%" PRIu64, v);
	return buf;
}

static int
parse_number_as(const struct value *v, void *field, num_parser *parse,
    num_formatter *format, const char *kind)
{
	const struct schema_option *o = v->option;
	char min[NUM_TEXT_MAX], max[NUM_TEXT_MAX], q[REPORT_QUOTE_MAX];
	uint64_t n;
	int error = parse(&n, v->text, o->or_zero ? 0 : o->min, o->max);

	if (error == 0 && n != 0 && n < o->min)
		error = -2;
	if (error == 0)
		return store(v, field, n);
	return value_fail(v, "%s is %s (%s%s-%s)", report_quote(q, v->text),
	    error == -2 ? "out of range" : kind, o->or_zero ? "0 or " : "",
	    format(o->min, min), format(o->max, max));
}

static int
parse_number(const struct value *v, void *field)
{
	return parse_number_as(v, field, num_parse, format_plain,
	    "not a number");
}

static int
parse_size(const struct value *v, void *field)
{
	uint64_t n, unit = v->option->min;
	char buf[NUM_TEXT_MAX], q[REPORT_QUOTE_MAX];

	if (num_parse_size(&n, v->text, unit, v->option->max) == 0 &&
	    n % unit != 0)
		return value_fail(v, "%s is not a multiple of %s",
		    report_quote(q, v->text), num_format_size(unit, buf));
	return parse_number_as(v, field, num_parse_size, num_format_size,
	    "not a size");
}

static int
parse_rate(const struct value *v, void *field)
{
	return parse_number_as(v, field, num_parse_rate, num_format_rate,
	    "not in bits per second, as 500M or 10G");
}

static int
parse_time(const struct value *v, void *field)
{
	return parse_number_as(v, field, num_parse_time, num_format_time,
	    "not a time with its unit, ms, s or m");
}

static int
parse_text(const struct value *v, void *field)
{
	const struct schema_option *o = v->option;
	size_t len = strlen(v->text);
	char q[REPORT_QUOTE_MAX];

	if (!text_is_printable(v->text, len))
		return value_refuse(v, "printable UTF-8");
	if (len == 0 && o->min > 0)
		return value_fail(v, "\"\" is not allowed (it is empty)");
	if (len > o->max)
		return value_fail(v,
		    "%s is too long (%zu bytes, at most %" PRIu64 ")",
		    report_quote(q, v->text), len, o->max);
	return store_text(v, field);
}

static int
parse_expression(const struct value *v, void *field)
{
	if (v->text[strspn(v->text, " \t\r\n")] == '\0')
		return value_refuse(v, "a pcap-filter(7) expression");
	return store_text(v, field);
}

bool
value_is_interface(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len >= IFNAMSIZ || strcmp(text, ".") == 0 ||
	    strcmp(text, "..") == 0)
		return false;
	for (; *text != '\0'; text++)
		if (*text == '/' || *text == ':' || iscntrl((uint8_t)*text) ||
		    isspace((uint8_t)*text))
			return false;
	return true;
}

static int
parse_interface(const struct value *v, void *field)
{
	if (!value_is_interface(v->text))
		return value_refuse(v, "the name of an interface");
	return store_text(v, field);
}

/* RFC 1035, section 2.3.4 */
#define HOST_NAME_MAX_LEN  253
#define HOST_LABEL_MAX_LEN 63

/* Whether it is meant as a name, not as a misspelt address: no name has a last
 * label of digits. */
static bool
is_host_name(const char *text)
{
	size_t len = strlen(text), label;
	bool digits = true;

	if (len > 0 && text[len - 1] == '.')
		len--;
	if (len == 0 || len > HOST_NAME_MAX_LEN)
		return false;
	for (const char *end = text + len; text < end; text += label + 1) {
		label = 0;
		digits = true;
		for (; text + label < end && text[label] != '.'; label++) {
			uint8_t c = (uint8_t)text[label];

			if (!isalnum(c) && c != '-' && c != '_')
				return false;
			digits &= isdigit(c) != 0;
		}
		if (label == 0 || label > HOST_LABEL_MAX_LEN ||
		    text[label - 1] == '-' || text[0] == '-')
			return false;
	}
	return !digits;
}

bool
value_is_host(const struct addr *a)
{
	static const uint8_t zero[16], ones[4] = { 255, 255, 255, 255 };

	if (memcmp(a->bytes, zero, sizeof(zero)) == 0)
		return false;
	if (a->family == AF_INET)
		return a->bytes[0] >> 4 != 0xe &&
		    memcmp(a->bytes, ones, sizeof(ones)) != 0;
	return a->bytes[0] != 0xff;
}

int
value_get_host(const struct value *v, struct addr *a)
{
	if (addr_parse(a, v->text) == -1)
		return value_refuse(v, "an IPv4 or IPv6 address");
	if (!value_is_host(a))
		return value_refuse(v, "the IPv4 or IPv6 address of one host");
	return 0;
}

static int
parse_address(const struct value *v, void *field)
{
	struct addr a;

	if (value_get_host(v, &a) == -1)
		return -1;
	*(struct addr *)field = a;
	return 0;
}

static int
parse_host(const struct value *v, void *field)
{
	struct conf_host *host = field;
	struct addr a;

	if (addr_parse(&a, v->text) == 0)
		return parse_address(v, &host->address);
	if (!is_host_name(v->text))
		return value_refuse(v, "an IPv4 or IPv6 address, or a name");
	return store_text(v, &host->name);
}

static int
parse_endpoint(const struct value *v, void *field)
{
	const char *allowed = "ADDRESS:PORT, [IPv6]:PORT, or empty: off";
	const char *text = v->text, *colon = strrchr(text, ':');
	char host[ADDR_TEXT_MAX];
	struct addr_port *endpoint = field;
	struct addr a;
	uint64_t port;
	size_t n;
	bool bracket = text[0] == '[';

	*endpoint = (struct addr_port) { 0 };
	if (text[0] == '\0')
		return 0;
	if (colon == NULL || num_parse(&port, colon + 1, 1, 65535) != 0)
		return value_refuse(v, allowed);
	n = (size_t)(colon - text);
	if (bracket && (n < 2 || text[n - 1] != ']'))
		return value_refuse(v, allowed);
	if (bracket) {
		text++;
		n -= 2;
	}
	snprintf(host, sizeof(host), "%.*s", (int)n, text);
	if (n >= sizeof(host) || addr_parse(&a, host) == -1 ||
	    (a.family == AF_INET6) != bracket)
		return value_refuse(v, allowed);
	*endpoint = (struct addr_port) { a, (uint16_t)port };
	return 0;
}

static int
parse_protocol(const struct value *v, void *field)
{
	const struct schema_word *w = schema_protocols;
	uint64_t n;

	while (w->name != NULL && strcmp(w->name, v->text) != 0)
		w++;
	if (w->name != NULL)
		n = (uint64_t)w->value;
	else if (num_parse(&n, v->text, 0, 255) != 0)
		return value_refuse(v,
		    "any, tcp, udp, icmp, icmp6, sctp, "
		    "gre, esp, ah, 0-255");
	return store(v, field, n);
}

static int
add_to_list(const struct value *v, void *self)
{
	const struct schema_option *o = v->option;
	void *field = (char *)self + o->offset;
	size_t *count = (size_t *)(void *)((char *)self + o->count);

	if (v->nth >= SCHEMA_LIST_MAX)
		return v->nth > SCHEMA_LIST_MAX ?
		    -1 :
		    value_fail(v, "more than %d values", SCHEMA_LIST_MAX);
	switch (o->type) {
	case SCHEMA_TAGS:
		return value_add_tag(v, field);
	case SCHEMA_SOURCES:
		return value_add_source(v, field);
	case SCHEMA_NAMES:
		return value_add_name(v, field);
	case SCHEMA_ADDRESSES:
		return value_add_host(v, field, count);
	case SCHEMA_PREFIXES:
		return value_add_prefix(v, field, count);
	case SCHEMA_RUNGS:
		return value_add_rung(v, field, count);
	default:
		return value_add_ports(v, field, count);
	}
}

int
value_set(const struct value *v, void *self)
{
	static value_parse *const parsers[] = {
		[SCHEMA_WORD] = parse_word,
		[SCHEMA_NUMBER] = parse_number,
		[SCHEMA_MARK] = parse_number,
		[SCHEMA_SIZE] = parse_size,
		[SCHEMA_RATE] = parse_rate,
		[SCHEMA_TIME] = parse_time,
		[SCHEMA_TEXT] = parse_text,
		[SCHEMA_EXPRESSION] = parse_expression,
		[SCHEMA_INTERFACE] = parse_interface,
		[SCHEMA_ADDRESS] = parse_address,
		[SCHEMA_HOST] = parse_host,
		[SCHEMA_ENDPOINT] = parse_endpoint,
		[SCHEMA_PROTOCOL] = parse_protocol,
	};
	const struct schema_option *o = v->option;
	char *base = self;

	if (o->pos != 0)
		*(struct conf_pos *)(void *)(base + o->pos) = v->pos;
	if (schema_is_list(o))
		return add_to_list(v, self);
	return parsers[o->type](v,
	    o->offset == SCHEMA_NOWHERE ? NULL : base + o->offset);
}
