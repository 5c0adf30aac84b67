/* SPDX-License-Identifier: ISC */
/* Whether an address is on the network of an interface. */
#ifndef TM_ONLINK_H
#define TM_ONLINK_H

#include <stdbool.h>

struct addr;

/* Whether the routes say that a is reached by this interface and without
 * another router. What cannot be told is. */
bool onlink_reaches(unsigned ifindex, const struct addr *a);

#endif
