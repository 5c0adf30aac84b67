/* SPDX-License-Identifier: ISC */
/* From one configuration to the next, as a transaction. */
#ifndef TM_RELOAD_H
#define TM_RELOAD_H

#include <stddef.h>

#include "mirror/bandwidth.h"

struct conf;
struct err;
struct iface_list;
struct mirror;

/* The mirrors of one configuration. */
struct generation {
	struct conf *conf;	 /* owned */
	struct mirror **mirrors; /* in the order of conf->mirrors */
	size_t nmirrors;
	struct bandwidth bandwidth; /* of all of them together */
};

/* Opens everything that c needs and old (NULL at start) does not have yet.
 * old goes on undisturbed meanwhile. Takes *c on success. On error nothing
 * has changed. */
int reload_prepare(struct generation **out, struct conf **c,
    struct generation *old, const struct iface_list *ifaces, struct err *err);

/* Lets g take over from old (NULL at start) and frees old. Cannot fail. */
void reload_commit(struct generation *g, struct generation *old);

/* How many rings its mirrors have. */
size_t generation_sources(const struct generation *g);

/* Closes all that is open; sends nothing. */
void generation_free(struct generation *g);

#endif
