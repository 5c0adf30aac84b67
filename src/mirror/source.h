/* SPDX-License-Identifier: ISC */
/* One interface as one mirror captures it. */
#ifndef TM_SOURCE_H
#define TM_SOURCE_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "capture/ring.h"
#include "mirror/nexthop.h"
#include "mirror/spell.h"

struct conf_mirror;
struct err;
struct filter;
struct iface;
struct iface_list;

struct source_stats {
	uint64_t captured_packets; /* passed the filter and reached us */
	uint64_t captured_bytes;
	uint64_t ring_dropped_packets; /* no room in the ring */
};

struct source {
	char name[IFNAMSIZ];
	unsigned ifindex;
	uint64_t hash; /* of its MAC address, or its name without one */
	struct ring *ring;
	bool ring_lent;	  /* it belongs to the source before this one */
	uint64_t from_ns; /* frames from before were the former ring's */
	/* While draining: frames from then on, and losses, are not ours. */
	uint64_t until_ns;
	/* What the ring was opened with. */
	uint64_t ring_size;
	uint32_t latency_ms;
	bool promiscuous;
	struct nexthops nexthops;
	struct source_stats stats;
	uint64_t lost_earlier; /* ring_dropped_packets of rings before this */
	struct spell losses;   /* ring_dropped_packets */
	bool up;	       /* see struct iface */
	bool said_up;	       /* as last logged, */
	uint64_t said_ms;      /* and when */
	void *owner;	       /* whom the frames go to */
};

/* What a source is opened for. */
struct source_use {
	const struct conf_mirror *conf;
	const struct filter *filter; /* see ring_open */
	const struct source *before; /* of the same interface, or NULL */
};

/* What decides, with balance = source, about the target of interface i. */
uint64_t source_identity(const struct iface *i);

/* Opens the ring of interface i. It knows the next hops that before knows. */
int source_open(struct source **out, const struct source_use *u,
    const struct iface *i, struct err *err);

/* The same source with the ring of before, as long as before lives or until
 * source_adopt; NULL without memory. */
struct source *source_borrow(const struct source_use *u);

/* Takes the borrowed ring, and the counters, over from old. */
void source_adopt(struct source *s, struct source *old);

/* Swaps the filter, or captures again after ring_stop; see ring_set_filter. */
int source_set_filter(struct source *s, const struct filter *f,
    struct err *err);

/* The neighbour at a has this MAC address, or (NULL) is unresolved: from now on
 * that is what is collected, and logged. */
void source_hear(struct source *s, const char *mirror, const struct addr *a,
    const uint8_t *mac);

void source_close(struct source *s);

/* Whether s captures interface i, under its present name. */
bool source_follows(const struct source *s, const struct iface *i);

/* Of the interfaces the one that s captures, whatever it is called now, or
 * NULL. */
const struct iface *source_find(const struct source *s,
    const struct iface_list *ifaces);

/* Takes the name of interface i, which s captures, and counts from 0. */
void source_rename(struct source *s, const struct iface *i);

/* Adds to what s counts what others have counted before it. */
void source_go_on(struct source *s, const struct source_stats *before);

void source_stats_add(struct source_stats *sum, const struct source_stats *st);

/* Whether s is what source_open would make of the same arguments. */
bool source_same(const struct source *s, const struct conf_mirror *cm,
    const struct iface *i);

/* Handles what the ring holds, at most budget blocks. */
unsigned source_run(struct source *s, unsigned budget, packet_cb *packet,
    void (*block_end)(void *));

/* From now on s captures what before, of the same interface, has captured so
 * far. What has filled the ring of s until now is taken out of it, or there
 * would be no room. */
void source_succeed(struct source *s, struct source *before);

/* The time as frames are stamped with it. */
uint64_t source_now(void);

/* Milliseconds of a clock that nobody sets. */
uint64_t source_clock_ms(void);

/* Waits until every frame with a time before now is in its ring. */
void source_await_stamped(void);

/* Stops capturing, unless ring_stop has before, and handles what is still in
 * the ring. Takes as long as the latency of the ring. */
void source_drain(struct source *s, packet_cb *packet,
    void (*block_end)(void *));

/* To be called once a second, after source_count: logs when packets begin to
 * be lost, and when that has ended, as none was for 10 s. */
void source_say_losses(struct source *s, const char *mirror);

/* Whether up has changed since it was last logged, which is said here to have
 * been done. An interface that goes up and down all the time is worth one line
 * a second. */
bool source_changed_state(struct source *s);

/* Brings stats up to date with the kernel's counters. */
void source_count(struct source *s);

#endif
