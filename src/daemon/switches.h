/* SPDX-License-Identifier: ISC */
/* What the operator has switched by trafmirrorctl, kept in state-dir:
 * {"version":1, "mirrors":{NAME:{"collect":false, "tags":{KEY:VALUE}}},
 * "targets":{NAME:{"drained":true}}}; a tag that is removed is null. */
#ifndef TM_SWITCHES_H
#define TM_SWITCHES_H

#include <jansson.h>

struct conf;
struct err;

#define SWITCHES_FILE "switches.json"
#define SWITCHES_TAGS 256 /* of one mirror */

/* Reads the file in the folder; none there means no switches. NULL if it
 * cannot be read or is damaged. */
json_t *switches_load(const char *dir, struct err *err);

/* Replaces the file: after any end of the process or the host it holds the
 * switches of before or these. On error those of before stay; one is
 * that they are more than switches_load would read. */
int switches_save(const json_t *sw, const char *dir, struct err *err);

/* The switches of one mirror or target; NULL if there are none. kind:
 * "mirrors" or "targets". */
json_t *switches_get(const json_t *sw, const char *kind, const char *name);

/* Sets what to value (taken) for one mirror or target. Returns 0, or -1
 * without memory. */
int switches_set(json_t *sw, const char *kind, const char *name,
    const char *what, json_t *value);

/* Applies all of them to an overlay. Returns 0, or -1 without memory. */
int switches_apply(const json_t *sw, struct conf *overlay);

#endif
