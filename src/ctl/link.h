/* SPDX-License-Identifier: ISC */
/* The connection to the daemon. */
#ifndef TM_LINK_H
#define TM_LINK_H

#include <jansson.h>

enum link_error {
	LINK_NO_DAEMON = -1, /* nobody listens, or it has gone */
	LINK_REFUSED = -2    /* the socket lets root and some others in only */
};

/* Connects to path. Returns a descriptor, or a link_error after saying why on
 * stderr. */
int link_open(const char *path);

/* Sends the request, and waits for the answer, of which the text, as it came,
 * is in *line (to be freed). NULL after saying why on stderr. */
json_t *link_ask(int fd, const json_t *request, char **line);

#endif
