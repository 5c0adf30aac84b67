/* SPDX-License-Identifier: ISC */
/* The running daemon: one event loop that owns the mirrors. */
#ifndef TM_DAEMON_H
#define TM_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct conf_report;
struct daemon;
struct err;
struct generation;
struct health;
struct json_t;
struct mirror;

/* path: the file a reload reads again; user: whom the daemon becomes. Both
 * are borrowed. debug: log all, whatever log-level says. */
struct daemon_options {
	const char *path;
	const char *user;
	bool debug;
};

/* What there is to see of it, good until the next change. */
struct daemon_view {
	const struct generation *gen;
	const struct json_t *switches; /* see switches.h */
	const struct health *health;
	const char *path;
	unsigned number;    /* of the configuration, from 1 */
	bool reloaded;	    /* the last reload, if there was one, succeeded */
	int64_t started;    /* seconds of the monotonic clock, */
	int64_t started_at; /* and since the epoch */
};

/* Opens all that *c asks for and takes it on success; signals are caught from
 * here on. */
int daemon_new(struct daemon **out, struct conf **c,
    const struct daemon_options *o, struct err *err);

void daemon_look(const struct daemon *d, struct daemon_view *v);

/* Reads the configuration again and puts it in force, all of it or nothing.
 * What is wrong is logged and added to r. */
int daemon_reload(struct daemon *d, struct conf_report *r);

/* Keeps *switches on disk, puts them in force, and takes them; on error
 * nothing has changed. */
int daemon_switch(struct daemon *d, struct json_t **switches, struct err *err);

/* Sends probes through a mirror of this daemon; the client of the control
 * socket with that ticket gets the answer later. One run at a time. */
int daemon_verify(struct daemon *d, struct mirror *m, uint64_t ticket,
    struct err *err);

/* Says that it mirrors, and does until SIGTERM or SIGINT; then sends what the
 * rings still hold. */
void daemon_run(struct daemon *d);

void daemon_free(struct daemon *d);

#endif
