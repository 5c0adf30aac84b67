/* SPDX-License-Identifier: ISC */
/* Rates as a table for people: lines of text that no terminal has to break. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/text.h"
#include "ctl/answer.h"
#include "ctl/art.h"
#include "ctl/history.h"
#include "ctl/rates.h"
#include "ctl/show.h"
#include "ctl/table.h"

#define STATE_WIDTH 11
#define CELL_WIDTH  8 /* with the blank in front */
#define CELLS	    5
#define CELL_MAX    16 /* bytes of one */
#define NAME_LEAST  10
#define NAME_MOST   40
#define BAR_WIDTH   10

enum cell { CAPTURED, CAPTURED_BITS, COPIED, COPIED_BITS, LOST };

struct maker {
	struct table *table;
	FILE *f; /* the line that is being made */
	char *text;
	size_t len;
	const struct history *history;
	int width, name_width;
	enum art art;
};

struct row {
	const char *indent, *name, *state;
	bool switched;
	const double *share; /* in place of what is captured, or NULL */
	const char *count;   /* the same */
	char cells[CELLS][CELL_MAX];
};

/* ---- lines --------------------------------------------------------------- */

/* Ends text after width columns. */
static void
cut(char *text, int width)
{
	int used = 0;

	while (*text != '\0') {
		size_t n = text_step(text, strlen(text));
		int columns = n == 0 ? 1 : show_columns(text, n);

		if (used + columns > width)
			*text = '\0';
		else
			text += n == 0 ? 1 : n;
		used += columns;
	}
}

/* False: out of memory, and there is no line. */
static bool
begin(struct maker *m)
{
	m->text = NULL;
	m->f = open_memstream(&m->text, &m->len);
	return m->f != NULL;
}

static void
end(struct maker *m, enum table_look look)
{
	struct table *t = m->table;
	struct table_line *more;

	if (fclose(m->f) != 0 || m->text == NULL ||
	    (more = reallocarray(t->lines, t->n + 1, sizeof(*more))) == NULL) {
		free(m->text);
		return;
	}
	cut(m->text, m->width);
	t->lines = more;
	t->lines[t->n++] = (struct table_line) { look, m->text };
}

/* ---- what is in them ----------------------------------------------------- */

/* Three digits: 0, 1.2, 123, 1.23k, 12.3k, 123k. What is not known: -. */
static void
print_rate(char cell[static CELL_MAX], double rate)
{
	static const char units[] = " kMGTPE";
	int unit = 0;

	if (isnan(rate)) {
		strcpy(cell, "-");
		return;
	}
	for (; rate >= 999.5 && units[unit + 1] != '\0'; rate /= 1000)
		unit++;
	snprintf(cell, CELL_MAX, "%.*f%.*s",
	    rate == 0			 ? 0 :
		rate < 9.995 && unit > 0 ? 2 :
		rate < 99.95 && unit > 0 ? 1 :
		rate < 9.95		 ? 1 :
					   0,
	    rate, unit > 0, &units[unit]);
}

/* A bar, and the number. */
static void
put_share(struct maker *m, double share)
{
	share = share > 1 ? 1 : share < 0 ? 0 : share;
	fputc(' ', m->f);
	art_bar(m->f, m->art, share, BAR_WIDTH);
	fprintf(m->f, "%*.0f%%", 2 * CELL_WIDTH - BAR_WIDTH - 2, 100 * share);
}

static void
put_row(struct maker *m, const struct row *row, enum table_look look)
{
	char state[64];

	if (!begin(m))
		return;
	fputs(row->indent, m->f);
	show_text(m->f, row->name, m->name_width - (int)strlen(row->indent));
	fputc(' ', m->f);
	snprintf(state, sizeof(state), "%.60s%s", row->state,
	    row->switched ? "*" : "");
	show_text(m->f, state, STATE_WIDTH);
	if (row->share != NULL)
		put_share(m, *row->share);
	else if (row->count != NULL)
		fprintf(m->f, "%*s in all", 2 * CELL_WIDTH - 7, row->count);
	else
		fprintf(m->f, "%*s%*s", CELL_WIDTH, row->cells[CAPTURED],
		    CELL_WIDTH, row->cells[CAPTURED_BITS]);
	for (int i = COPIED; i < CELLS; i++)
		fprintf(m->f, "%*s", CELL_WIDTH, row->cells[i]);
	end(m, look);
}

