/* SPDX-License-Identifier: ISC */
/* The counters of mirrors as log lines. */
#ifndef TM_COUNTERS_H
#define TM_COUNTERS_H

#define COUNTERS_TOTAL_MAX 64

struct generation;
struct mirror;

/* Hands one line for the mirror, one for each source and each target to
 * print, a function like log_info. */
void counters_print(const struct mirror *m,
    void (*print)(const char *fmt, ...) __attribute__((format(printf, 1, 2))));

/* Writes "1 mirror, 2 sources" into buf, and returns it. */
const char *counters_total(const struct generation *g,
    char buf[static COUNTERS_TOTAL_MAX]);

#endif
