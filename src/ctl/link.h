/* SPDX-License-Identifier: ISC */
/* The connection to the daemon. */
#ifndef TM_LINK_H
#define TM_LINK_H

#include <jansson.h>
#include <stddef.h>

#define LINK_WHY_MAX 256
#define LINK_SECONDS 60 /* for an answer, if nothing else is asked for */

enum link_error {
	LINK_NO_DAEMON = -1, /* nobody listens, or it has gone */
	LINK_REFUSED = -2    /* the socket lets root and some others in only */
};

/* A line as it comes in. All zero at first; link_line_fini ends it. */
struct link_line {
	char *text; /* ends with NUL instead of newline when it is whole */
	size_t len, room;
};

/* Connects to path; waits up to seconds where too many wait already. Returns a
 * descriptor, or a link_error and why. */
int link_connect(const char *path, int seconds, char why[static LINK_WHY_MAX]);

/* The same, and says why on stderr. */
int link_open(const char *path, int seconds);

/* Sends the request, and waits for the answer, up to seconds for both; the
 * text of the answer, as it came, is in *line (to be freed). NULL after saying
 * why on stderr. */
json_t *link_ask(int fd, const json_t *request, int seconds, char **line);

/* ---- for who has something else to do meanwhile -------------------------- */

/* Sends a short request. -1 and errno if it does not go out at once. */
int link_send(int fd, const json_t *request);

/* Takes what has come. 1: the line is whole; 0: it is not yet; -1: it will
 * never be, because of errno, or, if that is 0, since the daemon hung up. */
int link_receive(int fd, struct link_line *line);

void link_line_fini(struct link_line *line);

/* The answer in a whole line; NULL and why if it is none of our daemon. */
json_t *link_parse(const struct link_line *line, char why[static LINK_WHY_MAX]);

#endif
