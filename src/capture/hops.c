/* SPDX-License-Identifier: ISC */
/* Where frames have to go: the MAC addresses of next hops. */
#include "config.h"

#include <string.h>

#include "capture/hops.h"

bool
hops_match(const struct hops *h, const uint8_t *frame, uint32_t caplen)
{
	for (size_t i = 0; caplen >= HOPS_MAC && i < h->n; i++)
		if (memcmp(h->mac[i], frame, HOPS_MAC) == 0)
			return true;
	return false;
}

void
hops_add(struct hops *h, const uint8_t mac[static HOPS_MAC])
{
	if (h->n < CONF_NEXT_HOPS_MAX && !hops_match(h, mac, HOPS_MAC))
		memcpy(h->mac[h->n++], mac, HOPS_MAC);
}

bool
hops_equal(const struct hops *a, const struct hops *b)
{
	return a->n == b->n && memcmp(a->mac, b->mac, a->n * HOPS_MAC) == 0;
}
