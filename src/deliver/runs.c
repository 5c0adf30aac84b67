/* SPDX-License-Identifier: ISC */
/* Copies on their way into one socket, put in order for sending. */
#include "config.h"

#include <string.h>

#include "deliver/runs.h"

void
runs_clear(struct runs *r)
{
	r->ncopies = 0;
	r->nruns = 0;
	memset(r->of_flow, 0, sizeof(r->of_flow));
	memset(r->of_length, 0, sizeof(r->of_length));
}

bool
runs_full(const struct runs *r)
{
	return r->ncopies == RUNS_COPIES;
}

/* n: of copies that the run is to have. */
static bool
fits(const struct runs_limits *limits, unsigned n, uint32_t len)
{
	return n <= limits->copies && len >= limits->least &&
	    len <= limits->len && n * len <= limits->total;
}

/* The run that the copy may join, or NULL. number: of the last run of its
 * length; flow: of the last run of its flow. */
static struct run *
joinable(struct runs *r, const struct runs_limits *limits, unsigned number,
    unsigned flow, uint32_t len)
{
	struct run *run;

	if (number == 0 || flow > number)
		return NULL;
	run = &r->run[number - 1];
	if (run->len != len || !fits(limits, run->copies + 1u, len))
		return NULL;
	return run;
}

void
runs_add(struct runs *r, const struct runs_limits *limits, uint64_t flow,
    const struct iovec iov[static 2])
{
	uint32_t len = (uint32_t)(iov[0].iov_len + iov[1].iov_len);
	uint16_t *of_flow = &r->of_flow[flow % RUNS_FLOWS];
	uint16_t *of_length = &r->of_length[len % RUNS_LENGTHS];
	struct run *run = joinable(r, limits, *of_length, *of_flow, len);
	uint16_t i = (uint16_t)r->ncopies++;

	memcpy(r->copy[i].iov, iov, sizeof(r->copy[i].iov));
	if (run != NULL) {
		r->copy[run->last].next = i;
		run->last = i;
		run->copies++;
		*of_flow = *of_length;
		return;
	}
	r->run[r->nruns++] = (struct run) { i, i, 1, len, false };
	*of_flow = *of_length = (uint16_t)r->nruns;
}

bool
runs_has_tail(const struct runs *r, unsigned i,
    const struct runs_limits *limits)
{
	const struct run *run = &r->run[i], *tail = run + 1;

	return i + 1 < r->nruns && tail->copies == 1 && tail->len < run->len &&
	    fits(limits, run->copies + 1u, run->len);
}
