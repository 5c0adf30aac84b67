/* SPDX-License-Identifier: ISC */
/* Whether a packet that was not captured here is sent to a next hop. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/iface.h"
#include "capture/field.h"
#include "capture/filter.h"
#include "conf/conf.h"
#include "mirror/inside.h"
#include "mirror/onward.h"
#include "mirror/router.h"
#include "mirror/source.h"
#include "mirror/way.h"

#define LIST_MAX 180

struct onward {
	char *detail;
	const struct mirror *m;
	const struct iface *iface;
	/* What is known of the next hops on iface. */
	struct nexthops hops;
	bool heard; /* and whether the daemon's source has been told */
};

/* ---- the next hops ------------------------------------------------------- */

/* As the source there knows them. Where none is open, as of a configuration
 * that does not run, the kernel's table has them, if somebody has asked. */
static void
get_hops(struct onward *o)
{
	uint8_t mac[HOPS_MAC];

	for (size_t i = 0; i < o->m->nsources; i++)
		if (o->m->sources[i]->ifindex == o->iface->index) {
			o->hops = o->m->sources[i]->nexthops;
			o->heard = true;
			return;
		}
	nexthop_init(&o->hops, o->m->conf, NULL);
	for (size_t i = 0; i < o->hops.n; i++) {
		const struct addr *a = &o->hops.v[i].address;

		if (router_mac(mac, o->iface->index, a))
			nexthop_hear(&o->hops, a, mac);
	}
}

static const struct nexthop *
find(const struct onward *o, const struct addr *a)
{
	for (size_t i = 0; i < o->hops.n; i++)
		if (addr_equal(&o->hops.v[i].address, a))
			return &o->hops.v[i];
	return NULL;
}

/* "10.0.1.1 is at 02:00:00:00:01:0a, 10.0.1.2 is unresolved" */
static const char *
list_hops(const struct onward *o, char buf[static LIST_MAX])
{
	char address[ADDR_TEXT_MAX], mac[NEXTHOP_MAC_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < o->hops.n; i++) {
		const struct nexthop *h = &o->hops.v[i];
		bool resolved = h->state == NEXTHOP_RESOLVED;

		if (LIST_MAX - len < ADDR_TEXT_MAX + NEXTHOP_MAC_TEXT + 16) {
			snprintf(buf + len, LIST_MAX - len, ", ...");
			break;
		}
		len += (size_t)snprintf(buf + len, LIST_MAX - len,
		    "%s%s is %s%s", len == 0 ? "" : ", ",
		    addr_format(&h->address, address),
		    resolved ? "at " : "unresolved",
		    resolved ? nexthop_format(h->mac, mac) : "");
	}
	return buf;
}

/* ---- where it is sent ---------------------------------------------------- */

static bool
is_hop(const struct onward *o, const uint8_t *frame, uint32_t caplen)
{
	struct hops macs;

	nexthop_macs(&o->hops, &macs);
	return filter_match_hops(o->m->filter, &macs, frame, caplen);
}

/* None of them is resolved: then nothing is collected, but a daemon that starts
 * would have them resolved. */
static enum explain_result
say_unresolved(const struct onward *o)
{
	char list[LIST_MAX];

	list_hops(o, list);
	if (o->heard) {
		snprintf(o->detail, EXPLAIN_DETAIL_MAX,
		    "%s: nothing is collected", list);
		return EXPLAIN_FAILS;
	}
	snprintf(o->detail, EXPLAIN_DETAIL_MAX,
	    "%s in this host's neighbour table; a daemon that collects would "
	    "have it resolved",
	    list);
	return EXPLAIN_UNKNOWN;
}

