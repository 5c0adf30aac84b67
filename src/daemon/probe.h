/* SPDX-License-Identifier: ISC */
/* One health check: asks again and again, and judges by the answers. */
#ifndef TM_PROBE_H
#define TM_PROBE_H

#include <stdbool.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "daemon/probe_way.h"

struct ev_loop;
struct pings;
struct probe;

/* Who is asked, and how. */
struct probe_key {
	struct addr address;
	struct probe_way way;
	struct conf_check check; /* not none */
};

struct probe_state {
	bool down;
	const char *last_error; /* NULL: all is well */
	double since;		/* seconds that it has been up or down */
};

/* Called when it is up or down now, which it was not. */
typedef void probe_cb(void *arg, const struct probe *p);

/* Begins at a random moment of the first interval, so that not all ask at
 * once. At first it is up, or as like is, if that is not NULL. NULL without
 * memory. */
struct probe *probe_new(struct ev_loop *loop, struct pings *pings,
    const struct probe_key *key, const struct probe *like, probe_cb *cb,
    void *arg);
void probe_free(struct probe *p);

const struct probe_key *probe_key(const struct probe *p);
bool probe_key_equal(const struct probe_key *a, const struct probe_key *b);

/* Whether the same is asked in the same way, though perhaps at other times. */
bool probe_key_alike(const struct probe_key *a, const struct probe_key *b);

/* The text is good until the loop goes on. */
void probe_look(const struct probe *p, struct probe_state *out);

#endif
