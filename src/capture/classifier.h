/* SPDX-License-Identifier: ISC */
/* Rules in userspace: whether they collect a frame, and which one does. */
#ifndef TM_CLASSIFIER_H
#define TM_CLASSIFIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet/packet.h"

struct classifier;
struct conf_mirror;
struct err;

/* Takes the rules of m and how they combine; borrows nothing. */
int classifier_new(struct classifier **out, const struct conf_mirror *m,
    struct err *err);
void classifier_free(struct classifier *c);

/* Whether the rules collect a frame with up to two VLAN tags in place; what
 * has more of them is not IP. *rule: the number of the one that decided, or
 * PACKET_NO_RULE if that are all of them (filter = all), none, or no rule at
 * all was asked for. Says what the rules say as pcap-filter(7) text
 * (expression.h), but for a frame that ends within the fields they read: here
 * a condition on a field that is not there is not met, and the next rule is
 * looked at; there the whole frame is rejected. */
bool classifier_match(const struct classifier *c, const uint8_t *frame,
    size_t caplen, uint32_t *rule);

/* For each rule the fields of a frame that keep it from matching, as bits by
 * enum field: 0 if it matches. lacks has room for all rules. Of a bidirectional
 * rule it is the direction that lacks less. */
void classifier_lacks(const struct classifier *c, const uint8_t *frame,
    size_t caplen, uint32_t *lacks);

/* Whether there is anything to learn from *rule above. */
bool classifier_tells(const struct classifier *c);

/* Whether both have the same rules, in the same order, whatever their
 * names. */
bool classifier_equal(const struct classifier *a, const struct classifier *b);

#endif
