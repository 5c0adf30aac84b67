/* SPDX-License-Identifier: ISC */
/* One mirror: its rings, its targets, and how one configuration of them
 * follows another. */
#ifndef TM_MIRROR_H
#define TM_MIRROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/filter.h"
#include "deliver/target.h"
#include "mirror/roll.h"
#include "mirror/source.h"

struct aim;
struct bandwidth;
struct conf;
struct conf_mirror;
struct conf_rung;
struct delay;
struct err;
struct iface;
struct iface_list;
struct mirror;
struct nexthop;
struct target_plan;
struct trace;

/* Waiting: no source is up, or none that is has a next hop that is resolved. */
enum mirror_state { MIRROR_COLLECTING, MIRROR_DISABLED, MIRROR_WAITING };

enum mirror_drop {
	MIRROR_DROP_SEND_ERROR,
	MIRROR_DROP_RATE_LIMIT,
	MIRROR_DROP_BANDWIDTH_LIMIT,
	MIRROR_DROP_OVERSIZE,
	MIRROR_DROP_NO_TARGET,
	MIRROR_DROP_LOOP,
	MIRROR_DROP_KINDS
};

/* Sums over sources and targets, those included that have left. At rest:
 * captured = copied + dropped + sampled_out (replicate: once per target). */
struct mirror_stats {
	uint64_t captured_packets;
	uint64_t captured_bytes;
	uint64_t ring_dropped_packets;
	uint64_t copied_packets;
	uint64_t copied_bytes;
	uint64_t dropped_packets[MIRROR_DROP_KINDS];
	uint64_t congested_packets;   /* send errors for want of room */
	uint64_t segmented_packets;   /* cut out of superframes */
	uint64_t unsegmented_packets; /* superframes copied whole */
	uint64_t truncated_packets;
	uint64_t fragmented_packets; /* larger than the path MTU */
	/* Of copied: reported as lost on the way, by routers and our kernel. */
	uint64_t undelivered_packets;
	uint64_t sampled_out_packets;
};

/* "send-error" and so on, as logs and JSON call them. */
const char *mirror_drop_name(enum mirror_drop reason);

/* "collecting" and so on, likewise. */
const char *mirror_state_name(enum mirror_state state);

/* Prepares a mirror as cm of c says, still without sources; both, and what
 * all mirrors share of the bandwidth, must outlive it. What is the same in old
 * (or NULL) is borrowed from it and goes on undisturbed; the rest is opened.
 * Nothing that old does changes until mirror_commit; mirror_free undoes all. */
int mirror_new(struct mirror **out, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    struct mirror *old, struct err *err);

/* The same without old, and without any socket: for explain.h alone. plan:
 * the ports that mirrors before it in c take. */
int mirror_plan(struct mirror **out, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    struct target_plan *plan, struct err *err);

/* Opens interface i, or borrows it from old, if it is one to collect from.
 * The kernel takes its time to open a ring, and longer to close one: the
 * mirrors that work are to have a turn in between. */
int mirror_open(struct mirror *m, const struct iface *i, struct mirror *old,
    struct err *err);

/* Closes one source; returns false when none is left. */
bool mirror_close(struct mirror *m);

/* Takes over what was borrowed, and the counters; what old has left is
 * handled to its end. Cannot fail. old is good for mirror_free only. */
void mirror_commit(struct mirror *m, struct mirror *old);

void mirror_free(struct mirror *m);

/* What follow.h makes one mirror do; problems and changes are logged, each
 * once. First, from *at = 0, until it returns false: closes the next ring whose
 * interface has gone, or is not to be captured any more; an interface with a
 * new name keeps its ring. */
bool mirror_leave(struct mirror *m, const struct iface_list *ifaces,
    size_t *at);

enum mirror_entry { MIRROR_NOTHING, MIRROR_ENTERED, MIRROR_REFUSED };

/* Then, for each interface: opens a ring if it is to be captured and is not
 * yet. */
enum mirror_entry mirror_enter(struct mirror *m, const struct iface *i);

/* At last: notes who is up, down or missing. */
void mirror_settle(struct mirror *m, const struct iface_list *ifaces);

