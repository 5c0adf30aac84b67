/* SPDX-License-Identifier: ISC */
/* What the fields of one packet have in common. */
#include "config.h"

#include "capture/look.h"

/* Most CPUs count bits by an instruction, but the oldest of those we are
 * compiled for does not, and a call would cost more than this. */
static inline size_t
count_bits(uint64_t x)
{
	x -= x >> 1 & UINT64_C(0x5555555555555555);
	x = (x & UINT64_C(0x3333333333333333)) +
	    (x >> 2 & UINT64_C(0x3333333333333333));
	x = (x + (x >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return x * UINT64_C(0x0101010101010101) >> 56;
}

static void
start(struct look *l, size_t nsums)
{
	for (size_t i = 0; i < l->n; i++)
		l->words[i] = l->set[i] + nsums;
}

/* Which words under summary word s may have entries in common. */
static inline uint64_t
sum_up(const struct look *l, size_t s)
{
	uint64_t sum = UINT64_MAX;

	for (size_t i = 0; i < l->n; i++)
		sum &= l->axis[i]->any[s] | l->set[i][s];
	return sum;
}

/* The entries in common of word w under summary word s. */
static inline uint64_t
word(const struct look *l, size_t nsums, size_t s, size_t w)
{
	uint64_t bit = UINT64_C(1) << w, all = UINT64_MAX;

	for (size_t i = 0; i < l->n && all != 0; i++) {
		uint64_t sum = l->set[i][s];
		uint64_t v = l->axis[i]->any[nsums + s * 64 + w];

		if ((sum & bit) != 0)
			v |= l->words[i][count_bits(sum & (bit - 1))];
		all &= v;
	}
	return all;
}

/* Goes on behind summary word s. */
static void
skip(struct look *l, size_t s)
{
	for (size_t i = 0; i < l->n; i++)
		l->words[i] += count_bits(l->set[i][s]);
}

static uint32_t
least_of(uint64_t v, const uint32_t *rule, uint32_t best)
{
	for (; v != 0; v &= v - 1) {
		uint32_t r = rule[__builtin_ctzll(v)];

		best = r < best ? r : best;
	}
	return best;
}

uint32_t
look_least(struct look *l, const uint32_t *rule, const uint32_t *least,
    size_t nbits)
{
	size_t nsums = axis_words(axis_words(nbits));
	uint32_t best = LOOK_NONE;

	if (l->n == 0)
		return nbits > 0 ? 0 : LOOK_NONE;
	start(l, nsums);
	for (size_t s = 0; s < nsums; skip(l, s), s++) {
		for (uint64_t x = sum_up(l, s); x != 0; x &= x - 1) {
			size_t w = (size_t)__builtin_ctzll(x);
			size_t at = s * 64 + w;

			if (least[at] < best)
				best = least_of(word(l, nsums, s, w),
				    rule + at * 64, best);
		}
	}
	return best;
}

bool
look_all(struct look *l, size_t nbits, unsigned shift)
{
	size_t nsums = axis_words(axis_words(nbits));
	uint64_t each = shift == 0 ? UINT64_MAX : UINT64_C(0x5555555555555555);

	if (l->n == 0)
		return true;
	start(l, nsums);
	for (size_t i = 0; i < nbits; i += 64) {
		uint64_t v = word(l, nsums, i / 4096, i / 64 % 64);

		v |= shift == 0 ? 0 : v >> 1;
		if (nbits - i < 64)
			each &= (UINT64_C(1) << (nbits - i)) - 1;
		if ((v & each) != each)
			return false;
		if (i / 64 % 64 == 63)
			skip(l, i / 4096);
	}
	return true;
}

uint32_t
look_lacking(const struct look *l, size_t nbits, size_t bit)
{
	size_t nsums = axis_words(axis_words(nbits)), s = bit / 4096;
	uint64_t w = UINT64_C(1) << (bit / 64 % 64);
	uint32_t lacking = 0;

	for (size_t i = 0; i < l->n; i++) {
		const uint64_t *words = l->set[i] + nsums;
		uint64_t v = l->axis[i]->any[nsums + bit / 64];

		for (size_t k = 0; k < s; k++)
			words += count_bits(l->set[i][k]);
		if ((l->set[i][s] & w) != 0)
			v |= words[count_bits(l->set[i][s] & (w - 1))];
		lacking |= (v >> bit % 64 & 1) == 0 ? UINT32_C(1) << i : 0;
	}
	return lacking;
}
