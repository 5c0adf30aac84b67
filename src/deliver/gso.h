/* SPDX-License-Identifier: ISC */
/* Whether copies may leave joined: what udp-gso asks for, what the kernel can
 * and who might get them in one piece. */
#ifndef TM_GSO_H
#define TM_GSO_H

#include <net/if.h>

#include <stdbool.h>

#include "conf/conf.h"

struct send_queue;

struct gso_choice {
	bool on;
	char interface[IFNAMSIZ]; /* that copies leave by; "" without route */
	char why[256];		  /* a clause */
};

/* For a connected queue. Asks the kernel for the egress interface
 * (egress.h). */
void gso_choose(struct gso_choice *g, enum conf_gso mode,
    const struct send_queue *q);

#endif
