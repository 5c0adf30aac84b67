/* SPDX-License-Identifier: ISC */
/* What is counted, by the names that JSON and metrics have in common. */
#include "config.h"

#include <string.h>

#include "daemon/figures.h"
#include "deliver/target.h"
#include "mirror/mirror.h"

#define SOURCE(member) #member, offsetof(struct source_stats, member)
#define TARGET(member) #member, offsetof(struct target_stats, member)
#define MIRROR(member) #member, offsetof(struct mirror_stats, member)
#define END_OF_FIGURES NULL, 0, NULL

const struct figure figures_source[] = {
	{ SOURCE(captured_packets),
	    "Frames that passed the filter, as the wire carries them." },
	{ SOURCE(captured_bytes), "Bytes of the frames that passed it." },
	{ SOURCE(ring_dropped_packets),
	    "Frames for which the capture ring had no room." },
	{ END_OF_FIGURES },
};

const struct figure figures_target[] = {
	{ TARGET(copied_packets), "Copies handed to the network." },
	{ TARGET(copied_bytes),
	    "Bytes of the copies, from the outer IP header on." },
	{ TARGET(undelivered_packets),
	    "Copies of which it is known that they did not arrive." },
	{ END_OF_FIGURES },
};

const struct figure figures_sums[] = {
	{ MIRROR(captured_packets), NULL },
	{ MIRROR(captured_bytes), NULL },
	{ MIRROR(ring_dropped_packets), NULL },
	{ MIRROR(copied_packets), NULL },
	{ MIRROR(copied_bytes), NULL },
	{ END_OF_FIGURES },
};

const struct figure figures_mirror[] = {
	{ MIRROR(segmented_packets), "Frames cut out of superframes." },
	{ MIRROR(unsegmented_packets),
	    "Superframes that could not be cut, and were copied whole." },
	{ MIRROR(truncated_packets), "Frames and copies made shorter." },
	{ MIRROR(fragmented_packets),
	    "Copies larger than the path MTU, left to be fragmented." },
	{ MIRROR(undelivered_packets), NULL },
	{ MIRROR(sampled_out_packets),
	    "Frames of flows that sample leaves out." },
	{ MIRROR(congested_packets),
	    "Copies dropped as send-error because the kernel had no room." },
	{ END_OF_FIGURES },
};

uint64_t
figure_get(const struct figure *f, const void *stats)
{
	uint64_t n;

	memcpy(&n, (const char *)stats + f->offset, sizeof(n));
	return n;
}

uint64_t
figures_dropped(const struct target_stats *st)
{
	uint64_t sum = 0;

	for (int k = 0; k < TARGET_DROP_KINDS; k++)
		sum += st->dropped[k];
	return sum;
}
