/* SPDX-License-Identifier: ISC */
/* Whether a TCP port takes connections. */
#ifndef TM_KNOCK_H
#define TM_KNOCK_H

#include <stdint.h>

struct addr;
struct probe_way;

/* Begins to connect, from one of the ports of conf.h; try: another one in
 * each call. Returns the file descriptor, which is writable when it is
 * decided; or -1 with errno. */
int knock_open(const struct probe_way *w, const struct addr *to, uint16_t port,
    unsigned try);

/* What came of it: 0, or an errno. */
int knock_result(int fd);

/* Ends the connection at once, by a reset: nothing of it stays on either
 * side. */
void knock_close(int fd);

#endif
