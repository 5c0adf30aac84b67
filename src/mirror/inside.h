/* SPDX-License-Identifier: ISC */
/* What a mirror consists of, for the files that have functions of mirror.h. */
#ifndef TM_INSIDE_H
#define TM_INSIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "mirror/drops.h"
#include "mirror/hits.h"
#include "mirror/mirror.h"
#include "mirror/pipeline.h"
#include "mirror/relief.h"
#include "mirror/roll.h"
#include "mirror/trace.h"

struct mirror {
	const struct conf *root;
	const struct conf_mirror *conf;
	struct filter *filter;
	bool filter_lent;
	struct pipeline pipeline;
	struct source **sources;
	size_t nsources;
	bool open_failed; /* logged already */
	bool open_fails;  /* in the look that goes on */
	struct roll roll;
	struct hits hits;
	struct relief relief;
	struct drops drops;
	struct trace *trace; /* NULL: no probes are looked for */
};

#endif
