/* SPDX-License-Identifier: ISC */
/* One field of a packet: which entries of a list its value satisfies. */
#ifndef TM_AXIS_H
#define TM_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct axis_edge;

/* A value; fields of up to 32 bits have hi 0. */
struct axis_key {
	uint64_t hi, lo;
};

/* Entries are bits, 64 of them a word, and 64 words have a summary word: a
 * bit for each that is not zero. A set is its summary words, and behind them
 * those words alone that are not zero; equal sets exist once. Entries that
 * take any value are kept apart, all words of them: they would be in every
 * set. */
struct axis {
	bool is_wide; /* values have 128 bits, not up to 32 */
	size_t nbits;
	/* The values fall into n intervals; where each begins, and its set. */
	size_t n;
	uint32_t *narrow;
	struct axis_key *wide;
	uint32_t *set;	 /* index in words */
	uint64_t *words; /* the empty set comes first */
	size_t nwords;
	uint64_t *any; /* summary words, then all words */
	size_t nany;   /* entries there */
	/* Until axis_build. */
	struct axis_edge *edges;
	size_t nedges, room;
	bool no_memory;
};

/* Words for nbits entries, and words that sum up so many. */
static inline size_t
axis_words(size_t nbits)
{
	return (nbits + 63) / 64;
}

/* a must be zero. It takes entries 0 to nbits - 1, each by any number of
 * axis_add, or by axis_add_any once; one that is never added takes no value.
 * What is added after the memory ran out is lost: axis_build tells. */
void axis_init(struct axis *a, size_t nbits, bool is_wide);
void axis_add(struct axis *a, size_t bit, struct axis_key first,
    struct axis_key last);
void axis_add_any(struct axis *a, size_t bit);

/* Makes the intervals; nothing is added after that. Returns 0, or -1 without
 * memory. */
int axis_build(struct axis *a);
void axis_fini(struct axis *a);

/* Whether both were built of the same entries. */
bool axis_equal(const struct axis *a, const struct axis *b);

/* The set of a value. */
const uint64_t *axis_find(const struct axis *a, uint32_t v);
const uint64_t *axis_find_wide(const struct axis *a, struct axis_key v);

/* The set of a packet that lacks the field. */
static inline const uint64_t *
axis_absent(const struct axis *a)
{
	return a->words;
}

#endif