/* The neighbour at a, on the interface of that index, has this MAC address or
 * (NULL) is unresolved. If it is a next hop, what is sent there is what is
 * collected from now on; changes are logged. */
void mirror_hear(struct mirror *m, unsigned ifindex, const struct addr *a,
    const uint8_t *mac);

/* Addresses or routes have changed: the targets' sockets look for their way
 * again, and changes are logged. */
void mirror_reroute(struct mirror *m);

/* Looks after the targets' sockets, and logs what has changed of them and of
 * interfaces. */
void mirror_poll(struct mirror *m);

/* To be called once a second: mirror_poll, and what is reckoned by the
 * second. */
void mirror_tick(struct mirror *m);

/* Sources: index below mirror_nsources, until the next follow or commit. */
size_t mirror_nsources(const struct mirror *m);
struct source *mirror_source(const struct mirror *m, size_t i);

/* The same, and behind them the names and addresses in sources that no
 * interface here has (or whose interface cannot be opened: the log says why).
 * Returns false where there is no more. *out is good as long. */
bool mirror_source_status(const struct mirror *m, size_t i,
    struct source_status *out);

/* Next hops, of each source in turn: index from 0 until NULL; good until the
 * next mirror_hear. *s: the source. */
const struct nexthop *mirror_nexthop(const struct mirror *m, size_t i,
    const struct source **s);

/* The last rung of under-pressure in force, or NULL. */
const struct conf_rung *mirror_rung(const struct mirror *m);

/* To how many bytes packets are truncated now; 0: not at all. */
uint32_t mirror_truncate(const struct mirror *m);

/* What there is to see of a target, and of each of its places. */
struct target_status {
	const struct conf_target *conf;
	size_t nplaces;
	/* "up", "down": all its places are, "drained": weight 0,
	 * "unresolved" */
	const char *state;
	double share; /* the part of the flows that is meant for it, 0..1 */
	struct target_stats stats; /* sums, those places included that left */
};
struct place_status {
	const struct conf_place *conf;
	const char *title; /* "ids" at 10.0.9.11 */
	const char *state; /* "up", "down", "drained" */
	double share;
	struct target_stats stats;
};

/* Targets, in the order of the configuration: index below mirror_ntargets. */
size_t mirror_ntargets(const struct mirror *m);
void mirror_target_status(const struct mirror *m, size_t i,
    struct target_status *out);

/* Number j of the places of target i. */
void mirror_place_status(const struct mirror *m, size_t i, size_t j,
    struct place_status *out);

/* What its health check says of a place, to be in force after
 * mirror_settle_targets only; see standby.c. */
void mirror_set_place_down(struct mirror *m, size_t i, size_t j, bool down);
void mirror_settle_targets(struct mirror *m);

/* Rules, in the order of the configuration. Returns the name of one, and in
 * *matched_packets what the mirror has collected because of it: with filter =
 * any or first, what it was the first rule to match (a rule that drops
 * collects nothing, and the sum of all is captured_packets); with all, which
 * takes every rule, all packets. */
size_t mirror_nrules(const struct mirror *m);
const char *mirror_rule(const struct mirror *m, size_t i,
    uint64_t *matched_packets);

/* Handles at most budget blocks of one source. */
unsigned mirror_run(struct source *s, unsigned budget);

/* Handles one frame as if the ring of s had it, from the filter on. */
void mirror_inject(struct source *s, const uint8_t *frame, uint32_t len);

/* From now on probes are traced, until NULL is given. Borrows t. */
void mirror_trace(struct mirror *m, struct trace *t);

/* What decides which flows go to which target. */
void mirror_aim(const struct mirror *m, struct aim *out);

/* Handles all frames of a saved capture. *nread: frames in the file. */
int mirror_run_savefile(struct mirror *m, const char *path, uint64_t *nread,
    struct err *err);

/* Stops capturing and sends what is still in the rings. */
void mirror_drain(struct mirror *m);

const struct conf_mirror *mirror_conf(const struct mirror *m);
enum mirror_state mirror_state(const struct mirror *m);
enum filter_place mirror_filter_place(const struct mirror *m);
void mirror_stats(const struct mirror *m, struct mirror_stats *out);
const struct delay *mirror_delay(const struct mirror *m);

#endif
