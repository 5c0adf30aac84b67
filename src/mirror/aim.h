/* SPDX-License-Identifier: ISC */
/* Flows that a mirror collects, and such as reach all places of its targets. */
#ifndef TM_AIM_H
#define TM_AIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/beacon.h"

struct chooser;
struct conf_mirror;
struct filter;

/* What decides; all borrowed. */
struct aim {
	const struct filter *filter;
	const struct conf_mirror *conf;
	const struct chooser *choosers;
	size_t nchoosers;
	size_t nmembers;
	uint32_t sample; /* one flow in this many */
};

/* Whether all conditions but direction and mark let a probe of the flow
 * pass. */
bool aim_passes(const struct aim *a, const struct beacon_flow *f);

/* A flow of this kind, put together from what the rules name; what they do not
 * name is of the addresses for documentation. Returns false if none of the
 * tries passes, as a bpf expression can make it. */
bool aim_find(const struct aim *a, struct beacon_flow *f);

/* Flows that pass and stay in the sample, as like to the given one as can be,
 * which together reach each member that any flow of this kind does, as far as
 * the balance looks at flows. Room for one flow a member, and for one at least.
 * Returns how many there are. */
size_t aim_spread(const struct aim *a, const struct beacon_flow *like,
    struct beacon_flow *flows);

/* How many packets in a row reach each member with balance = packet. */
size_t aim_turns(const struct aim *a);

#endif
