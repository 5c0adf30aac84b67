/* SPDX-License-Identifier: ISC */
/* Sets of packets: what a rule matches, as boxes that can be compared. */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/box.h"

#define BOX_SET_MAX 256

static void
box_fini(struct box *b)
{
	for (size_t i = 0; i < 2; i++) {
		free(b->addr[i]);
		free(b->port[i]);
	}
}

void
box_set_fini(struct box_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		box_fini(&s->v[i]);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

static int
compare_prefixes(const void *a, const void *b)
{
	const struct addr_prefix *x = a, *y = b;
	int order = memcmp(x->addr.bytes, y->addr.bytes, sizeof(x->addr.bytes));

	return order != 0 ? order : (int)x->len - (int)y->len;
}

/* Joins the lower with the upper half of one prefix. */
static bool
join_halves(struct addr_prefix *lower, const struct addr_prefix *upper)
{
	struct addr_prefix whole = *lower;

	if (lower->len != upper->len || lower->len == 0)
		return false;
	whole.len--;
	if (!addr_prefix_covers(&whole, upper))
		return false;
	*lower = whole;
	return true;
}

static size_t
shorten_prefixes(struct addr_prefix *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), compare_prefixes);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && addr_prefix_covers(&v[kept - 1], &v[i]))
			continue;
		v[kept++] = v[i];
		while (kept > 1 && join_halves(&v[kept - 2], &v[kept - 1]))
			kept--;
	}
	return kept;
}

/* The prefixes of one family; no list at all means any address. Returns
 * false if the rule has addresses, but none of this family. */
static bool
take_prefixes(struct box *b, size_t side, const struct addr_prefix *v, size_t n)
{
	struct addr_prefix any = { { b->family, { 0 } }, 0 };
	size_t kept = 0;

	if (n == 0)
		b->addr[side][kept++] = any;
	for (size_t i = 0; i < n; i++)
		if (v[i].addr.family == b->family)
			b->addr[side][kept++] = v[i];
	b->naddr[side] = shorten_prefixes(b->addr[side], kept);
	return kept > 0;
}

static int
compare_ports(const void *a, const void *b)
{
	const struct conf_ports *x = a, *y = b;

	return x->lo != y->lo ? (int)x->lo - (int)y->lo :
				(int)x->hi - (int)y->hi;
}

static void
take_ports(struct box *b, size_t side, const struct conf_ports *v, size_t n)
{
	struct conf_ports *out = b->port[side];
	size_t kept = 0;

	if (n == 0)
		out[n++] = (struct conf_ports) { 0, UINT16_MAX };
	else
		memcpy(out, v, n * sizeof(*v));
	qsort(out, n, sizeof(*out), compare_ports);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || out[i].lo > out[kept - 1].hi + 1)
			out[kept++] = out[i];
		else if (out[i].hi > out[kept - 1].hi)
			out[kept - 1].hi = out[i].hi;
	}
	b->nport[side] = kept;
}

static void
take_protocols(struct box *b, const struct conf_rule *rule)
{
	static const uint8_t with_ports[] = { IPPROTO_TCP, IPPROTO_UDP,
		IPPROTO_SCTP };
	bool ports = rule->nsrc_port > 0 || rule->ndst_port > 0;
	unsigned p = rule->protocol;

	if (p != CONF_PROTOCOL_ANY) {
		b->protocols[p / 64] = UINT64_C(1) << p % 64;
		return;
	}
	if (!ports)
		memset(b->protocols, 0xff, sizeof(b->protocols));
	for (size_t i = 0; ports && i < sizeof(with_ports); i++)
		b->protocols[with_ports[i] / 64] |= UINT64_C(1)
		    << with_ports[i] % 64;
}

