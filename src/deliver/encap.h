/* SPDX-License-Identifier: ISC */
/* What stands between the outer IP header and the copied frame. */
#ifndef TM_ENCAP_H
#define TM_ENCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define ENCAP_HEADER_MAX 20

struct segment;

/* Writes what differs from copy to copy into header, a copy of that of
 * struct encap. sequence: 0 for the first copy of a target, then one more for
 * each. */
typedef void encap_put_fn(uint8_t *header, const struct segment *frame,
    uint32_t sequence);

/* The header of every copy of one mirror to one target; the kernel writes
 * UDP and IP in front of it. */
struct encap {
	int protocol; /* IPPROTO_UDP or the IP protocol itself */
	uint8_t header[ENCAP_HEADER_MAX];
	uint8_t len;
	encap_put_fn *put; /* NULL: all copies have the same header */
};

struct encap_ops {
	int protocol;
	/* Fills header, len and put of *e. */
	void (*build)(struct encap *e, uint32_t session, bool sequence);
};

/* One file for each protocol. */
extern const struct encap_ops encap_vxlan;   /* RFC 7348, section 5 */
extern const struct encap_ops encap_gre;     /* RFC 2784, RFC 2890 */
extern const struct encap_ops encap_geneve;  /* RFC 8926, section 3.4 */
extern const struct encap_ops encap_erspan;  /* draft-foschiano-erspan-03 */
extern const struct encap_ops encap_erspan3; /* the same, type III */

/* kind must be one that conf_load lets pass. */
void encap_init(struct encap *e, enum conf_encap kind, uint32_t session,
    bool sequence);

/* Bytes of the IP and UDP headers in front of the encapsulation. */
size_t encap_outer_len(const struct encap *e, sa_family_t family);

#endif
