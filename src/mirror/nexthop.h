/* SPDX-License-Identifier: ISC */
/* The next hops of one source: what is known of them, and told. */
#ifndef TM_NEXTHOP_H
#define TM_NEXTHOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/hops.h"
#include "conf/conf.h"

/* Pending: nobody has said yet. */
enum nexthop_state { NEXTHOP_PENDING, NEXTHOP_RESOLVED, NEXTHOP_UNRESOLVED };

struct nexthop {
	struct addr address;
	enum nexthop_state state;
	uint8_t mac[HOPS_MAC]; /* the last one */
	enum nexthop_state said;
	uint8_t said_mac[HOPS_MAC];
	bool said_any; /* said_mac is one */
	uint64_t said_ms;
};

/* As many as the configuration names, in its order. */
struct nexthops {
	struct nexthop v[CONF_NEXT_HOPS_MAX];
	size_t n;
};

#define NEXTHOP_MAC_TEXT 18 /* bytes of a MAC address in words */

/* "resolved" or "unresolved", as logs and JSON call it. */
const char *nexthop_state_name(enum nexthop_state state);

/* Writes 02:00:00:00:01:0a. Returns buf. */
const char *nexthop_format(const uint8_t mac[static HOPS_MAC],
    char buf[static NEXTHOP_MAC_TEXT]);

/* Those of cm; what before (or NULL) knows of them is kept. */
void nexthop_init(struct nexthops *s, const struct conf_mirror *cm,
    const struct nexthops *before);

/* The neighbour at a has this MAC address, or (NULL) is unresolved. Returns
 * whether that is news. */
bool nexthop_hear(struct nexthops *s, const struct addr *a, const uint8_t *mac);

/* Where frames have to go. */
void nexthop_macs(const struct nexthops *s, struct hops *out);

/* Whether anything can be collected. */
bool nexthop_ready(const struct nexthops *s);

/* Logs what has changed, at most once a second for each; what is too soon is
 * left to a later call. up: of the source; without it, that nothing is resolved
 * is no news. */
void nexthop_say(struct nexthops *s, const char *mirror, const char *source,
    bool up, uint64_t now_ms);

#endif
