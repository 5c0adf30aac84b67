/* SPDX-License-Identifier: ISC */
/* Rules in userspace: whether they collect a frame, and which one does. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/axis.h"
#include "capture/classifier.h"
#include "capture/entry.h"
#include "capture/field.h"
#include "capture/look.h"
#include "capture/memo.h"
#include "conf/conf.h"

/* Bits of axes are entries. Under filter = all they are two for each rule,
 * should any be bidirectional: the second may stay empty. */
struct classifier {
	enum conf_filter filter;
	size_t nrules;
	bool *drop;	 /* of each rule */
	uint32_t *rule;	 /* of each bit */
	uint32_t *least; /* rule of each word of bits */
	size_t nbits;
	unsigned shift; /* of rules, to get bits: filter = all only */
	struct axis axes[FIELDS];
	bool idle[FIELDS]; /* takes every value for every entry */
	struct memo_slot *memo;
};

/* ---- building ---------------------------------------------------------- */

static int
allocate(struct classifier *c)
{
	size_t nwords = axis_words(c->nbits);

	c->drop = calloc(c->nrules + 1, sizeof(*c->drop));
	c->rule = calloc(c->nbits + 1, sizeof(*c->rule));
	c->least = calloc(nwords + 1, sizeof(*c->least));
	c->memo = memo_new();
	if (c->drop == NULL || c->rule == NULL || c->least == NULL ||
	    c->memo == NULL)
		return -1;
	memset(c->least, 0xff, nwords * sizeof(*c->least));
	for (int i = 0; i < FIELDS; i++)
		axis_init(&c->axes[i], c->nbits, field_is_wide((enum field)i));
	return 0;
}

static int
add_entries(struct classifier *c, const struct entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool reply = i > 0 && v[i].rule == v[i - 1].rule;
		size_t bit = c->filter == CONF_FILTER_ALL ?
		    ((size_t)v[i].rule << c->shift) + reply :
		    i;
		uint32_t *least = &c->least[bit / 64];

		field_add_entry(c->axes, bit, &v[i]);
		c->rule[bit] = v[i].rule;
		*least = v[i].rule < *least ? v[i].rule : *least;
	}
	for (int i = 0; i < FIELDS; i++) {
		if (axis_build(&c->axes[i]) == -1)
			return -1;
		c->idle[i] = c->axes[i].nany == n;
	}
	return 0;
}

static int
build(struct classifier *c, const struct conf_mirror *m)
{
	size_t n;
	struct entry *v = entry_list(m, &n);
	int rc = -1;

	c->shift = n > m->nrules;
	c->nbits = n;
	if (c->filter == CONF_FILTER_ALL)
		c->nbits = m->nrules << c->shift;
	if (v != NULL && allocate(c) == 0) {
		for (size_t i = 0; i < m->nrules; i++)
			c->drop[i] = m->rules[i].drop;
		if (c->filter != CONF_FILTER_ALL)
			entry_sort(v, n);
		rc = add_entries(c, v, n);
	}
	free(v);
	return rc;
}

int
classifier_new(struct classifier **out, const struct conf_mirror *m,
    struct err *err)
{
	struct classifier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_sys(err, "rules");
	c->filter = m->filter;
	c->nrules = m->nrules;
	if (build(c, m) == -1) {
		classifier_free(c);
		return err_set(err, "rules: no memory");
	}
	*out = c;
	return 0;
}

void
classifier_free(struct classifier *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < FIELDS; i++)
		axis_fini(&c->axes[i]);
	free(c->drop);
	free(c->rule);
	free(c->least);
	free(c->memo);
	free(c);
}

bool
classifier_tells(const struct classifier *c)
{
	return c->filter != CONF_FILTER_ALL && c->nrules > 1;
}

bool
classifier_equal(const struct classifier *a, const struct classifier *b)
{
	if (a->filter != b->filter || a->nrules != b->nrules ||
	    a->nbits != b->nbits ||
	    memcmp(a->drop, b->drop, a->nrules * sizeof(*a->drop)) != 0 ||
	    memcmp(a->rule, b->rule, a->nbits * sizeof(*a->rule)) != 0)
		return false;
	for (int i = 0; i < FIELDS; i++)
		if (!axis_equal(&a->axes[i], &b->axes[i]))
			return false;
	return true;
}

