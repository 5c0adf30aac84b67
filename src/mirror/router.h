/* SPDX-License-Identifier: ISC */
/* Whom this host sends packets to, as the kernel's routes and neighbour tables
 * have it (rtnetlink(7)). */
#ifndef TM_ROUTER_H
#define TM_ROUTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "capture/hops.h"

struct err;

struct router {
	unsigned ifindex;    /* they leave by this interface */
	bool direct;	     /* to the destination itself */
	struct addr address; /* of the router, or of the destination */
};

/* Whom packets to dst are sent to; src: the address of this host that they
 * come from, or NULL. Returns 0, or -1 without a route. */
int router_find(struct router *r, const struct addr *dst,
    const struct addr *src, struct err *err);

/* The MAC address that the neighbour a has on that interface. Returns false if
 * the kernel does not know, or does not tell (before Linux 5.0). */
bool router_mac(uint8_t mac[static HOPS_MAC], unsigned ifindex,
    const struct addr *a);

#endif
