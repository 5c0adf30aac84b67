/* SPDX-License-Identifier: ISC */
/* Two answers to status: how fast the counters grow. */
#include "config.h"

#include <math.h>
#include <string.h>

#include "ctl/rates.h"

static bool
is_same_number(const json_t *a, const json_t *b, const char *field)
{
	return json_integer_value(json_object_get(a, field)) ==
	    json_integer_value(json_object_get(b, field));
}

/* A process that has been restarted may have its old number. */
static bool
is_older(const json_t *before, const json_t *now)
{
	return json_integer_value(json_object_get(before, "uptime_seconds")) <=
	    json_integer_value(json_object_get(now, "uptime_seconds"));
}

struct rates
rates_between(const json_t *before, const json_t *now, double seconds)
{
	struct rates r = { now, before, seconds };

	if (before == NULL || !is_same_number(before, now, "pid") ||
	    !is_older(before, now) || seconds <= 0)
		r.before = NULL;
	return r;
}

static const json_t *
find(const json_t *array, const char *key, const char *text)
{
	json_t *one;
	size_t i;

	json_array_foreach(array, i, one) {
		const char *found = json_string_value(
		    json_object_get(one, key));

		if (found != NULL && strcmp(found, text) == 0)
			return one;
	}
	return NULL;
}

bool
rates_item(const struct rates *r, const char *array, const char *key, size_t i,
    struct rates *item)
{
	const json_t *now = json_object_get(r->now, array);
	const char *text;

	if (i >= json_array_size(now))
		return false;
	item->now = json_array_get(now, i);
	item->before = NULL;
	item->seconds = r->seconds;
	text = json_string_value(json_object_get(item->now, key));
	if (text != NULL)
		item->before = find(json_object_get(r->before, array), key,
		    text);
	return true;
}

struct rates
rates_member(const struct rates *r, const char *name)
{
	return (struct rates) { json_object_get(r->now, name),
		json_object_get(r->before, name), r->seconds };
}

double
rates_of(const struct rates *r, const char *counter)
{
	const json_t *before = json_object_get(r->before, counter);
	const json_t *now = json_object_get(r->now, counter);
	json_int_t a = json_integer_value(before), b = json_integer_value(now);

	if (!json_is_integer(before) || !json_is_integer(now) || a < 0 || b < a)
		return NAN;
	return (double)(b - a) / r->seconds;
}
