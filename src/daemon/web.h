/* SPDX-License-Identifier: ISC */
/* A small HTTP server in the loop, for pages that are made anew each time.
 * Whatever its clients do, they wait, not the loop: what they send and are sent
 * is bounded in size and time, a request to a connection, and a page is made
 * but once in a while. */
#ifndef TM_WEB_H
#define TM_WEB_H

#include <stddef.h>
#include <stdio.h>

struct addr_port;
struct err;
struct ev_loop;
struct web;

struct web_page {
	const char *path;
	const char *type; /* Content-Type */
	/* Returns -1 without memory. */
	int (*write)(void *arg, FILE *f);
};

#define WEB_PAGES_MAX 4

struct web_options {
	struct ev_loop *loop;
	const struct web_page *pages; /* ends with a path that is NULL */
	void *arg;
};

/* Listens there from now on: *w (NULL: none yet) is opened, goes on elsewhere,
 * or is closed if at is nowhere. On error all is as it was. */
int web_listen(struct web **w, const struct addr_port *at,
    const struct web_options *o, struct err *err);

/* NULL is allowed. */
void web_close(struct web *w);

#endif
