/* SPDX-License-Identifier: ISC */
/* Whether a packet that was not captured here is sent to a next hop. */
#ifndef TM_ONWARD_H
#define TM_ONWARD_H

#include "mirror/explain.h"

struct fields;
struct mirror;
struct way;

/* w->iface: a source of m, which has next hops. A frame says itself where it is
 * sent; of a flow in words, routes and neighbour tables say it. detail: why. */
enum explain_result onward_ask(char detail[static EXPLAIN_DETAIL_MAX],
    const struct mirror *m, const struct explain_question *q,
    const struct way *w, const struct fields *f);

#endif
