/* SPDX-License-Identifier: ISC */
/* From captured frame to queued copy: the only place that knows the order. */
#ifndef TM_PIPELINE_H
#define TM_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "deliver/target.h"
#include "mirror/bandwidth.h"
#include "mirror/delay.h"
#include "mirror/limit.h"
#include "mirror/loop.h"
#include "mirror/path.h"
#include "mirror/spell.h"
#include "packet/packet.h"

struct balance;
struct err;

/* "ids" with its quotes and, of a name of DNS, the place. */
#define MEMBER_TITLE_MAX (4 * CONF_NAME_MAX + ADDR_TEXT_MAX + 32)

/* One place of a target as one mirror uses it. */
struct member {
	struct target *target;
	bool lent; /* it belongs to the pipeline before this one */
	struct conf_place place;
	bool down;	 /* says its health check */
	uint16_t weight; /* among the places of its target; 0 = not used */
	char title[MEMBER_TITLE_MAX];
	int failure;   /* as last logged */
	uint64_t lost; /* to send errors, before the last failure began */
	struct spell undelivered;
	bool gso_logged;
	bool gso_on; /* as last logged */
	struct path path;
};

/* A target: members of the pipeline that follow each other. */
struct group {
	const struct conf_target *conf;
	size_t first, n;
	struct target_stats gone; /* of places that have left */
};

/* Chooses among n members, from number first on. */
struct chooser {
	struct balance *balance;
	size_t first, n;
};

struct pipeline {
	const struct conf_mirror *conf;
	struct target_plan *plan; /* targets are only planned: see target_use */
	/* One for all members; to replicate, one for each group: a packet is
	 * delivered once by each. */
	struct chooser *choosers;
	size_t nchoosers;
	struct group *groups; /* in the order of conf->targets */
	size_t ngroups;
	struct member *members; /* those of one group after the other's */
	size_t nmembers;
	bool all_down;	   /* and so all are used */
	uint32_t truncate; /* bytes, 0 = all */
	uint32_t sample;   /* one flow in this many */
	uint64_t segmented_packets;
	uint64_t unsegmented_packets;
	uint64_t truncated_packets;
	uint64_t sampled_out_packets;
	uint64_t no_target_packets;
	uint64_t rate_limited_packets;
	uint64_t bandwidth_limited_packets;
	struct limit limit;
	struct bandwidth_share bandwidth;
	struct loop loop;
	struct delay delay;
	struct target_stats gone; /* of targets that have left */
};

/* Opens the targets of cm, or borrows those of old (or NULL) that are the
 * same. bandwidth: what all mirrors share, which outlives pl. pl must be
 * zero, but for plan, and pipeline_fini follows also after an error. */
int pipeline_init(struct pipeline *pl, const struct conf *c,
    const struct conf_mirror *cm, struct bandwidth *bandwidth,
    const struct pipeline *old, struct err *err);
void pipeline_fini(struct pipeline *pl);

/* Brings the choice in line with the weights of the members. On error it stays
 * as it was. Takes some ms. */
int pipeline_weigh(struct pipeline *pl, struct err *err);

/* Gives members that are down no weight, unless all are down whose target has
 * one: then they have what they would have if they were up. Returns whether
 * any weight has changed. */
bool pipeline_stand_by(struct pipeline *pl);

/* What is known of a member. It is in force after pipeline_settle only. */
void pipeline_set_down(struct pipeline *pl, size_t member, bool down);
void pipeline_settle(struct pipeline *pl);

/* Logs that all are down, or not any more, if that is news. */
void pipeline_say_all_down(const struct pipeline *pl, bool before);

/* Takes what was borrowed, and the counters, over from old. */
void pipeline_adopt(struct pipeline *pl, struct pipeline *old);

/* Makes of a captured frame those that the wire carries, chooses targets and
 * queues copies; the frame is borrowed until pipeline_flush. source_hash: of
 * the interface. Returns how many frames they are; *bytes: theirs. */
uint32_t pipeline_packet(struct pipeline *pl, uint64_t source_hash,
    const struct packet *p, uint64_t *bytes);

/* A copy that pipeline_packet would make. */
struct pipeline_copy {
	const struct target *to;
	double share;	/* of the packets of its kind: 1, or less by turns */
	uint32_t frame; /* bytes of the frame that are copied */
	struct target_forecast target;
};

struct pipeline_forecast {
	bool loops;		      /* the breaker has tripped for it */
	bool sampled_out;	      /* its flow is not kept */
	bool truncated;		      /* by truncate, or captured so */
	struct pipeline_copy *copies; /* room for all members */
	size_t n;
};

/* What pipeline_packet would make of one frame of the wire; nothing changes,
 * and no limit is asked. Copies are foreseen also of what is not copied. */
void pipeline_foresee(const struct pipeline *pl, uint64_t source_hash,
    const struct packet *p, struct pipeline_forecast *out);

/* From now on the first so many rungs of under-pressure are in force. */
void pipeline_relieve(struct pipeline *pl, size_t rungs);

/* Sends what is queued; wait: see target_flush. */
void pipeline_flush(struct pipeline *pl, bool wait);

/* Looks after the targets' sockets, at the start and once a second; logs
 * changes. */
void pipeline_poll(struct pipeline *pl);

/* Looks after the loop breaker, and for copies that do not arrive, once a
 * second; logs changes. */
void pipeline_tick(struct pipeline *pl);

/* Looks for the targets' ways again; logs changes. */
void pipeline_reroute(struct pipeline *pl);

/* The part of all flows that is meant for a member, 0..1. */
double pipeline_share(const struct pipeline *pl, size_t member);

/* Sums over all places of a group, those included that have left. */
void pipeline_count_group(const struct pipeline *pl, size_t group,
    struct target_stats *sum);

/* Sums over all targets, those included that have left. */
void pipeline_count(const struct pipeline *pl, struct target_stats *sum);

#endif
