/* SPDX-License-Identifier: ISC */
/* Rules one direction at a time, in an order good to look them up in. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "capture/entry.h"
#include "conf/conf.h"

static struct entry
one_way(const struct conf_rule *r, uint32_t rule)
{
	return (struct entry) { .rule = rule,
		.protocol = r->protocol,
		.src = r->src,
		.nsrc = r->nsrc,
		.dst = r->dst,
		.ndst = r->ndst,
		.src_port = r->src_port,
		.nsrc_port = r->nsrc_port,
		.dst_port = r->dst_port,
		.ndst_port = r->ndst_port };
}

static struct entry
other_way(const struct conf_rule *r, uint32_t rule)
{
	return (struct entry) { .rule = rule,
		.protocol = r->protocol,
		.src = r->dst,
		.nsrc = r->ndst,
		.dst = r->src,
		.ndst = r->nsrc,
		.src_port = r->dst_port,
		.nsrc_port = r->ndst_port,
		.dst_port = r->src_port,
		.ndst_port = r->nsrc_port };
}

struct entry *
entry_list(const struct conf_mirror *m, size_t *n)
{
	struct entry *v = calloc(2 * m->nrules + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v != NULL && i < m->nrules; i++) {
		v[(*n)++] = one_way(&m->rules[i], (uint32_t)i);
		if (m->rules[i].bidirectional)
			v[(*n)++] = other_way(&m->rules[i], (uint32_t)i);
	}
	return v;
}

/* Which fields it asks for. */
static int
pattern(const struct entry *e)
{
	return (e->nsrc > 0) << 4 | (e->ndst > 0) << 3 |
	    (e->ndst_port > 0) << 2 | (e->nsrc_port > 0) << 1 |
	    (e->protocol != CONF_PROTOCOL_ANY);
}

static int
compare_prefixes(const struct addr_prefix *a, const struct addr_prefix *b,
    size_t n)
{
	int order;

	if (n == 0)
		return 0;
	if (a->addr.family != b->addr.family)
		return (int)a->addr.family - (int)b->addr.family;
	order = memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
	return order != 0 ? order : (int)a->len - (int)b->len;
}

static int
compare_ports(const struct conf_ports *a, const struct conf_ports *b, size_t n)
{
	if (n == 0)
		return 0;
	return a->lo != b->lo ? (int)a->lo - (int)b->lo :
				(int)a->hi - (int)b->hi;
}

/* Of lists the first element speaks for all. */
static int
compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = pattern(x) - pattern(y);

	if (order == 0)
		order = compare_prefixes(x->src, y->src, x->nsrc);
	if (order == 0)
		order = compare_prefixes(x->dst, y->dst, x->ndst);
	if (order == 0)
		order = compare_ports(x->dst_port, y->dst_port, x->ndst_port);
	if (order == 0)
		order = compare_ports(x->src_port, y->src_port, x->nsrc_port);
	if (order == 0)
		order = (int)x->protocol - (int)y->protocol;
	if (order == 0)
		order = x->rule < y->rule ? -1 : x->rule > y->rule;
	return order;
}

void
entry_sort(struct entry *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
}
