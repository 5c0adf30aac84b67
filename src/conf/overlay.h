/* SPDX-License-Identifier: ISC */
/* A configuration that differs from another one in what an operator has
 * switched, and in what names of DNS stand for. */
#ifndef TM_OVERLAY_H
#define TM_OVERLAY_H

#include <stddef.h>

struct conf;
struct conf_mirror;
struct conf_place;
struct conf_target;

/* The same as base (itself no overlay), to be changed before it is used: the
 * switches collect and weight in place, tags by overlay_set_tag, places by
 * overlay_set_places. It shares the rest with base, which lives on until
 * conf_free was called for the overlay and, at any time before or after, for
 * base. NULL without memory. */
struct conf *overlay_new(struct conf *base);

/* Sets the tag of this key in mirror m of overlay c, or removes it if value is
 * NULL. Returns 0, or -1 without memory: then the overlay is good for
 * conf_free only. */
int overlay_set_tag(struct conf *c, struct conf_mirror *m, const char *key,
    const char *value);

/* Gives target t of overlay c these places, of which it keeps a tidy copy.
 * Returns 0, or -1 without memory. */
int overlay_set_places(struct conf *c, struct conf_target *t,
    const struct conf_place *v, size_t n);

#endif
