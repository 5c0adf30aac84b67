/* SPDX-License-Identifier: ISC */
/* What a run of probes has shown: plain data, and what is said of it. */
#ifndef TM_OUTCOME_H
#define TM_OUTCOME_H

#include <net/if.h>

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"
#include "packet/beacon.h"

/* A source that is up, as the run has met it. */
struct outcome_source {
	char name[IFNAMSIZ];
	bool inside; /* the probes have not been sent there */
	unsigned sent;
	unsigned captured;
	uint64_t ns;   /* longest from sending to capture */
	char *failure; /* why none could be sent, or NULL; owned */
};

/* A place of a target, or a target that has none yet. */
struct outcome_target {
	const struct conf_target *conf;
	struct conf_place place; /* all zero: none */
	const char
	    *state; /* as trafmirrorctl status calls it: "up" and so on */
	unsigned copied;
	unsigned left; /* seen to leave this host */
	unsigned answered;
	unsigned oversize;
	int error;		/* errno of a failed send, or 0 */
	char left_by[IFNAMSIZ]; /* the interface */
	uint64_t ns;		/* longest from copy to answer */
};

struct outcome {
	const struct conf_mirror *conf;
	struct beacon_flow flow; /* of the first probe */
	struct outcome_source *sources;
	size_t nsources;
	size_t left_out; /* sources that got none, as there are so many */
	struct outcome_target *targets; /* those that have a place first */
	size_t ntargets;
	const char *dropped; /* why a captured probe was not copied, or NULL */
};

/* Whether every source has captured its probes, but those it was not to be
 * given, and every target that is not drained has answered all; not if that is none. */
bool outcome_delivered(const struct outcome *o);

/* Adds all of it to the answer: trafmirrorctl(8) explains the fields. */
void outcome_add(json_t *j, const struct outcome *o);

#endif
