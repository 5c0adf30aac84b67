/* SPDX-License-Identifier: ISC */
/* How long copies take. */
#include "config.h"

#include "mirror/delay.h"

/* Around what a ring's latency, 5 ms unless it is set, makes of it. */
const double delay_bounds[DELAY_BOUNDS] = { 0.0001, 0.00025, 0.0005, 0.001,
	0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5 };

static void
observe(struct delay *d, uint64_t copies, double seconds)
{
	size_t i = 0;

	while (i < DELAY_BOUNDS && seconds > delay_bounds[i])
		i++;
	d->counts[i] += copies;
	d->sum += (double)copies * seconds;
}

void
delay_flush(struct delay *d, uint64_t copies, uint64_t (*now)(void))
{
	uint64_t sent = copies > d->copies ? copies - d->copies : 0, time_ns;

	d->copies = copies;
	if (sent > 0 && d->first_ns != 0) {
		time_ns = now();
		/* A clock that was set back tells nothing. */
		if (time_ns < d->first_ns)
			time_ns = d->first_ns;
		observe(d, sent, (double)(time_ns - d->first_ns) / 1e9);
	}
	d->first_ns = 0;
}
