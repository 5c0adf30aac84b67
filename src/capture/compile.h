/* SPDX-License-Identifier: ISC */
/* Conditions of a mirror, each compiled by libpcap. */
#ifndef TM_COMPILE_H
#define TM_COMPILE_H

#include <stddef.h>

struct conf;
struct conf_mirror;
struct err;
struct program;

/* Each appends to a program that sees a frame without VLAN tags, and returns
 * 0 or -1; the program may be out of memory all the same. */

/* The user's expression, which must be there: rejects what it does not
 * match. */
int compile_bpf(struct program *p, const struct conf_mirror *m,
    struct err *err);

/* Rejects what m must not collect. level: VLAN tags that program_add_levels
 * will put in front. */
int compile_exclude(struct program *p, unsigned level, const struct conf *c,
    const struct conf_mirror *m, struct err *err);

/* The rules as they combine; p is empty before, ends in a return, and stays
 * empty if it would be longer than most instructions. */
int compile_rules(struct program *p, const struct conf_mirror *m, size_t most,
    struct err *err);

#endif
