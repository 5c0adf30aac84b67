/* SPDX-License-Identifier: ISC */
/* Answers of the daemon, for people to read. */
#include "config.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "conf/text.h"
#include "ctl/answer.h"
#include "ctl/show.h"

#define NAME_WIDTH    23
#define ADDRESS_WIDTH 15 /* of IPv4 */
#define STATE_WIDTH   11
#define NUMBER_WIDTH  10 /* four of them, and blanks between: 79 columns */

int
show_columns(const char *text, size_t n)
{
	wchar_t c;
	mbstate_t state = { 0 };
	int width;

	if (n == 1)
		return 1;
	if (mbrtowc(&c, text, n, &state) != n)
		return 1;
	width = wcwidth(c);
	return width < 0 ? 1 : width;
}

/* Returns the columns of text, of which the first max are printed; f may be
 * NULL. */
static int
put_text(FILE *f, const char *text, int max)
{
	size_t len = strlen(text);
	int total = 0;

	while (len > 0) {
		size_t n = text_step(text, len);
		int width = n == 0 ? 4 : show_columns(text, n);

		if (f != NULL && total + width <= max) {
			if (n == 0)
				fprintf(f, "\\x%02x", (unsigned char)*text);
			else
				fwrite(text, 1, n, f);
		} else if (f != NULL) {
			return total;
		}
		total += width;
		n += n == 0;
		text += n;
		len -= n;
	}
	return total;
}

void
show_text(FILE *f, const char *text, int width)
{
	int used;

	if (width == 0) {
		text_put(f, text);
		return;
	}
	if (put_text(NULL, text, 0) <= width) {
		used = put_text(f, text, width);
	} else {
		used = put_text(f, text, width - 1) + 1;
		fputs("\u2026", f);
	}
	fprintf(f, "%*s", width - used, "");
}

void
show_lines(FILE *f, const char *prefix, const json_t *texts)
{
	json_t *text;
	size_t i;

	json_array_foreach(texts, i, text) {
		fputs(prefix, f);
		show_text(f,
		    json_is_string(text) ? json_string_value(text) : "?", 0);
		fputc('\n', f);
	}
}

/* In full as long as it fits. */
static void
show_number(uint64_t n)
{
	static const char units[] = "kMGTPE";
	double d = (double)n;
	size_t i = 0;

	if (n <= UINT64_C(9999999999)) {
		printf(" %*" PRIu64, NUMBER_WIDTH, n);
		return;
	}
	for (d /= 1000; d >= 1000 && i + 2 < sizeof(units); d /= 1000)
		i++;
	printf(" %*.3f%c", NUMBER_WIDTH - 1, d, units[i]);
}

void
show_uptime(FILE *f, uint64_t s)
{
	if (s >= 86400)
		fprintf(f, "%" PRIu64 "d ", s / 86400);
	fprintf(f, "%02" PRIu64 ":%02" PRIu64 ":%02" PRIu64, s / 3600 % 24,
	    s / 60 % 60, s % 60);
}

static bool
is_collect_switched(const json_t *mirror)
{
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(mirror, "by_operator"), i, one)
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), "collect") == 0)
			return true;
	return false;
}

static bool
is_target_switched(const json_t *answer, const char *name)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(answer, "targets"), i, t)
		if (strcmp(answer_text(t, "name"), name) == 0)
			return json_array_size(
				   json_object_get(t, "by_operator")) > 0;
	return false;
}

static void
show_head(const json_t *answer)
{
	fputs("trafmirrord ", stdout);
	show_text(stdout, answer_text(answer, "version"), 0);
	printf(", pid %" PRIu64 ", up ", answer_number(answer, "pid"));
	show_uptime(stdout, answer_number(answer, "uptime_seconds"));
	printf(", generation %" PRIu64 "\n",
	    answer_number(answer, "generation"));
	show_text(stdout, answer_text(answer, "config"), 0);
	putchar('\n');
	if (json_is_false(json_object_get(answer, "last_reload_success")))
		puts("the last reload has failed: what this file says now is "
		     "not in force");
	putchar('\n');
}

/* The beginning of a row. */
static void
show_name(const char *indent, const json_t *j, const char *field, bool operator)
{
	char state[64];

	fputs(indent, stdout);
	show_text(stdout, answer_text(j, field),
	    NAME_WIDTH - (int)strlen(indent));
	fputc(' ', stdout);
	snprintf(state, sizeof(state), "%.60s%s",
	    answer_text(j, "state"), operator? "*" : "");
	show_text(stdout, state, STATE_WIDTH);
}

