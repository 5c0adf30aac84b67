/* SPDX-License-Identifier: ISC */
/* Rules one direction at a time, in an order good to look them up in. */
#ifndef TM_ENTRY_H
#define TM_ENTRY_H

#include <stddef.h>
#include <stdint.h>

struct addr_prefix;
struct conf_mirror;
struct conf_ports;

/* A rule or, with source and destination exchanged, its replies. Lists are
 * those of the rule, borrowed; an empty one means any. */
struct entry {
	uint32_t rule;
	uint16_t protocol;
	const struct addr_prefix *src, *dst;
	size_t nsrc, ndst;
	const struct conf_ports *src_port, *dst_port;
	size_t nsrc_port, ndst_port;
};

/* In the order of the rules, each followed by its replies if it is
 * bidirectional. Returns an array of *n that the caller frees, or NULL without
 * memory. */
struct entry *entry_list(const struct conf_mirror *m, size_t *n);

/* Puts entries with conditions on the same fields together, and of these the
 * ones with the same values: a packet then matches bits that lie in few
 * words. */
void entry_sort(struct entry *v, size_t n);

#endif
