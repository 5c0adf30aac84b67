/* SPDX-License-Identifier: ISC */
/* Rings are opened and closed as interfaces come and go, a few at a time. */
#ifndef TM_FOLLOW_H
#define TM_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/iface.h"

struct generation;

/* How far it has come; zero when there is nothing to do. */
struct follow {
	struct iface_list ifaces;
	bool active;
	size_t mirror; /* which one of the generation it is at */
	bool opening;  /* it has closed all rings that it has to */
	size_t at;     /* the source, or the interface, it is at */
	bool failed;   /* some interface could not be opened: try again */
};

/* From here on the mirrors are to have the interfaces of l, which is taken. */
void follow_start(struct follow *f, struct iface_list *l);

void follow_stop(struct follow *f);

/* Goes on for about 10 ms; f->active tells whether more is to be done. The
 * kernel takes its time to open a ring, and longer to close one: what the
 * rings hold is to have a turn in between. Returns whether any was opened or
 * closed. Changes are logged. */
bool follow_run(struct follow *f, const struct generation *g);

#endif
