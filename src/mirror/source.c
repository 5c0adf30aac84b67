/* SPDX-License-Identifier: ISC */
/* One interface as one mirror captures it. */
#include "config.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/log.h"
#include "conf/conf.h"
#include "mirror/source.h"
#include "packet/flow.h"

/* The kernel hands over a block that is not full after the latency, rounded
 * up to its own ticks, or after twice that. A ring that holds frames for much
 * longer will never give them. */
#define DRAIN_LATENCIES 3
#define DRAIN_EXTRA_MS	100

/* Another CPU may still be busy with a frame that it has stamped already. */
#define DRAIN_IN_FLIGHT_MS 2

#define STATE_LOG_MS 1000

/* A NIC's MAC address tells ENIs of different hosts apart, all of whose
 * interfaces may be called eth0. */
uint64_t
source_identity(const struct iface *i)
{
	static const uint8_t none[sizeof(i->mac)];

	if (memcmp(i->mac, none, sizeof(none)) != 0)
		return flow_hash_bytes(i->mac, sizeof(i->mac));
	return flow_hash_bytes(i->name, strlen(i->name));
}

uint64_t
source_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
init_nexthops(struct source *s, const struct source_use *u)
{
	nexthop_init(&s->nexthops, u->conf,
	    u->before == NULL ? NULL : &u->before->nexthops);
}

int
source_open(struct source **out, const struct source_use *u,
    const struct iface *i, struct err *err)
{
	const struct conf_mirror *cm = u->conf;
	struct source *s = calloc(1, sizeof(*s));
	struct hops hops;
	struct ring_options o = { .name = i->name,
		.ifindex = i->index,
		.loopback = i->loopback,
		.size = cm->ring_size,
		.latency_ms = cm->latency_ms,
		.promiscuous = cm->promiscuous,
		.hops = &hops };

	if (s == NULL)
		return err_sys(err, "%s", i->name);
	init_nexthops(s, u);
	nexthop_macs(&s->nexthops, &hops);
	if (ring_open(&s->ring, &o, u->filter, err) == -1) {
		free(s);
		return -1;
	}
	memcpy(s->name, i->name, sizeof(s->name));
	s->ifindex = i->index;
	s->hash = source_identity(i);
	s->ring_size = cm->ring_size;
	s->latency_ms = cm->latency_ms;
	s->promiscuous = cm->promiscuous;
	s->until_ns = UINT64_MAX;
	s->up = i->up;
	s->said_up = true;
	s->said_ms = source_clock_ms();
	*out = s;
	return 0;
}

struct source *
source_borrow(const struct source_use *u)
{
	struct source *s = malloc(sizeof(*s));

	if (s == NULL)
		return NULL;
	*s = *u->before;
	init_nexthops(s, u);
	s->ring_lent = true;
	return s;
}

void
source_adopt(struct source *s, struct source *old)
{
	s->stats = old->stats;
	s->lost_earlier = old->lost_earlier;
	s->ring_lent = false;
	old->ring_lent = true;
}

int
source_set_filter(struct source *s, const struct filter *f, struct err *err)
{
	struct hops hops;

	nexthop_macs(&s->nexthops, &hops);
	return ring_set_filter(s->ring, f, &hops, err);
}

void
source_hear(struct source *s, const char *mirror, const struct addr *a,
    const uint8_t *mac)
{
	struct hops hops;
	struct err err;

	if (!nexthop_hear(&s->nexthops, a, mac))
		return;
	nexthop_macs(&s->nexthops, &hops);
	/* One as large was tried before: it does not fail. */
	if (ring_set_hops(s->ring, &hops, &err) == -1)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("next-hop-failed", LOG_TEXT("mirror", mirror),
			LOG_TEXT("interface", s->name)),
		    "mirror \"%s\": %s: next-hop: %s", mirror, s->name,
		    err.text);
	nexthop_say(&s->nexthops, mirror, s->name, s->up, source_clock_ms());
}

void
source_close(struct source *s)
{
	if (s == NULL)
		return;
	if (!s->ring_lent)
		ring_close(s->ring);
	free(s);
}

bool
source_follows(const struct source *s, const struct iface *i)
{
	return s->ifindex == i->index && strcmp(s->name, i->name) == 0 &&
	    ring_is_bound(s->ring);
}

