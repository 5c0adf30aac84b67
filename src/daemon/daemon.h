/* SPDX-License-Identifier: ISC */
/* The running daemon: one event loop that owns the mirrors. */
#ifndef TM_DAEMON_H
#define TM_DAEMON_H

#include <stdbool.h>

struct conf;
struct daemon;
struct err;

/* Opens all that *c asks for and takes it on success; signals are caught from
 * here on. path: the file a reload reads again; borrowed. debug: log all,
 * whatever log-level says. */
int daemon_new(struct daemon **out, struct conf **c, const char *path,
    bool debug, struct err *err);

/* Says that it mirrors, and does until SIGTERM or SIGINT; then sends what the
 * rings still hold. */
void daemon_run(struct daemon *d);

void daemon_free(struct daemon *d);

#endif
