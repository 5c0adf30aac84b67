/* SPDX-License-Identifier: ISC */
/* What the fields of one packet have in common. */
#ifndef TM_LOOK_H
#define TM_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/axis.h"

#define LOOK_FIELDS 5

/* Sets out of several axes with the same number of entries. The order counts
 * for speed only: the ones with the fewest entries come first. */
struct look {
	size_t n;
	const struct axis *axis[LOOK_FIELDS];
	const uint64_t *set[LOOK_FIELDS];
	/* The words of each set under the present summary word. */
	const uint64_t *words[LOOK_FIELDS];
};

static inline void
look_add(struct look *l, const struct axis *a, const uint64_t *set)
{
	l->axis[l->n] = a;
	l->set[l->n++] = set;
}

#define LOOK_NONE UINT32_MAX

/* The least rule with an entry that is in all sets, or LOOK_NONE. rule: of
 * each entry; least: of the rules of each word. */
uint32_t look_least(struct look *l, const uint32_t *rule, const uint32_t *least,
    size_t nbits);

/* Whether all entries are in all sets; with shift 1, one at least out of each
 * pair. */
bool look_all(struct look *l, size_t nbits, unsigned shift);

/* Which sets entry bit is not in: bit i stands for set[i]. */
uint32_t look_lacking(const struct look *l, size_t nbits, size_t bit);

#endif
