/* SPDX-License-Identifier: ISC */
/* Rules as pcap-filter(7) text. */
#ifndef TM_EXPRESSION_H
#define TM_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct conf_mirror;
struct conf_rule;
struct conf_target;

/* All return text the caller frees, or NULL without memory. An empty text
 * means "every packet". */

/* The 5-tuple of a rule, both directions if it is bidirectional. */
char *expression_rule(const struct conf_rule *r);

/* Traffic that mirror m must not collect: to and from its targets
 * (exclude-targets), and copies to any target in use, with the ICMP errors
 * they cause. shift: bytes of VLAN tags by which all offsets of the compiled
 * text will be moved; only lengths in it already count them. A frame that is
 * too short to be any of this does not match. */
char *expression_exclude(const struct conf *c, const struct conf_mirror *m,
    unsigned shift);

/* Whether a user's expression looks at VLAN tags. */
bool expression_uses_vlan(const char *text);

#endif
