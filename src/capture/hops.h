/* SPDX-License-Identifier: ISC */
/* Where frames have to go: the MAC addresses of next hops. */
#ifndef TM_HOPS_H
#define TM_HOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define HOPS_MAC 6

/* No address is in it twice. None at all: no frame goes there. */
struct hops {
	size_t n;
	uint8_t mac[CONF_NEXT_HOPS_MAX][HOPS_MAC];
};

/* Adds an address, if there is room. */
void hops_add(struct hops *h, const uint8_t mac[static HOPS_MAC]);

/* Whether they are the same, in the same order. */
bool hops_equal(const struct hops *a, const struct hops *b);

/* Whether an Ethernet frame is addressed to one of them. */
bool hops_match(const struct hops *h, const uint8_t *frame, uint32_t caplen);

#endif
