/* SPDX-License-Identifier: ISC */
/* The fields that rules have conditions on, and what they ask of each. */
#ifndef TM_FIELD_H
#define TM_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Puts an entry on the axis of each field, as far as any value suits it. */
void field_add_entry(struct axis a[static FIELDS], size_t bit,
    const struct entry *e);

#endif