static void
put_head(struct maker *m, const json_t *answer)
{
	struct row titles = { "", "MIRROR <SOURCE >TARGET", "STATE", false,
		NULL, NULL,
		{ "CAPT/s", "bit/s", "COPY/s", "bit/s", "LOST/s" } };

	if (begin(m)) {
		fputs("trafmirrord ", m->f);
		show_text(m->f, answer_text(answer, "version"), 0);
		fprintf(m->f, ", pid %" PRIu64 ", up ",
		    answer_number(answer, "pid"));
		show_uptime(m->f, answer_number(answer, "uptime_seconds"));
		fprintf(m->f, ", generation %" PRIu64 ", ",
		    answer_number(answer, "generation"));
		show_text(m->f, answer_text(answer, "config"), 0);
		end(m, TABLE_PLAIN);
	}
	put_row(m, &titles, TABLE_TITLE);
}

static void
put_curve(struct maker *m, const char *name)
{
	double rates[HISTORY_SIZE], max = 0;
	int room = m->width - 4 - (int)sizeof(" max 12.3k/s");
	size_t n = room < HISTORY_SIZE ? (size_t)room : HISTORY_SIZE;
	char cell[CELL_MAX];

	if (m->history == NULL || m->art == ART_NONE || room < 1 || !begin(m))
		return;
	history_get(m->history, name, n, rates);
	for (size_t i = 0; i < n; i++)
		max = rates[i] > max ? rates[i] : max;
	print_rate(cell, max);
	fputs("    ", m->f);
	art_curve(m->f, m->art, rates, n, max);
	fprintf(m->f, " max %s/s", cell);
	end(m, TABLE_CURVE);
}

/* ---- mirrors ------------------------------------------------------------- */

static double
bits(const struct rates *r, const char *counter)
{
	return 8 * rates_of(r, counter);
}

static bool
is_switched(const json_t *things, const char *name, const char *what)
{
	json_t *one, *text;
	size_t i, k;

	json_array_foreach(things, i, one) {
		if (strcmp(answer_text(one, "name"), name) != 0)
			continue;
		json_array_foreach(json_object_get(one, "by_operator"), k, text)
			if (what == NULL ||
			    (json_is_string(text) &&
				strcmp(json_string_value(text), what) == 0))
				return true;
	}
	return false;
}

static bool
is_state(const json_t *j, const char *state)
{
	return strcmp(answer_text(j, "state"), state) == 0;
}

static void
put_source(struct maker *m, const struct rates *r)
{
	struct row row = { "  < ", answer_text(r->now, "interface"),
		answer_text(r->now, "state"), false, NULL, NULL, { "" } };
	double lost = rates_of(r, "ring_dropped_packets");

	print_rate(row.cells[CAPTURED], rates_of(r, "captured_packets"));
	print_rate(row.cells[CAPTURED_BITS], bits(r, "captured_bytes"));
	print_rate(row.cells[LOST], lost);
	put_row(m, &row,
	    lost > 0		       ? TABLE_LOSS :
		is_state(r->now, "up") ? TABLE_PLAIN :
					 TABLE_WARN);
}

static void
put_target(struct maker *m, const struct rates *r, const json_t *targets)
{
	const char *name = answer_text(r->now, "name");
	double lost = rates_of(r, "dropped_packets");
	double share = json_number_value(json_object_get(r->now, "share"));
	struct row row = { "  > ", name, answer_text(r->now, "state"),
		is_switched(targets, name, NULL), &share, NULL, { "" } };

	print_rate(row.cells[COPIED], rates_of(r, "copied_packets"));
	print_rate(row.cells[COPIED_BITS], bits(r, "copied_bytes"));
	print_rate(row.cells[LOST], lost);
	put_row(m, &row,
	    lost > 0			    ? TABLE_LOSS :
		is_state(r->now, "up")	    ? TABLE_PLAIN :
		is_state(r->now, "drained") ? TABLE_IDLE :
					      TABLE_WARN);
}

