/* SPDX-License-Identifier: ISC */
/* Has the kernel resolve a neighbour (arp(7), RFC 4861). */
#ifndef TM_SOLICIT_H
#define TM_SOLICIT_H

#include <stdint.h>

struct addr;

/* Sends a datagram to a, which is to be on the network of the interface. What
 * the kernel finds out, its neighbour table tells; that nothing could be sent,
 * too. */
void solicit_send(unsigned ifindex, const struct addr *a, uint32_t mark);

#endif
