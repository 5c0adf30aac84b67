/* SPDX-License-Identifier: ISC */
/* One connection to the control socket: what came in, what is to go out. */
#ifndef TM_CLIENT_H
#define TM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/peer.h"

#define CLIENT_LINE_MAX (64 * 1024) /* bytes, without the newline */

struct client {
	int fd;
	struct peer peer;
	char *in; /* CLIENT_LINE_MAX + 1 bytes */
	size_t in_from, in_to;
	char *out; /* one answer at a time; NULL: none */
	size_t out_len, out_sent;
	bool ended; /* the client sends no more */
	bool last;  /* it is to go once it has its answer */
};

/* Takes fd on success. Returns 0, or -1 without memory. */
int client_init(struct client *c, int fd, const struct peer *peer);
void client_fini(struct client *c);

/* Reads once. Returns -1 if the connection has failed. */
int client_read(struct client *c);

/* The next line, without its newline; what comes before the end counts as one.
 * Good until the next call. NULL if it is not there yet. */
const char *client_line(struct client *c, size_t *len);

/* Whether there is one. */
bool client_has_line(const struct client *c);

/* Whether the line that has begun is longer than allowed. */
bool client_overflows(const struct client *c);

/* Takes the text as the answer, and sends what the socket has room for.
 * Returns -1 if the connection has failed. */
int client_answer(struct client *c, char *text);
int client_send(struct client *c);

#endif