const struct iface *
source_find(const struct source *s, const struct iface_list *ifaces)
{
	const struct iface *i = iface_by_name(ifaces, s->name);

	if (i == NULL || i->index != s->ifindex)
		i = iface_by_index(ifaces, s->ifindex);
	return i != NULL && ring_is_bound(s->ring) ? i : NULL;
}

void
source_rename(struct source *s, const struct iface *i)
{
	s->lost_earlier -= s->stats.ring_dropped_packets;
	s->losses.before -= s->stats.ring_dropped_packets;
	memset(&s->stats, 0, sizeof(s->stats));
	memcpy(s->name, i->name, sizeof(s->name));
	s->hash = source_identity(i);
}

void
source_go_on(struct source *s, const struct source_stats *before)
{
	source_stats_add(&s->stats, before);
	s->lost_earlier += before->ring_dropped_packets;
	s->losses.before += before->ring_dropped_packets;
}

void
source_stats_add(struct source_stats *sum, const struct source_stats *st)
{
	sum->captured_packets += st->captured_packets;
	sum->captured_bytes += st->captured_bytes;
	sum->ring_dropped_packets += st->ring_dropped_packets;
}

bool
source_same(const struct source *s, const struct conf_mirror *cm,
    const struct iface *i)
{
	return source_follows(s, i) && s->hash == source_identity(i) &&
	    s->ring_size == cm->ring_size && s->latency_ms == cm->latency_ms &&
	    s->promiscuous == cm->promiscuous;
}

unsigned
source_run(struct source *s, unsigned budget, packet_cb *packet,
    void (*block_end)(void *))
{
	struct packet_handler h = { packet, block_end, s };

	return ring_run(s->ring, budget, &h);
}

static void
skip_packet(void *arg, const struct packet *p)
{
}

static void
skip_block(void *arg)
{
}

void
source_succeed(struct source *s, struct source *before)
{
	const struct packet_handler skip = { skip_packet, skip_block, s };

	ring_run(s->ring, UINT32_MAX, &skip);
	source_count(before);
	s->lost_earlier -= ring_dropped(s->ring);
	s->from_ns = before->until_ns = source_now();
}

uint64_t
source_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	    (uint64_t)now.tv_nsec;
}

void
source_await_stamped(void)
{
	poll(NULL, 0, DRAIN_IN_FLIGHT_MS);
}

void
source_drain(struct source *s, packet_cb *packet, void (*block_end)(void *))
{
	struct pollfd pfd = { .fd = ring_fd(s->ring), .events = POLLIN };
	uint64_t end = source_clock_ms() +
	    (uint64_t)DRAIN_LATENCIES * s->latency_ms + DRAIN_EXTRA_MS;

	ring_stop(s->ring);
	source_run(s, UINT32_MAX, packet, block_end);
	while (!ring_is_empty(s->ring) && source_clock_ms() < end) {
		poll(&pfd, 1, (int)s->latency_ms + 1);
		source_run(s, UINT32_MAX, packet, block_end);
	}
	source_count(s);
}

void
source_count(struct source *s)
{
	if (s->until_ns == UINT64_MAX)
		s->stats.ring_dropped_packets = s->lost_earlier +
		    ring_dropped(s->ring);
}

bool
source_changed_state(struct source *s)
{
	uint64_t now = source_clock_ms();

	if (s->up == s->said_up || now - s->said_ms < STATE_LOG_MS)
		return false;
	s->said_up = s->up;
	s->said_ms = now;
	return true;
}

void
source_say_losses(struct source *s, const char *mirror)
{
	switch (spell_look(&s->losses, s->stats.ring_dropped_packets)) {
	case SPELL_BEGINS:
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("ring-full", LOG_TEXT("mirror", mirror),
			LOG_TEXT("interface", s->name)),
		    "mirror \"%s\": source %s: packets are lost, the ring "
		    "is full: raise ring-size, or collect less (rules, "
		    "sample)",
		    mirror, s->name);
		break;
	case SPELL_ENDS:
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("ring-not-full", LOG_TEXT("mirror", mirror),
			LOG_TEXT("interface", s->name),
			LOG_NUMBER("ring_dropped_packets",
			    s->stats.ring_dropped_packets - s->losses.start)),
		    "mirror \"%s\": source %s: no more packets are lost",
		    mirror, s->name);
		break;
	case SPELL_NO_NEWS:
		break;
	}
}
