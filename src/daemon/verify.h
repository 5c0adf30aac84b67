/* SPDX-License-Identifier: ISC */
/* Probes through a mirror: sent, traced, and answered by trafmirrorctl
 * listen. */
#ifndef TM_VERIFY_H
#define TM_VERIFY_H

#include <stdint.h>

struct err;
struct ev_loop;
struct json_t;
struct mirror;
struct verify;

/* Takes the answer for the control socket. Called once, and not from within
 * verify_start; v may be freed by it. */
typedef void verify_done(void *arg, struct json_t *answer);

struct verify_options {
	struct ev_loop *loop;
	struct mirror *mirror; /* until done or verify_cancel */
	uint32_t mark;	       /* of copies */
	verify_done *done;
	void *arg;
};

/* Sends the probes, and waits for their answers, two seconds at the most and
 * three times the latency of the rings. */
int verify_start(struct verify **out, const struct verify_options *o,
    struct err *err);

/* Ends it with this as the answer. v may be NULL. */
void verify_cancel(struct verify *v, const char *why);

void verify_free(struct verify *v);

#endif
