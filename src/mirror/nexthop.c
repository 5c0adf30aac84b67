/* SPDX-License-Identifier: ISC */
/* The next hops of one source: what is known of them, and told. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "mirror/nexthop.h"

#define SAY_MS 1000

const char *
nexthop_state_name(enum nexthop_state state)
{
	return state == NEXTHOP_RESOLVED ? "resolved" : "unresolved";
}

const char *
nexthop_format(const uint8_t mac[static HOPS_MAC],
    char buf[static NEXTHOP_MAC_TEXT])
{
	snprintf(buf, NEXTHOP_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
	    mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

static struct nexthop *
find(struct nexthops *s, const struct addr *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (addr_equal(&s->v[i].address, a))
			return &s->v[i];
	return NULL;
}

void
nexthop_init(struct nexthops *s, const struct conf_mirror *cm,
    const struct nexthops *before)
{
	struct nexthops old = { .n = 0 };

	if (before != NULL)
		old = *before;
	s->n = cm->nnext_hops;
	for (size_t i = 0; i < s->n; i++) {
		const struct nexthop *h = find(&old, &cm->next_hops[i]);

		if (h != NULL)
			s->v[i] = *h;
		else
			s->v[i] = (struct nexthop) {
				.address = cm->next_hops[i]
			};
	}
}

bool
nexthop_hear(struct nexthops *s, const struct addr *a, const uint8_t *mac)
{
	struct nexthop *h = find(s, a);
	enum nexthop_state was;

	if (h == NULL)
		return false;
	was = h->state;
	h->state = mac == NULL ? NEXTHOP_UNRESOLVED : NEXTHOP_RESOLVED;
	if (h->state == was &&
	    (mac == NULL || memcmp(h->mac, mac, HOPS_MAC) == 0))
		return false;
	if (mac != NULL)
		memcpy(h->mac, mac, HOPS_MAC);
	return true;
}

void
nexthop_macs(const struct nexthops *s, struct hops *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].state == NEXTHOP_RESOLVED)
			hops_add(out, s->v[i].mac);
}

bool
nexthop_ready(const struct nexthops *s)
{
	struct hops h;

	nexthop_macs(s, &h);
	return s->n == 0 || h.n > 0;
}

static void
say_resolved(const struct nexthop *h, const char *mirror, const char *source,
    const char *address)
{
	char now[NEXTHOP_MAC_TEXT], before[NEXTHOP_MAC_TEXT];

	nexthop_format(h->mac, now);
	if (!h->said_any || memcmp(h->mac, h->said_mac, HOPS_MAC) == 0) {
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("next-hop", LOG_TEXT("mirror", mirror),
			LOG_TEXT("interface", source),
			LOG_TEXT("address", address), LOG_TEXT("mac", now)),
		    "mirror \"%s\": %s: next hop %s is at %s", mirror, source,
		    address, now);
		return;
	}
	nexthop_format(h->said_mac, before);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("next-hop", LOG_TEXT("mirror", mirror),
		LOG_TEXT("interface", source), LOG_TEXT("address", address),
		LOG_TEXT("mac", now), LOG_TEXT("before", before)),
	    "mirror \"%s\": %s: next hop %s is at %s now, before at %s", mirror,
	    source, address, now, before);
}

static void
say(const struct nexthop *h, const char *mirror, const char *source)
{
	char address[ADDR_TEXT_MAX];

	addr_format(&h->address, address);
	if (h->state == NEXTHOP_RESOLVED)
		say_resolved(h, mirror, source, address);
	else
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("next-hop-unresolved", LOG_TEXT("mirror", mirror),
			LOG_TEXT("interface", source),
			LOG_TEXT("address", address)),
		    "mirror \"%s\": %s: next hop %s is not resolved: nothing "
		    "that is sent to it is collected",
		    mirror, source, address);
}

static bool
is_news(const struct nexthop *h)
{
	return h->state != h->said ||
	    (h->state == NEXTHOP_RESOLVED &&
		memcmp(h->mac, h->said_mac, HOPS_MAC) != 0);
}

void
nexthop_say(struct nexthops *s, const char *mirror, const char *source, bool up,
    uint64_t now_ms)
{
	for (size_t i = 0; i < s->n; i++) {
		struct nexthop *h = &s->v[i];

		if (!is_news(h) || (h->state == NEXTHOP_UNRESOLVED && !up) ||
		    (h->said != NEXTHOP_PENDING &&
			now_ms - h->said_ms < SAY_MS))
			continue;
		say(h, mirror, source);
		h->said = h->state;
		h->said_ms = now_ms;
		if (h->state == NEXTHOP_RESOLVED) {
			memcpy(h->said_mac, h->mac, HOPS_MAC);
			h->said_any = true;
		}
	}
}
