/* SPDX-License-Identifier: ISC */
/* The interface that copies leave by, and what it does with joined ones. */
#ifndef TM_EGRESS_H
#define TM_EGRESS_H

#include <sys/socket.h>
#include <net/if.h>

struct err;

/* The interface by which a connected UDP socket sends, as the routing tables
 * have it for its addresses, ports, mark and type of service (RTM_GETROUTE,
 * rtnetlink(7)).
 * Returns 0, or -1 without a route. */
int egress_find(char name[static IFNAMSIZ], int fd, struct err *err);

/* What becomes of datagrams that were handed over as one (UDP_SEGMENT). */
enum egress_kind {
	EGRESS_CUTS,	 /* the kernel cuts them in front of the interface */
	EGRESS_HARDWARE, /* a network card cuts them: the wire has datagrams */
	EGRESS_HANDS_ON	 /* its other end may get them as one: veth, virtio */
};

/* By the driver's name and the feature tx-udp-segmentation (ethtool -k).
 * What cannot be told is EGRESS_HANDS_ON. */
enum egress_kind egress_kind(const char *name);

#endif
