/* SPDX-License-Identifier: ISC */
/* The state of the daemon for Prometheus: trafmirrord(8) explains the names. */
#ifndef TM_METRICS_H
#define TM_METRICS_H

#include <stdio.h>

struct daemon_view;

/* Writes what the daemon does. Returns 0, or -1 without memory. */
int metrics_write(FILE *f, const struct daemon_view *v);

/* Writes what its process takes. These names are every program's: they must not
 * come to Prometheus with those of another, as the node exporter. */
void metrics_write_process(FILE *f, const struct daemon_view *v);

#endif
