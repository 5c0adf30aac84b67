/* SPDX-License-Identifier: ISC */
/* By which interface, and in which direction, a packet that was not captured
 * here is thought to meet this host. */
#ifndef TM_WAY_H
#define TM_WAY_H

#include <stdbool.h>

#include "conf/flowtext.h"
#include "packet/packet.h"

struct conf;
struct conf_mirror;
struct fields;
struct iface;
struct iface_list;

#define WAY_TEXT_MAX 200

struct way {
	const struct iface *iface; /* a source of the mirror; NULL: none */
	bool has_direction;
	enum packet_direction direction;
	/* Why it is this interface, or none; and why this direction, or what
	 * to say. */
	char source_why[WAY_TEXT_MAX];
	char direction_why[WAY_TEXT_MAX];
};

/* What is said counts. Else it is the source of cm that has one of the MAC
 * addresses of the frame, or of the addresses in f, and the direction is what
 * follows from that; or the first source that is up. l is borrowed by the
 * result. */
void way_find(struct way *w, const struct conf *c, const struct conf_mirror *cm,
    const struct iface_list *l, const struct flowtext_way *said,
    const struct packet *p, const struct fields *f);

#endif
