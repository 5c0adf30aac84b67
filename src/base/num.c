/* SPDX-License-Identifier: ISC */
/* Numbers as people write them in a configuration. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/num.h"

struct unit {
	const char *name;
	uint64_t factor;
};

/* In every table the spelling that is printed comes first for its factor,
 * and larger factors come first. */
static const struct unit size_units[] = { { "GiB", 1 << 30 },
	{ "MiB", 1 << 20 }, { "KiB", 1 << 10 }, { "", 1 }, { "G", 1 << 30 },
	{ "M", 1 << 20 }, { "K", 1 << 10 }, { "GB", 1 << 30 },
	{ "MB", 1 << 20 }, { "KB", 1 << 10 }, { "B", 1 }, { NULL, 0 } };
static const struct unit rate_units[] = { { "G", 1000000000 }, { "M", 1000000 },
	{ "k", 1000 }, { "", 1 }, { NULL, 0 } };
static const struct unit time_units[] = { { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 }, { NULL, 0 } };

static int
parse_with_units(uint64_t *v, const char *text, uint64_t min, uint64_t max,
    const struct unit *u)
{
	unsigned long long n;
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return -1;
	errno = 0;
	n = strtoull(text, &end, 10);
	while (u->name != NULL && strcasecmp(u->name, end) != 0)
		u++;
	if (u->name == NULL)
		return -1;
	if (errno == ERANGE || n > UINT64_MAX / u->factor)
		return -2;
	n *= u->factor;
	if (n < min || n > max)
		return -2;
	*v = n;
	return 0;
}

static const char *
format_with_units(uint64_t v, char buf[static NUM_TEXT_MAX],
    const struct unit *u)
{
	while (u->factor > 1 && (v == 0 || v % u->factor != 0))
		u++;
	snprintf(buf, NUM_TEXT_MAX, "%" PRIu64 "%s", v / u->factor, u->name);
	return buf;
}

int
num_parse(uint64_t *v, const char *text, uint64_t min, uint64_t max)
{
	int base = text[0] == '0' && (text[1] | 0x20) == 'x' ? 16 : 10;
	const char *digits = base == 16 ? text + 2 : text;
	unsigned long long n;
	char *end;

	if (!isxdigit((unsigned char)digits[0]))
		return -1;
	errno = 0;
	n = strtoull(digits, &end, base);
	if (end == digits || *end != '\0')
		return -1;
	if (errno == ERANGE || n < min || n > max)
		return -2;
	*v = n;
	return 0;
}

int
num_parse_size(uint64_t *v, const char *text, uint64_t min, uint64_t max)
{
	return parse_with_units(v, text, min, max, size_units);
}

int
num_parse_rate(uint64_t *v, const char *text, uint64_t min, uint64_t max)
{
	return parse_with_units(v, text, min, max, rate_units);
}

int
num_parse_time(uint64_t *ms, const char *text, uint64_t min, uint64_t max)
{
	return parse_with_units(ms, text, min, max, time_units);
}

const char *
num_format_size(uint64_t v, char buf[static NUM_TEXT_MAX])
{
	return format_with_units(v, buf, size_units);
}

const char *
num_format_rate(uint64_t v, char buf[static NUM_TEXT_MAX])
{
	return format_with_units(v, buf, rate_units);
}

const char *
num_format_time(uint64_t ms, char buf[static NUM_TEXT_MAX])
{
	return format_with_units(ms, buf, time_units);
}