static enum explain_result
ask_frame(const struct onward *o, const struct packet *p)
{
	bool match = is_hop(o, p->data, p->caplen);
	char list[LIST_MAX], mac[NEXTHOP_MAC_TEXT];

	if (p->caplen < HOPS_MAC) {
		snprintf(o->detail, EXPLAIN_DETAIL_MAX, "no Ethernet frame");
		return EXPLAIN_FAILS;
	}
	snprintf(o->detail, EXPLAIN_DETAIL_MAX, "it is sent to %s: %s%s",
	    nexthop_format(p->data, mac), match ? "" : "that is none; ",
	    list_hops(o, list));
	return match ? EXPLAIN_PASSES : EXPLAIN_FAILS;
}

/* Somebody gets it, and maybe nobody knows at which MAC address. */
static enum explain_result
ask_receiver(const struct onward *o, const struct router *r,
    const char *destination)
{
	char address[ADDR_TEXT_MAX], text[NEXTHOP_MAC_TEXT], list[LIST_MAX];
	const struct nexthop *h = find(o, &r->address);
	uint8_t mac[HOPS_MAC];
	bool match, known = h != NULL;
	int n = r->direct ?
	    snprintf(o->detail, EXPLAIN_DETAIL_MAX,
		"%s is on the network of %s", destination, o->iface->name) :
	    snprintf(o->detail, EXPLAIN_DETAIL_MAX,
		"the route to %s goes by %s", destination,
		addr_format(&r->address, address));
	char *end = o->detail + n;
	size_t left = EXPLAIN_DETAIL_MAX - (size_t)n;

	if (known && h->state != NEXTHOP_RESOLVED) {
		snprintf(end, left, ", which is unresolved");
		return o->heard ? EXPLAIN_FAILS : EXPLAIN_UNKNOWN;
	}
	if (known)
		memcpy(mac, h->mac, HOPS_MAC);
	else if (!router_mac(mac, r->ifindex, &r->address)) {
		snprintf(end, left, ", at a MAC address that is not known");
		return EXPLAIN_UNKNOWN;
	}
	match = is_hop(o, mac, HOPS_MAC);
	snprintf(end, left, ", at %s%s%s", nexthop_format(mac, text),
	    known     ? "" :
		match ? ": " :
			", which is none; ",
	    known ? "" : list_hops(o, list));
	return match ? EXPLAIN_PASSES : EXPLAIN_FAILS;
}

static enum explain_result
ask_flow(const struct onward *o, const struct explain_question *q,
    const struct fields *f)
{
	struct addr src = field_addr(f, f->src), dst = field_addr(f, f->dst);
	const struct iface *leaves;
	char text[ADDR_TEXT_MAX];
	struct router r;
	bool ours = iface_by_addr(q->ifaces, &src) != NULL;

	addr_format(&dst, text);
	if (router_find(&r, &dst, ours ? &src : NULL, NULL) == -1) {
		snprintf(o->detail, EXPLAIN_DETAIL_MAX,
		    "there is no route to %s", text);
		return EXPLAIN_FAILS;
	}
	leaves = iface_by_index(q->ifaces, r.ifindex);
	if (leaves != o->iface) {
		snprintf(o->detail, EXPLAIN_DETAIL_MAX,
		    "the route to %s leaves by %s", text,
		    leaves == NULL ? "another interface" : leaves->name);
		return EXPLAIN_UNKNOWN;
	}
	return ask_receiver(o, &r, text);
}

enum explain_result
onward_ask(char detail[static EXPLAIN_DETAIL_MAX], const struct mirror *m,
    const struct explain_question *q, const struct way *w,
    const struct fields *f)
{
	struct onward o = { .detail = detail, .m = m, .iface = w->iface };

	if (w->has_direction && w->direction == PACKET_IN) {
		snprintf(detail, EXPLAIN_DETAIL_MAX, "it comes in");
		return EXPLAIN_FAILS;
	}
	get_hops(&o);
	if (!nexthop_ready(&o.hops))
		return say_unresolved(&o);
	return q->crafted ? ask_flow(&o, q, f) : ask_frame(&o, &q->packet);
}
