/* SPDX-License-Identifier: ISC */
/* A frame in a tunnel in a frame: one layer after the other. */
#ifndef TM_TUNNEL_H
#define TM_TUNNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

enum tunnel_kind {
	TUNNEL_NONE,
	TUNNEL_UNKNOWN, /* UDP or GRE, in the quote of an ICMP error that ends
			 * before it says what is inside */
	TUNNEL_IP,	/* IP in IP, or in GRE */
	TUNNEL_ETHERNET,
	TUNNEL_COPY, /* Ethernet, the header as our copies have it: encap and
		      * session are set */
};

enum tunnel_fragment { TUNNEL_WHOLE, TUNNEL_FIRST, TUNNEL_LATER };

/* One IP packet, and how it carries the next one. The pointers are into the
 * frame. */
struct tunnel {
	unsigned version;   /* of IP: 4 or 6 */
	const uint8_t *src; /* addresses: 4 or 16 bytes */
	const uint8_t *dst;
	uint8_t proto; /* behind IPv6 extension headers */
	uint16_t port; /* UDP's destination port */
	enum tunnel_fragment fragment;
	uint32_t id; /* of the datagram that a fragment is of */
	bool quoted; /* by an ICMP error */
	enum tunnel_kind kind;
	enum conf_encap encap;
	uint32_t session;
	/* What is inside; NULL: nothing, or it is not to be seen. */
	const uint8_t *inner;
	size_t inner_len;
	uint16_t inner_type; /* EtherType; 0: it begins with an Ethernet
			      * header */
	/* tunnel_next found that bytes are missing at the end of an IP packet
	 * inside. */
	bool cut;
};

/* Reads the outermost IP packet of a frame, behind up to 8 VLAN tags; never
 * past len. Returns whether it is a tunnel, an ICMP error, which carries what
 * it quotes, or a fragment: all others have nothing inside. *t is undefined
 * if not.
 * VXLAN (RFC 7348) and GENEVE (RFC 8926) are known on any port, by their
 * header; the others are GRE (RFC 2784, RFC 2890), ERSPAN types II and III,
 * and IP in IP. */
bool tunnel_first(struct tunnel *t, const uint8_t *frame, size_t len);

/* Goes on with what is inside. Returns false, and leaves all but cut alone, if
 * that is no IP packet. */
bool tunnel_next(struct tunnel *t);

#endif
