/* SPDX-License-Identifier: ISC */
/* The text that Prometheus reads, version 0.0.4: families of samples. */
#ifndef TM_EXPOSITION_H
#define TM_EXPOSITION_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What tells samples of a family apart. An array ends with a key that is
 * NULL. Of values, what is no printable UTF-8 becomes \xNN. */
struct exposition_label {
	const char *key;
	const char *value;
};

#define EXPOSITION_LABELS_MAX 4 /* with the end */

/* Begins a family, whose samples follow. type: "counter" and so on. */
void exposition_family(FILE *f, const char *name, const char *type,
    const char *help);

void exposition_count(FILE *f, const char *name,
    const struct exposition_label *labels, uint64_t n);
void exposition_real(FILE *f, const char *name,
    const struct exposition_label *labels, double x);

/* n bounds, ascending, and n + 1 counts: each of what is not above its bound
 * but above the one before. */
struct exposition_histogram {
	const double *bounds;
	const uint64_t *counts;
	size_t n;
	double sum;
};

void exposition_histogram(FILE *f, const char *name,
    const struct exposition_label *labels,
    const struct exposition_histogram *h);

#endif