static bool
family_fits(const struct conf_rule *rule, sa_family_t family)
{
	if (family == 0)
		return rule->protocol == CONF_PROTOCOL_ANY &&
		    rule->nsrc + rule->ndst + rule->nsrc_port +
			rule->ndst_port ==
		    0;
	return rule->protocol !=
	    (family == AF_INET ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

/* Adds the box of one family, if there is any packet in it. The reply
 * direction has the two sides swapped. Returns 0, or -1 without memory. */
static int
add_rule_box(struct box_set *s, const struct conf_rule *rule,
    sa_family_t family, bool reply)
{
	struct box b = { .family = family };
	size_t from = reply ? 1 : 0, to = 1 - from;

	if (!family_fits(rule, family))
		return 0;
	b.addr[from] = calloc(rule->nsrc + 1, sizeof(*b.addr[0]));
	b.addr[to] = calloc(rule->ndst + 1, sizeof(*b.addr[0]));
	b.port[from] = calloc(rule->nsrc_port + 1, sizeof(*b.port[0]));
	b.port[to] = calloc(rule->ndst_port + 1, sizeof(*b.port[0]));
	if (b.addr[0] == NULL || b.addr[1] == NULL || b.port[0] == NULL ||
	    b.port[1] == NULL) {
		box_fini(&b);
		return -1;
	}
	take_protocols(&b, rule);
	take_ports(&b, from, rule->src_port, rule->nsrc_port);
	take_ports(&b, to, rule->dst_port, rule->ndst_port);
	if (take_prefixes(&b, from, rule->src, rule->nsrc) &&
	    take_prefixes(&b, to, rule->dst, rule->ndst))
		s->v[s->n++] = b;
	else
		box_fini(&b);
	return 0;
}

int
box_set_from_rule(struct box_set *s, const struct conf_rule *rule)
{
	static const sa_family_t families[] = { 0, AF_INET, AF_INET6 };
	struct box_set tmp = { calloc(BOX_RULE_MAX, sizeof(*tmp.v)), 0 };

	if (tmp.v == NULL)
		return -1;
	for (size_t i = 0; i < 3; i++)
		if (add_rule_box(&tmp, rule, families[i], false) == -1 ||
		    (rule->bidirectional && families[i] != 0 &&
			add_rule_box(&tmp, rule, families[i], true) == -1)) {
			box_set_fini(&tmp);
			return -1;
		}
	*s = tmp;
	return 0;
}

static bool
spend(size_t *budget, size_t work)
{
	bool enough = *budget >= work;

	*budget -= enough ? work : *budget;
	return enough;
}

/* Two prefixes overlap only if one lies in the other. */
static size_t
common_prefixes(struct addr_prefix *out, const struct box *a,
    const struct box *b, size_t side)
{
	size_t n = 0;

	for (size_t i = 0; i < a->naddr[side]; i++)
		for (size_t j = 0; j < b->naddr[side]; j++) {
			const struct addr_prefix *p = &a->addr[side][i],
						 *q = &b->addr[side][j];

			if (addr_prefix_covers(q, p))
				out[n++] = *p;
			else if (addr_prefix_covers(p, q))
				out[n++] = *q;
		}
	return n;
}

static size_t
common_ports(struct conf_ports *out, const struct box *a, const struct box *b,
    size_t side)
{
	size_t n = 0;

	for (size_t i = 0; i < a->nport[side]; i++)
		for (size_t j = 0; j < b->nport[side]; j++) {
			const struct conf_ports *p = &a->port[side][i],
						*q = &b->port[side][j];
			struct conf_ports both = { p->lo > q->lo ? p->lo :
								   q->lo,
				p->hi < q->hi ? p->hi : q->hi };

			if (both.lo <= both.hi)
				out[n++] = both;
		}
	return n;
}

/* Returns 1 if the boxes meet (then *out is theirs), 0 if not, -1 without
 * memory. No list grows beyond the sum of the two it is made of, since
 * neither overlaps itself. */
static int
box_intersect(struct box *out, const struct box *a, const struct box *b)
{
	struct box x = { .family = a->family };
	bool common = false;
	int result = 1;

	for (size_t i = 0; i < 4; i++) {
		x.protocols[i] = a->protocols[i] & b->protocols[i];
		common |= x.protocols[i] != 0;
	}
	if (a->family != b->family || !common)
		return 0;
	for (size_t i = 0; i < 2 && result == 1; i++) {
		x.addr[i] = calloc(a->naddr[i] + b->naddr[i],
		    sizeof(*x.addr[i]));
		x.port[i] = calloc(a->nport[i] + b->nport[i],
		    sizeof(*x.port[i]));
		if (x.addr[i] == NULL || x.port[i] == NULL) {
			result = -1;
			break;
		}
		x.naddr[i] = common_prefixes(x.addr[i], a, b, i);
		x.nport[i] = common_ports(x.port[i], a, b, i);
		if (x.naddr[i] == 0 || x.nport[i] == 0)
			result = 0;
	}
	if (result == 1)
		*out = x;
	else
		box_fini(&x);
	return result;
}

static size_t
work(const struct box *a, const struct box *b)
{
	size_t n = 1;

	for (size_t i = 0; i < 2; i++)
		n += a->naddr[i] * b->naddr[i] + a->nport[i] * b->nport[i];
	return n;
}

static int
add_intersection(struct box_set *s, const struct box *a, const struct box *b,
    size_t *budget)
{
	struct box x;
	int met;

	if (!spend(budget, work(a, b)))
		return -1;
	met = box_intersect(&x, a, b);
	if (met == 1 && s->n == BOX_SET_MAX) {
		box_fini(&x);
		return -1;
	}
	if (met == 1)
		s->v[s->n++] = x;
	return met == -1 ? -1 : 0;
}

int
box_set_intersect(struct box_set *out, const struct box_set *a,
    const struct box_set *b, size_t *budget)
{
	struct box_set tmp = { calloc(BOX_SET_MAX, sizeof(*tmp.v)), 0 };

	if (tmp.v == NULL)
		return -1;
	for (size_t i = 0; i < a->n; i++)
		for (size_t j = 0; j < b->n; j++)
			if (add_intersection(&tmp, &a->v[i], &b->v[j],
				budget) == -1) {
				box_set_fini(&tmp);
				return -1;
			}
	*out = tmp;
	return 0;
}

static bool
prefixes_cover(const struct box *outer, const struct box *inner, size_t side)
{
	for (size_t i = 0; i < inner->naddr[side]; i++) {
		size_t j = 0;

		while (j < outer->naddr[side] &&
		    !addr_prefix_covers(&outer->addr[side][j],
			&inner->addr[side][i]))
			j++;
		if (j == outer->naddr[side])
			return false;
	}
	return true;
}

static bool
ports_cover(const struct box *outer, const struct box *inner, size_t side)
{
	for (size_t i = 0; i < inner->nport[side]; i++) {
		const struct conf_ports *p = &inner->port[side][i],
					*q = outer->port[side];
		size_t j = 0;

		while (j < outer->nport[side] &&
		    (q[j].lo > p->lo || q[j].hi < p->hi))
			j++;
		if (j == outer->nport[side])
			return false;
	}
	return true;
}

bool
box_covers(const struct box *outer, const struct box *inner, size_t *budget)
{
	if (outer->family != inner->family ||
	    !spend(budget, work(outer, inner)))
		return false;
	for (size_t i = 0; i < 4; i++)
		if ((inner->protocols[i] & ~outer->protocols[i]) != 0)
			return false;
	for (size_t i = 0; i < 2; i++)
		if (!prefixes_cover(outer, inner, i) ||
		    !ports_cover(outer, inner, i))
			return false;
	return true;
}
