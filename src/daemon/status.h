/* SPDX-License-Identifier: ISC */
/* The state of the daemon as JSON: trafmirrorctl(8) explains the fields. */
#ifndef TM_STATUS_H
#define TM_STATUS_H

#include <jansson.h>

struct daemon_view;
struct mirror;

/* Adds what there is to tell to the object j. only: of this mirror, or NULL:
 * of all. */
void status_add(json_t *j, const struct daemon_view *v,
    const struct mirror *only);

#endif