static uint64_t
dropped_of(const json_t *m)
{
	uint64_t sum = 0;
	const char *reason;
	json_t *n;

	json_object_foreach(json_object_get(m, "dropped_packets"), reason, n)
		sum += answer_number(json_object_get(m, "dropped_packets"),
		    reason);
	return sum;
}

/* Of those there are the ones that nothing is collected of. */
static void
show_unresolved(const json_t *m)
{
	json_t *j;
	size_t i;

	json_array_foreach(json_object_get(m, "next_hops"), i, j) {
		if (strcmp(answer_text(j, "state"), "unresolved") != 0)
			continue;
		fputs("  next hop ", stdout);
		show_text(stdout, answer_text(j, "address"), 0);
		fputs(" of ", stdout);
		show_text(stdout, answer_text(j, "interface"), 0);
		puts(": unresolved");
	}
}

static bool
show_rows(const json_t *answer, const json_t *m)
{
	bool any = is_collect_switched(m);
	json_t *j;
	size_t i;

	show_name("", m, "name", any);
	show_number(answer_number(m, "captured_packets"));
	show_number(answer_number(m, "copied_packets"));
	show_number(dropped_of(m));
	show_number(answer_number(m, "ring_dropped_packets"));
	fputc('\n', stdout);
	if (json_is_string(json_object_get(m, "under_pressure"))) {
		fputs("  under pressure: ", stdout);
		show_text(stdout, answer_text(m, "under_pressure"), 0);
		fputc('\n', stdout);
	}
	show_unresolved(m);
	json_array_foreach(json_object_get(m, "sources"), i, j) {
		show_name("  < ", j, "interface", false);
		show_number(answer_number(j, "captured_packets"));
		printf("%*s", 2 * (NUMBER_WIDTH + 1), "");
		show_number(answer_number(j, "ring_dropped_packets"));
		fputc('\n', stdout);
	}
	json_array_foreach(json_object_get(m, "targets"), i, j) {
		bool op = is_target_switched(answer, answer_text(j, "name"));

		show_name("  > ", j, "name", op);
		printf("%*.0f%%", NUMBER_WIDTH,
		    100 * json_number_value(json_object_get(j, "share")));
		show_number(answer_number(j, "copied_packets"));
		show_number(answer_number(j, "dropped_packets"));
		fputc('\n', stdout);
		any |= op;
	}
	return any;
}

void
show_status(const json_t *answer)
{
	const json_t *mirrors = json_object_get(answer, "mirrors");
	bool any = false;
	json_t *m;
	size_t i;

	show_head(answer);
	if (json_array_size(mirrors) == 0)
		puts("no mirrors");
	else
		printf("%-*s %-*s %*s %*s %*s %*s\n", NAME_WIDTH,
		    "MIRROR <SOURCE >TARGET", STATE_WIDTH, "STATE",
		    NUMBER_WIDTH, "CAPTURED", NUMBER_WIDTH, "COPIED",
		    NUMBER_WIDTH, "DROPPED", NUMBER_WIDTH, "RING DROPS");
	json_array_foreach(mirrors, i, m)
		any |= show_rows(answer, m);
	if (any)
		puts("\n* by operator, until trafmirrorctl reset");
}

/* ---- one mirror ---------------------------------------------------------- */

/* The members of an object as NAME=VALUE, one a line. */
static void
show_members(const char *indent, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (json_is_object(value) || json_is_array(value))
			continue;
		fputs(indent, stdout);
		show_text(stdout, key, 0);
		fputc('=', stdout);
		if (json_is_string(value))
			show_text(stdout, json_string_value(value), 0);
		else if (json_is_real(value))
			printf("%.3f", json_real_value(value));
		else if (json_is_integer(value))
			printf("%" JSON_INTEGER_FORMAT,
			    json_integer_value(value));
		else if (json_is_null(value))
			fputs("none", stdout);
		else
			fputs(json_is_true(value) ? "true" : "false", stdout);
		fputc('\n', stdout);
	}
}

static void
show_array(const char *indent, const char *title, const json_t *array)
{
	char deeper[16], deepest[16];
	json_t *one;
	size_t i;

	snprintf(deeper, sizeof(deeper), "%s  ", indent);
	snprintf(deepest, sizeof(deepest), "%s    ", indent);
	json_array_foreach(array, i, one) {
		const json_t *check = json_object_get(one, "check");

		printf("%s%s\n", indent, title);
		show_members(deeper, one);
		if (json_is_object(check)) {
			printf("%scheck:\n", deeper);
			show_members(deepest, check);
		}
		show_array(deeper, "place", json_object_get(one, "places"));
	}
}

