/* SPDX-License-Identifier: ISC */
/* The fields that rules have conditions on, and what they ask of each. */
#ifndef TM_FIELD_H
#define TM_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "capture/axis.h"

struct entry;

/* A packet is one of three kinds: IPv4 with the fields 4 and ports, IPv6 with
 * the fields 6 and ports, or other. A rule takes the kinds all of whose fields
 * it has its bit in. */
enum field {
	FIELD_SRC4,
	FIELD_DST4,
	FIELD_PROTO4,
	FIELD_SRC6,
	FIELD_DST6,
	FIELD_PROTO6,
	FIELD_BEHIND6, /* instead of the last, if a fragment header is there:
			* the next header in it */
	FIELD_SRC_PORT,
	FIELD_DST_PORT,
	FIELD_OTHER, /* any value does */
	FIELDS
};

/* The option of a rule that asks for it: "src" and so on; "ip" if it is that a
 * packet has none of them. */
const char *field_name(enum field f);

static inline bool
field_is_wide(enum field f)
{
	return f == FIELD_SRC6 || f == FIELD_DST6;
}

/* An IPv6 address as it is in a packet. */
static inline struct axis_key
field_key6(const uint8_t *p)
{
	return (struct axis_key) { (uint64_t)bytes_get32(p) << 32 |
		    bytes_get32(p + 4),
		(uint64_t)bytes_get32(p + 8) << 32 | bytes_get32(p + 12) };
}

/* What a packet has of them; what it lacks is 0. */
struct fields {
	uint8_t version;  /* 4, 6 or, if it is not IP, 0 */
	uint8_t protocol; /* behind a fragment header if there is one */
	bool has_src, has_dst, has_protocol, has_src_port, has_dst_port;
	bool is_fragment6; /* the protocol is of FIELD_BEHIND6 */
	uint16_t src_port, dst_port;
	struct axis_key src, dst;
};

/* Reads the len bytes of a frame with up to two VLAN tags in place; with more
 * of them it is not IP. Believes what it reads, as libpcap's programs do: the
 * header length is taken as it is, and the version is that of the EtherType.
 * IPv6 ports are looked for right behind the fixed header. */
void field_read(struct fields *f, const uint8_t *frame, size_t len);

/* One of the two addresses of a packet; 0 if it has none. */
struct addr field_addr(const struct fields *f, struct axis_key k);

static inline bool
field_equal(const struct fields *a, const struct fields *b)
{
	/* Without jumps: mostly all are equal. */
	return (a->version == b->version) & (a->protocol == b->protocol) &
	    (a->has_src == b->has_src) & (a->has_dst == b->has_dst) &
	    (a->has_protocol == b->has_protocol) &
	    (a->has_src_port == b->has_src_port) &
	    (a->has_dst_port == b->has_dst_port) &
	    (a->is_fragment6 == b->is_fragment6) &
	    (a->src_port == b->src_port) & (a->dst_port == b->dst_port) &
	    (a->src.hi == b->src.hi) & (a->src.lo == b->src.lo) &
	    (a->dst.hi == b->dst.hi) & (a->dst.lo == b->dst.lo);
}

/* Puts an entry on the axis of each field, as far as any value suits it. */
void field_add_entry(struct axis a[static FIELDS], size_t bit,
    const struct entry *e);

#endif
