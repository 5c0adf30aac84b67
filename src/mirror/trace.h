/* SPDX-License-Identifier: ISC */
/* What becomes of the probes of one run in a mirror. */
#ifndef TM_TRACE_H
#define TM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/beacon.h"

struct packet;
struct pipeline;
struct source;
struct trace;

/* What one target has got of it. */
struct trace_fate {
	bool copied;
	bool oversize; /* dropped for its length */
	int error;     /* errno of a failed send, or 0 */
};

/* Called when a probe has been captured and its copies are sent. dropped: why
 * a copy has not come so far as to a target, or NULL. fates: one for each
 * target, good for the call. */
typedef void trace_cb(void *arg, uint16_t number, const struct source *s,
    const char *dropped, const struct trace_fate *fates);

/* For a pipeline with so many targets; NULL without memory. */
struct trace *trace_new(const uint8_t nonce[static BEACON_NONCE],
    size_t ntargets, trace_cb *cb, void *arg);
void trace_free(struct trace *t);

/* Whether the packet is a probe of this run. */
bool trace_wants(const struct trace *t, const struct packet *p);

/* As pipeline_packet, with what is queued before it and itself sent at once. */
uint32_t trace_packet(struct trace *t, struct pipeline *pl,
    const struct source *s, const struct packet *p, uint64_t *bytes);

#endif
