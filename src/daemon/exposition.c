/* SPDX-License-Identifier: ISC */
/* The text that Prometheus reads. */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "conf/text.h"
#include "daemon/exposition.h"

#define BOUND_TEXT_MAX 32

void
exposition_family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* How many bytes need no second look. */
static size_t
plain(const char *text)
{
	size_t n = 0;

	while (text[n] >= ' ' && text[n] <= '~' && text[n] != '"' &&
	    text[n] != '\\')
		n++;
	return n;
}

static void
print_value(FILE *f, const char *text)
{
	size_t left = strlen(text), n;

	while (left > 0) {
		if ((n = plain(text)) > 0) {
			fwrite(text, 1, n, f);
		} else if (*text == '"' || *text == '\\') {
			n = 1;
			fprintf(f, "\\%c", *text);
		} else if ((n = text_step(text, left)) > 0) {
			fwrite(text, 1, n, f);
		} else {
			n = 1;
			fprintf(f, "\\\\x%02x", (unsigned char)*text);
		}
		text += n;
		left -= n;
	}
}

/* NAME{KEY="VALUE",...} and a blank. */
static void
print_series(FILE *f, const char *name, const struct exposition_label *labels)
{
	const char *before = "{";

	fputs(name, f);
	for (; labels->key != NULL; labels++) {
		fputs(before, f);
		fputs(labels->key, f);
		fputs("=\"", f);
		print_value(f, labels->value);
		fputc('"', f);
		before = ",";
	}
	fputs(*before == ',' ? "} " : " ", f);
}

void
exposition_count(FILE *f, const char *name,
    const struct exposition_label *labels, uint64_t n)
{
	print_series(f, name, labels);
	fprintf(f, "%" PRIu64 "\n", n);
}

void
exposition_real(FILE *f, const char *name,
    const struct exposition_label *labels, double x)
{
	print_series(f, name, labels);
	fprintf(f, "%.15g\n", x);
}

void
exposition_histogram(FILE *f, const char *name,
    const struct exposition_label *labels, const struct exposition_histogram *h)
{
	struct exposition_label with[EXPOSITION_LABELS_MAX + 1];
	char full[128], bound[BOUND_TEXT_MAX] = "+Inf";
	uint64_t total = 0;
	size_t k = 0;

	while (labels[k].key != NULL) {
		with[k] = labels[k];
		k++;
	}
	with[k] = (struct exposition_label) { "le", bound };
	with[k + 1] = (struct exposition_label) { NULL, NULL };
	snprintf(full, sizeof(full), "%s_bucket", name);
	for (size_t i = 0; i <= h->n; i++) {
		total += h->counts[i];
		if (i < h->n)
			snprintf(bound, sizeof(bound), "%g", h->bounds[i]);
		else
			strcpy(bound, "+Inf");
		exposition_count(f, full, with, total);
	}
	snprintf(full, sizeof(full), "%s_sum", name);
	exposition_real(f, full, labels, h->sum);
	snprintf(full, sizeof(full), "%s_count", name);
	exposition_count(f, full, labels, total);
}
