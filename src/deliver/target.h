/* SPDX-License-Identifier: ISC */
/* One place of a target as one mirror uses it: its sockets, and who sends
 * through them. */
#ifndef TM_TARGET_H
#define TM_TARGET_H

#include <net/if.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"

struct err;
struct gso_choice;
struct segment;
struct target;
struct target_plan;

enum target_drop {
	TARGET_DROP_SEND_ERROR,
	TARGET_DROP_OVERSIZE,
	TARGET_DROP_KINDS
};

struct target_stats {
	uint64_t copied_packets;
	uint64_t copied_bytes; /* outer IP packets, before fragmentation */
	uint64_t dropped[TARGET_DROP_KINDS];
	/* Send errors for want of room in a buffer or queue of the kernel. */
	uint64_t congested_packets;
	/* Larger than the path MTU, as the mirror's oversize says. */
	uint64_t fragmented_packets;
	/* Counted as copied, and then reported as lost; see send.h. */
	uint64_t undelivered_packets;
	uint64_t truncated_packets; /* those only that were whole before */
};

/* What a target takes over from the mirror that uses it. */
struct target_use {
	uint32_t session_id;
	uint32_t mark;
	enum conf_oversize oversize;
	/* It opens no socket, but plans on its ports, and is good for
	 * target_foresee only; NULL: it is a real one. */
	struct target_plan *plan;
};

/* Opens the sockets (one for each source port) to a place of ct and connects
 * them if there is a route; without one the target is open all the same and
 * target_poll tries again. Copies what it needs of ct, place and u. */
int target_open(struct target **out, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u,
    struct err *err);
void target_close(struct target *t);

/* Whether a target opened with these settings would be the same. Weights are
 * none of its business. */
bool target_same(const struct target *t, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u);

const char *target_name(const struct target *t);

/* How many source ports it has; 1 for GRE and ERSPAN. */
unsigned target_ports(const struct target *t);

/* Bytes that a copy is longer than its frame, from the outer IP header on. */
uint32_t target_overhead(const struct target *t);

/* Queues a copy of frame, whose body is borrowed until target_flush. port:
 * index below target_ports. flow: hash; copies of one flow keep their order if
 * they use one port. */
void target_push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame);

/* What becomes of a copy, by its size. */
enum target_fate {
	TARGET_FITS,
	TARGET_FRAGMENTED,
	TARGET_TRUNCATED,
	TARGET_OVERSIZE /* dropped */
};

struct target_forecast {
	uint16_t source_port; /* 0: it has none */
	uint32_t mtu;	      /* of the path; 0: there is no route */
	enum target_fate fate;
	uint32_t len; /* of the outer IP packet as it leaves */
	uint32_t fragments;
};

/* What target_push would make of a frame of so many bytes; nothing changes.
 */
void target_foresee(const struct target *t, unsigned port, uint32_t len,
    struct target_forecast *out);

const struct addr *target_address(const struct target *t);

/* The UDP destination port; 0: it has none. */
uint16_t target_port(const struct target *t);

/* Sends all that is queued. What cannot be sent is dropped and counted; with
 * wait, a full socket buffer is waited for instead. */
void target_flush(struct target *t, bool wait);

const struct target_stats *target_stats(const struct target *t);

/* Errno of the last send that failed since target_poll, or 0. */
int target_failure(const struct target *t);

/* Looks after the sockets, to be called once a second: connects those that
 * have no route yet or whose sends fail, and follows path MTU and egress
 * interface. Returns 0, or the errno of the last second's failures. */
int target_poll(struct target *t);

/* Why the last copy of undelivered_packets was: an errno. */
int target_undelivered_error(const struct target *t);

/* Looks for the way of all sockets again, after addresses or routes of this
 * host have changed: the source address is the one that the kernel would choose
 * now, though sends with the old one do not fail. */
void target_reroute(struct target *t);

struct target_path {
	uint32_t mtu;
	char interface[IFNAMSIZ]; /* that copies leave by */
	struct addr source;	  /* of the outer header */
};

/* The way that copies take, as of the last look. Returns false if there is
 * none. */
bool target_path(const struct target *t, struct target_path *out);

/* Whether copies of one size leave as one send. Good until the next call for
 * this target; NULL where that is not possible, as with
 * GRE. */
const struct gso_choice *target_gso(const struct target *t);

#endif
