/* SPDX-License-Identifier: ISC */
/* Whether a packet is mirrored, and why not: the data path is asked, step by
 * step, and nothing of it changes. */
#ifndef TM_EXPLAIN_H
#define TM_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mirror/pipeline.h"
#include "mirror/way.h"
#include "packet/packet.h"

struct copy_memory;
struct err;
struct iface_list;
struct mirror;

#define EXPLAIN_CONDITIONS 16
#define EXPLAIN_DETAIL_MAX 320
#define EXPLAIN_RULES	   32 /* that are told of one by one */
#define EXPLAIN_LACKS_MAX  64

struct explain_question {
	struct packet packet; /* one frame of the wire; the direction is not
			       * looked at */
	struct flowtext_way way;
	const struct iface_list *ifaces;
	bool each_rule; /* whether rules are wanted */
	bool crafted;	/* nobody has sent it: its MAC addresses say nothing */
};

enum explain_result { EXPLAIN_PASSES, EXPLAIN_FAILS, EXPLAIN_UNKNOWN };

struct explain_condition {
	const char *name;
	enum explain_result result;
	char detail[EXPLAIN_DETAIL_MAX];
};

struct explain_rule {
	uint32_t rule;
	uint32_t lacks; /* see classifier_lacks */
};

struct explain {
	/* All that could be known lets it pass. */
	bool mirrored;
	struct explain_condition conditions[EXPLAIN_CONDITIONS];
	size_t nconditions;
	struct way way;
	uint32_t rule; /* that collects it, or PACKET_NO_RULE */
	/* In the order of the configuration or, if there are more than that,
	 * the nearest first. */
	struct explain_rule rules[EXPLAIN_RULES];
	size_t nrules;
	struct pipeline_forecast forecast; /* its copies are ours */
};

/* Asks m, which may be planned only. memory: of first fragments, the same one
 * for all packets of a capture. e must be zero, and explain_fini follows also
 * after an error. */
int explain_ask(struct explain *e, const struct mirror *m,
    const struct explain_question *q, struct copy_memory *memory,
    struct err *err);
void explain_fini(struct explain *e);

/* The first condition that fails; NULL if none does. */
const struct explain_condition *explain_obstacle(const struct explain *e);

/* "protocol, dst-port"; returns buf. */
const char *explain_lacks(uint32_t lacks, char buf[static EXPLAIN_LACKS_MAX]);

#endif
