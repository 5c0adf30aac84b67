/* SPDX-License-Identifier: ISC */
/* Which interfaces the sources of a mirror mean. */
#ifndef TM_SELECT_H
#define TM_SELECT_H

#include <stdbool.h>

struct conf;
struct conf_mirror;
struct iface;

enum select_kind { SELECT_NAME, SELECT_GLOB, SELECT_ADDRESS, SELECT_ALL };

enum select_kind select_kind(const char *word);

/* Whether one word of sources means interface i. Globs and "all" leave out
 * lo, interfaces that are not Ethernet, and those that own the address of a
 * target in c. */
bool select_word(const struct conf *c, const char *word, const struct iface *i);

/* Whether any word does. Interfaces that are not Ethernet never do. */
bool select_source(const struct conf *c, const struct conf_mirror *m,
    const struct iface *i);

/* Whether i owns the address of a target that a mirror of c uses. */
bool select_owns_target(const struct conf *c, const struct iface *i);

#endif