/* A reason for which something has been lost, ever. */
static void
put_reason(struct maker *m, const struct rates *r, const char *counter,
    const char *reason)
{
	struct row row = { "  ! ", reason, "lost", false, NULL, NULL, { "" } };
	uint64_t n = answer_number(r->now, counter);
	double lost = rates_of(r, counter);
	char count[32];

	if (n == 0)
		return;
	snprintf(count, sizeof(count), "%" PRIu64, n);
	row.count = count;
	print_rate(row.cells[LOST], lost);
	put_row(m, &row, lost > 0 ? TABLE_LOSS : TABLE_IDLE);
}

static void
put_reasons(struct maker *m, const struct rates *r)
{
	const struct rates dropped = rates_member(r, "dropped_packets");
	const char *reason;
	json_t *n;

	put_reason(m, r, "ring_dropped_packets", "ring");
	json_object_foreach((json_t *)(uintptr_t)dropped.now, reason, n)
		put_reason(m, &dropped, reason, reason);
}

/* For all reasons together; NAN if one of them is not known. */
static double
lost_of(const struct rates *r)
{
	const struct rates dropped = rates_member(r, "dropped_packets");
	double sum = rates_of(r, "ring_dropped_packets");
	const char *reason;
	json_t *n;

	json_object_foreach((json_t *)(uintptr_t)dropped.now, reason, n)
		sum += rates_of(&dropped, reason);
	return sum;
}

static void
put_pressure(struct maker *m, const json_t *mirror)
{
	if (!json_is_string(json_object_get(mirror, "under_pressure")) ||
	    !begin(m))
		return;
	fputs("    under pressure: ", m->f);
	show_text(m->f, answer_text(mirror, "under_pressure"), 0);
	end(m, TABLE_WARN);
}

static void
put_mirror(struct maker *m, const struct rates *r, const json_t *answer)
{
	const char *name = answer_text(r->now, "name");
	struct row row = { "", name, answer_text(r->now, "state"),
		is_switched(json_object_get(answer, "mirrors"), name,
		    "collect"),
		NULL, NULL, { "" } };
	struct rates one;

	print_rate(row.cells[CAPTURED], rates_of(r, "captured_packets"));
	print_rate(row.cells[CAPTURED_BITS], bits(r, "captured_bytes"));
	print_rate(row.cells[COPIED], rates_of(r, "copied_packets"));
	print_rate(row.cells[COPIED_BITS], bits(r, "copied_bytes"));
	print_rate(row.cells[LOST], lost_of(r));
	put_row(m, &row,
	    is_state(r->now, "collecting")   ? TABLE_MIRROR :
		is_state(r->now, "disabled") ? TABLE_IDLE :
					       TABLE_WARN);
	put_curve(m, name);
	put_pressure(m, r->now);
	put_reasons(m, r);
	for (size_t i = 0; rates_item(r, "sources", "interface", i, &one); i++)
		put_source(m, &one);
	for (size_t i = 0; rates_item(r, "targets", "name", i, &one); i++)
		put_target(m, &one, json_object_get(answer, "targets"));
}

void
table_make(struct table *t, const struct rates *r, const struct history *h,
    int width, enum art art)
{
	struct maker m = { .table = t,
		.history = h,
		.width = width,
		.art = art };
	struct rates one;

	m.name_width = width - 1 - STATE_WIDTH - CELLS * CELL_WIDTH;
	if (m.name_width < NAME_LEAST)
		m.name_width = NAME_LEAST;
	if (m.name_width > NAME_MOST)
		m.name_width = NAME_MOST;
	put_head(&m, r->now);
	for (size_t i = 0; rates_item(r, "mirrors", "name", i, &one); i++)
		put_mirror(&m, &one, r->now);
	if (json_array_size(json_object_get(r->now, "mirrors")) == 0)
		table_add(t, TABLE_PLAIN, "no mirrors", width);
}

void
table_add(struct table *t, enum table_look look, const char *text, int width)
{
	struct maker m = { .table = t, .width = width };

	if (!begin(&m))
		return;
	show_text(m.f, text, 0);
	end(&m, look);
}

void
table_fini(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->lines[i].text);
	free(t->lines);
	memset(t, 0, sizeof(*t));
}
