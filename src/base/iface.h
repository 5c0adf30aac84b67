/* SPDX-License-Identifier: ISC */
/* A snapshot of this host's network interfaces, and route look-ups. */
#ifndef TM_IFACE_H
#define TM_IFACE_H

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct err;

struct iface {
	char name[IFNAMSIZ];
	unsigned index;
	bool up; /* switched on, and with a carrier */
	bool loopback;
	bool
	    ethernet; /* ARPHRD_ETHER or loopback: frames start with Ethernet */
	uint8_t mac[6];
	unsigned mtu;
	struct addr *addrs;
	size_t naddrs;
};

struct iface_list {
	struct iface *v; /* sorted by name */
	size_t n;
};

/* Reads the interfaces of this network namespace. Returns 0 or -1. */
int iface_list_get(struct iface_list *l, struct err *err);
void iface_list_fini(struct iface_list *l);

/* NULL if there is none. */
const struct iface *iface_by_name(const struct iface_list *l, const char *name);
const struct iface *iface_by_index(const struct iface_list *l, unsigned index);
const struct iface *iface_by_addr(const struct iface_list *l,
    const struct addr *a);

/* Whether it is still there, under the name and index of the snapshot: also if
 * that cannot be told, without file descriptors for instance. */
bool iface_exists(const struct iface *i);

struct iface_route {
	struct addr source; /* the address the kernel would send from */
	unsigned mtu;	    /* path MTU as the kernel knows it */
};

/* How a datagram to dst would leave, optionally bound to an interface
 * (NULL: any). Nothing is sent. Returns 0, or -1 when there is no route. */
int iface_route_get(struct iface_route *r, const struct addr *dst,
    const char *interface, struct err *err);

#endif
