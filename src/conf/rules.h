/* SPDX-License-Identifier: ISC */
/* Rules that say nothing, alone or next to others. */
#ifndef TM_RULES_H
#define TM_RULES_H

#include <stddef.h>

struct conf_mirror;
struct conf_report;

/* Steps that all comparisons of one configuration may take; beyond them
 * nothing is said. */
#define RULES_BUDGET 20000000

/* Warns of a rule that can never match, of rules that can never match
 * together under filter = all, and under filter = first of a rule whose
 * packets earlier rules have all taken. */
void rules_check(const struct conf_mirror *m, size_t *budget,
    struct conf_report *r);

#endif
