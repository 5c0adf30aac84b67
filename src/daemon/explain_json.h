/* SPDX-License-Identifier: ISC */
/* Why packets are mirrored or not, as JSON: trafmirrorctl(8) explains the
 * fields. */
#ifndef TM_EXPLAIN_JSON_H
#define TM_EXPLAIN_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/iface.h"
#include "conf/flowtext.h"

struct copy_memory;
struct err;
struct mirror;
struct packet;

/* Mirrors that are asked about the same packets. */
struct explain_set {
	struct mirror *const *mirrors; /* borrowed */
	size_t n;
	struct iface_list ifaces;
	struct copy_memory *memories; /* of each mirror */
};

/* s must be zero, and explain_set_fini follows also after an error. */
int explain_set_init(struct explain_set *s, struct mirror *const *mirrors,
    size_t n, struct err *err);
void explain_set_fini(struct explain_set *s);

/* About a flow, in full; NULL without memory. */
json_t *explain_json_flow(struct explain_set *s, const struct flowtext *f);

/* About a packet of a capture; number: its place there. NULL likewise. */
json_t *explain_json_packet(struct explain_set *s, const struct packet *p,
    const struct flowtext_way *way, uint64_t number);

#endif
