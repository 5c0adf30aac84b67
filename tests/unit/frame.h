/* SPDX-License-Identifier: ISC */
/* Frames for tests, built field by field. */
#ifndef TM_FRAME_H
#define TM_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct frame {
	uint8_t b[512];
	size_t len;
	size_t l3; /* where the innermost network header starts */
};

/* Ethernet header with the EtherType last. */
void frame_ether(struct frame *f, uint16_t type);

/* Puts a VLAN tag behind the addresses. */
void frame_tag(struct frame *f, uint16_t tpid, uint16_t tci);

/* Network header, IPv4 or IPv6 by the look of the addresses, with the EtherType
 * set if it is the first. payload: bytes that will follow. */
void frame_ip(struct frame *f, const char *src, const char *dst,
    uint8_t protocol, uint16_t payload);

/* UDP or TCP ports and header, then payload bytes of 0xaa. */
void frame_udp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload);
void frame_tcp(struct frame *f, uint16_t src, uint16_t dst, uint16_t payload);

void frame_bytes(struct frame *f, const void *p, size_t len);

#endif