/* ---- packets ----------------------------------------------------------- */

/* Looks v up unless every rule takes every value of the field. */
static inline void
look_for(struct look *l, const struct classifier *c, enum field field,
    bool present, uint32_t v)
{
	const struct axis *a = &c->axes[field];

	if (!c->idle[field])
		look_add(l, a, present ? axis_find(a, v) : axis_absent(a));
}

static void
look_for_address6(struct look *l, const struct classifier *c, enum field field,
    bool present, struct axis_key v)
{
	const struct axis *a = &c->axes[field];

	if (!c->idle[field])
		look_add(l, a, present ? axis_find_wide(a, v) : axis_absent(a));
}

static void
look_at(struct look *l, const struct classifier *c, const struct fields *f)
{
	if (f->version == 0) {
		look_for(l, c, FIELD_OTHER, false, 0);
		return;
	}
	if (f->version == 4) {
		look_for(l, c, FIELD_SRC4, f->has_src, (uint32_t)f->src.lo);
		look_for(l, c, FIELD_DST4, f->has_dst, (uint32_t)f->dst.lo);
	} else {
		look_for_address6(l, c, FIELD_SRC6, f->has_src, f->src);
		look_for_address6(l, c, FIELD_DST6, f->has_dst, f->dst);
	}
	look_for(l, c, FIELD_DST_PORT, f->has_dst_port, f->dst_port);
	look_for(l, c, FIELD_SRC_PORT, f->has_src_port, f->src_port);
	look_for(l, c,
	    f->version == 4	? FIELD_PROTO4 :
		f->is_fragment6 ? FIELD_BEHIND6 :
				  FIELD_PROTO6,
	    f->has_protocol, f->protocol);
}

static struct memo_verdict
decide(const struct classifier *c, const struct fields *f)
{
	struct memo_verdict v = { PACKET_NO_RULE, false };
	struct look l = { .n = 0 };
	uint32_t first;

	look_at(&l, c, f);
	if (c->filter == CONF_FILTER_ALL) {
		v.collect = look_all(&l, c->nbits, c->shift);
		return v;
	}
	first = look_least(&l, c->rule, c->least, c->nbits);
	if (first == LOOK_NONE || c->drop[first])
		return v;
	return (struct memo_verdict) { first, true };
}

bool
classifier_match(const struct classifier *c, const uint8_t *frame,
    size_t caplen, uint32_t *rule)
{
	struct memo_slot *slot;
	struct fields f;

	*rule = PACKET_NO_RULE;
	if (c->nrules == 0)
		return true;
	field_read(&f, frame, caplen);
	slot = memo_slot(c->memo, &f);
	if (!slot->used || !field_equal(&slot->fields, &f))
		*slot = (struct memo_slot) { f, decide(c, &f), true };
	*rule = slot->verdict.rule;
	return slot->verdict.collect;
}

/* ---- reasons ----------------------------------------------------------- */

static uint32_t
fields_lacking(const struct classifier *c, const struct look *l, size_t bit)
{
	uint32_t sets = look_lacking(l, c->nbits, bit), fields = 0;

	for (size_t i = 0; i < l->n; i++)
		if ((sets >> i & 1) != 0)
			fields |= UINT32_C(1) << (l->axis[i] - c->axes);
	return fields;
}

void
classifier_lacks(const struct classifier *c, const uint8_t *frame,
    size_t caplen, uint32_t *lacks)
{
	struct look l = { .n = 0 };
	struct fields f;

	field_read(&f, frame, caplen);
	look_at(&l, c, &f);
	memset(lacks, 0xff, c->nrules * sizeof(*lacks));
	for (size_t bit = 0; bit < c->nbits; bit++) {
		uint32_t fields = fields_lacking(c, &l, bit);
		uint32_t *least =
		    &lacks[c->filter == CONF_FILTER_ALL ? bit >> c->shift :
							  c->rule[bit]];

		if (__builtin_popcount(fields) < __builtin_popcount(*least))
			*least = fields;
	}
}
