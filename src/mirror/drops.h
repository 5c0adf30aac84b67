/* SPDX-License-Identifier: ISC */
/* What the log says of copies that a mirror drops. */
#ifndef TM_DROPS_H
#define TM_DROPS_H

#include "mirror/mirror.h"
#include "mirror/spell.h"

/* All zero before the first look. */
struct drops {
	struct spell reasons[MIRROR_DROP_KINDS];
};

/* To be called once a second: logs when the mirror of this name begins to drop
 * copies for a reason, and when that has ended. Send errors and loops are told
 * of where they are found. */
void drops_say(struct drops *d, const char *mirror,
    const struct mirror_stats *st);

#endif
