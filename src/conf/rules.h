/* SPDX-License-Identifier: ISC */
/* What rules can match, as sets: do they meet, does one cover another? */
#ifndef TM_RULES_H
#define TM_RULES_H

#include <stdbool.h>
#include <stddef.h>

struct conf_rule;

/* Whether no packet at all can match the rule by itself, as protocol icmp6
 * between IPv4 addresses. */
bool rules_impossible(const struct conf_rule *r);

/* Whether some packet can match both. */
bool rules_meet(const struct conf_rule *a, const struct conf_rule *b);

/* Index of the first rule that no packet can match together with all before
 * it; n if there is none, or if the question would take too long. */
size_t rules_contradiction(const struct conf_rule *r, size_t n);

/* Whether every packet that inner matches, outer matches too, as far as
 * single conditions tell: false may mean "unknown". */
bool rules_cover(const struct conf_rule *outer,
    const struct conf_rule *inner);

#endif
