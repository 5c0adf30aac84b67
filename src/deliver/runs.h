/* SPDX-License-Identifier: ISC */
/* Copies on their way into one socket, put in order for sending: those of one
 * size in runs that UDP_SEGMENT can take as one. */
#ifndef TM_RUNS_H
#define TM_RUNS_H

#include <sys/uio.h>

#include <stdbool.h>
#include <stdint.h>

#define RUNS_COPIES 256 /* in one queue */

/* Buckets: flows that share one keep their order too, and of lengths that share
 * one only the last is known. */
#define RUNS_FLOWS   256
#define RUNS_LENGTHS 64

struct runs_copy {
	struct iovec iov[2]; /* headers, body: borrowed */
	uint16_t next;	     /* of the same run */
};

struct run {
	uint16_t first, last; /* index of a copy */
	uint16_t copies;
	uint32_t len; /* of each copy */
	bool split;   /* to be sent copy by copy all the same */
};

/* What may go into one run. */
struct runs_limits {
	uint16_t copies; /* 1: every copy is a run of its own */
	uint32_t least;	 /* shorter copies are runs of their own */
	uint32_t len;	 /* and so are longer ones */
	uint32_t total;	 /* bytes of a run */
};

struct runs {
	unsigned ncopies;
	unsigned nruns;
	struct runs_copy copy[RUNS_COPIES];
	struct run run[RUNS_COPIES];
	/* Number (from 1) of the last run that has a copy of the flow, and of
	 * the last run of that length; 0 = none. */
	uint16_t of_flow[RUNS_FLOWS];
	uint16_t of_length[RUNS_LENGTHS];
};

/* Makes it empty; to be called before the first runs_add, too. */
void runs_clear(struct runs *r);

/* Adds a copy to the last run of its length, unless that
 * one is full or a copy of its flow lies in a later run; then a new run begins.
 * So the runs, and the copies in each, are in an order that keeps the copies of
 * a flow in theirs, whatever becomes of other flows. O(1). r must not be full.
 */
void runs_add(struct runs *r, const struct runs_limits *limits, uint64_t flow,
    const struct iovec iov[static 2]);

bool runs_full(const struct runs *r);

/* Whether run i + 1 is a single copy that can follow run i in one send: the
 * last segment may be shorter than the others. */
bool runs_has_tail(const struct runs *r, unsigned i,
    const struct runs_limits *limits);

#endif
