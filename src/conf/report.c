/* SPDX-License-Identifier: ISC */
/* The lines of a report: quoting what was written, and their order. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/text.h"

struct sort_key {
	char *text;
	size_t file;
	unsigned long line;
	size_t added;
};

const char *
report_quote(char buf[static REPORT_QUOTE_MAX], const char *text)
{
	static const int show = REPORT_QUOTE_MAX - (int)sizeof("\"...\"");
	int n = (int)strnlen(text, (size_t)show + 1);
	bool cut = n > show;

	if (cut)
		n = show;
	/* Never show half of a UTF-8 character. */
	while (cut && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	snprintf(buf, REPORT_QUOTE_MAX, "\"%.*s%s\"", n, text,
	    cut ? "..." : "");
	return buf;
}

/* One error is one line, whatever was written: what is not printable becomes
 * \xNN. Takes text. */
static char *
escape(char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);
	char *out, *p;

	if (text == NULL || (out = malloc(4 * len + 1)) == NULL) {
		free(text);
		return NULL;
	}
	p = out;
	for (const char *t = text; len > 0;) {
		size_t n = text_step(t, len);

		if (n == 0)
			p += sprintf(p, "\\x%02x", (unsigned char)*t);
		else
			p = mempcpy(p, t, n);
		t += n == 0 ? 1 : n;
		len -= n == 0 ? 1 : n;
	}
	*p = '\0';
	free(text);
	return out;
}

static char *__attribute__((format(printf, 3, 0)))
format_line(const struct conf_pos *pos, const char *kind, const char *fmt,
    va_list ap)
{
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (f == NULL)
		return NULL;
	if (pos != NULL && pos->file != NULL) {
		fputs(pos->file, f);
		if (pos->line != 0)
			fprintf(f, ":%u", pos->line);
		fputs(": ", f);
	}
	fputs(kind, f);
	vfprintf(f, fmt, ap);
	if (fclose(f) == EOF) {
		free(line);
		return NULL;
	}
	return escape(line);
}

/* Takes line; NULL if there was no memory for it. */
static void
add_line(struct conf_report *r, char ***lines, size_t *n, char *line)
{
	char **v = NULL;

	if (line != NULL)
		v = reallocarray(*lines, *n + 1, sizeof(*v));
	if (v == NULL) {
		r->lost = true;
		free(line);
		return;
	}
	*lines = v;
	v[(*n)++] = line;
}

void
conf_report_error(struct conf_report *r, const struct conf_pos *pos,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(r, &r->errors, &r->nerrors, format_line(pos, "", fmt, ap));
	va_end(ap);
}

void
conf_report_warn(struct conf_report *r, const struct conf_pos *pos,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(r, &r->warnings, &r->nwarnings,
	    format_line(pos, "warning: ", fmt, ap));
	va_end(ap);
}

void
conf_report_fini(struct conf_report *r)
{
	for (size_t i = 0; i < r->nerrors; i++)
		free(r->errors[i]);
	for (size_t i = 0; i < r->nwarnings; i++)
		free(r->warnings[i]);
	free(r->errors);
	free(r->warnings);
	memset(r, 0, sizeof(*r));
}

/* A line without a place sorts before all others. */
static void
read_place(struct sort_key *k, char *const *files)
{
	k->file = 0;
	k->line = 0;
	for (size_t i = 0; files[i] != NULL; i++) {
		size_t n = strlen(files[i]);

		if (strncmp(k->text, files[i], n) != 0 || k->text[n] != ':')
			continue;
		k->file = i + 1;
		k->line = strtoul(k->text + n + 1, NULL, 10);
		return;
	}
}

static int
compare_keys(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;

	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->added < y->added ? -1 : 1;
}

static void
sort_lines(char **lines, size_t n, char *const *files)
{
	struct sort_key *k = calloc(n, sizeof(*k));

	/* Without memory the lines stay as they were added. */
	if (k == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		k[i].text = lines[i];
		k[i].added = i;
		read_place(&k[i], files);
	}
	qsort(k, n, sizeof(*k), compare_keys);
	for (size_t i = 0; i < n; i++)
		lines[i] = k[i].text;
	free(k);
}

void
report_sort(struct conf_report *r, char *const *files)
{
	sort_lines(r->errors, r->nerrors, files);
	sort_lines(r->warnings, r->nwarnings, files);
}
