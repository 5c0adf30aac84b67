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

/* For all targets in one expression libpcap takes a time that grows with the
 * square of their number; for one in each, the program is longer. */
#define EXPRESSION_TARGETS 16

/* Traffic that mirror m must not collect because of EXPRESSION_TARGETS targets
 * of c, beginning with number from: what goes to those of m and comes from
 * them (exclude-targets), and copies to those that any mirror uses, the ICMP
 * errors they cause, and their health checks by TCP; empty if there is none.
 * shift: bytes of VLAN tags by which all offsets of the compiled text will be
 * moved; only lengths in it already count them. A frame that is too short to be
 * any of this does not match. */
char *expression_exclude(const struct conf *c, const struct conf_mirror *m,
    size_t from, unsigned shift);

/* Likewise health checks by ICMP and the answers to them, whoever they go to;
 * empty if no target in use has any. */
char *expression_pings(const struct conf *c, unsigned shift);

/* Whether a user's expression looks at VLAN tags. */
bool expression_uses_vlan(const char *text);

#endif
