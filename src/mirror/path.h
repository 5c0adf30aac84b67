/* SPDX-License-Identifier: ISC */
/* The way copies take to a target, as it was last logged. */
#ifndef TM_PATH_H
#define TM_PATH_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct conf_mirror;
struct target;

struct path {
	bool known; /* there has been a way */
	uint32_t mtu;
	char interface[IFNAMSIZ];
	struct addr source;
};

/* Logs what has changed of the way to t, which is called title: its MTU, and
 * what cm makes of copies larger than that; the interface and the source
 * address. The first way, and that there is none, are not worth a line: sends
 * fail then. */
void path_follow(struct path *p, const struct conf_mirror *cm,
    const char *title, const struct target *t);

#endif
