/* SPDX-License-Identifier: ISC */
/* The counters of a mirror as log lines. */
#ifndef TM_COUNTERS_H
#define TM_COUNTERS_H

struct mirror;

/* Hands one line for the mirror, one for each source and each target to
 * print, a function like log_info. */
void counters_print(const struct mirror *m,
    void (*print)(const char *fmt, ...) __attribute__((format(printf, 1, 2))));

#endif
