/* SPDX-License-Identifier: ISC */
/* Sockets of health checks, which go the way that copies go. */
#ifndef TM_PROBE_WAY_H
#define TM_PROBE_WAY_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct err;

struct probe_way {
	struct addr source;	  /* family 0: the route decides */
	char interface[IFNAMSIZ]; /* "": the route decides */
	uint32_t mark;		  /* makes our captures leave it out */
};

bool probe_way_equal(const struct probe_way *a, const struct probe_way *b);

/* Opens a non-blocking socket that goes that way, not connected. port: to send
 * from, 0: any. Returns the file descriptor, or -1 with errno. */
int probe_way_socket(const struct probe_way *w, uint16_t port,
    sa_family_t family, int type, int protocol);

/* Binds it to the interface again, which may be another one of that name.
 * Returns 0, or -1 with errno. */
int probe_way_rebind(const struct probe_way *w, int fd);

#endif