static void
show_switched_targets(const json_t *answer, const json_t *targets)
{
	json_t *one;
	size_t i;

	json_array_foreach(targets, i, one) {
		const char *name = answer_text(one, "name");

		if (!is_target_switched(answer, name))
			continue;
		fputs("  ", stdout);
		show_text(stdout, name, 0);
		puts(": by operator, until trafmirrorctl reset");
	}
}

void
show_mirror(const json_t *answer)
{
	const json_t *m = json_array_get(json_object_get(answer, "mirrors"), 0);
	const json_t *operator= json_object_get(m, "by_operator");
	const json_t *hops = json_object_get(m, "next_hops");

	show_members("", m);
	if (json_array_size(operator) > 0) {
		puts("by operator, until trafmirrorctl reset:");
		show_lines(stdout, "  ", operator);
	}
	puts("tags:");
	show_members("  ", json_object_get(m, "tags"));
	puts("dropped_packets:");
	show_members("  ", json_object_get(m, "dropped_packets"));
	puts("sources:");
	show_array("  ", "source", json_object_get(m, "sources"));
	if (json_array_size(hops) > 0) {
		puts("next hops:");
		show_array("  ", "next hop", hops);
	}
	puts("targets:");
	show_array("  ", "target", json_object_get(m, "targets"));
	show_switched_targets(answer, json_object_get(m, "targets"));
	puts("rules:");
	show_array("  ", "rule", json_object_get(m, "rules"));
}

/* ---- other answers ------------------------------------------------------- */

void
show_metrics(const json_t *answer)
{
	const char *text = answer_text(answer, "metrics");
	char *copy = strdup(text), *rest = copy, *line;

	while (copy != NULL && (line = strsep(&rest, "\n")) != NULL)
		if (rest != NULL || line[0] != '\0') {
			show_text(stdout, line, 0);
			putchar('\n');
		}
	free(copy);
}

void
show_reload(const json_t *answer)
{
	show_lines(stdout, "kept    ", json_object_get(answer, "kept"));
	show_lines(stdout, "new     ", json_object_get(answer, "new"));
	show_lines(stdout, "dropped ", json_object_get(answer, "dropped"));
	printf("generation %" PRIu64 "\n", answer_number(answer, "generation"));
}

void
show_version(const json_t *answer)
{
	fputs("trafmirrord ", stdout);
	show_text(stdout, answer_text(answer, "version"), 0);
	printf(", pid %" PRIu64 ", protocol %" PRIu64 "\n",
	    answer_number(answer, "pid"), answer_number(answer, "protocol"));
}

void
show_message(const json_t *answer)
{
	show_text(stdout, answer_text(answer, "message"), 0);
	puts(json_is_false(json_object_get(answer, "changed")) ? " already" :
								 "");
}

/* ---- verify -------------------------------------------------------------- */

static void
show_delay(const json_t *j, const char *field, const char *words)
{
	const json_t *ms = json_object_get(j, field);

	if (json_is_real(ms))
		printf("%s%.1f ms", words, json_real_value(ms));
	putchar('\n');
}

/* IPv6 is not cut off. */
static void
show_address(const json_t *j)
{
	const json_t *address = json_object_get(j, "address");
	const char *text = json_is_string(address) ?
	    json_string_value(address) :
	    "";

	show_text(stdout, text,
	    strlen(text) < ADDRESS_WIDTH ? ADDRESS_WIDTH : 0);
}

void
show_verify(const json_t *answer)
{
	json_t *one;
	size_t i;

	fputs("probes ", stdout);
	show_text(stdout, answer_text(answer, "flow"), 0);
	putchar('\n');
	json_array_foreach(json_object_get(answer, "sources"), i, one) {
		fputs("  < ", stdout);
		show_text(stdout, answer_text(one, "interface"), NAME_WIDTH);
		putchar(' ');
		show_text(stdout, answer_text(one, "message"), 0);
		show_delay(one, "capture_ms", " after ");
	}
	json_array_foreach(json_object_get(answer, "targets"), i, one) {
		fputs("  > ", stdout);
		show_text(stdout, answer_text(one, "name"), NAME_WIDTH);
		putchar(' ');
		show_address(one);
		putchar(' ');
		show_text(stdout, answer_text(one, "message"), 0);
		show_delay(one, "round_trip_ms", ", round trip ");
	}
}
