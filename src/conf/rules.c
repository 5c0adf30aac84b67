/* SPDX-License-Identifier: ISC */
/* What rules can match, as sets: do they meet, does one cover another?
 *
 * A rule is one box, or two if it is bidirectional: a product of sets, one
 * for each field. Boxes meet where each of their sets do. */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/rules.h"

#define RULES_BOXES_MAX 256

/* Conditions on the ports and addresses of one side; n of 0 means any. */
struct side {
	struct addr_prefix *net;
	size_t nnet;
	struct conf_ports *port;
	size_t nport;
};

struct box {
	uint16_t protocol;
	struct side src, dst;
};

static struct side
rule_side(const struct conf_rule *r, bool src)
{
	return src ? (struct side){ r->src, r->nsrc, r->src_port,
	                 r->nsrc_port } :
	             (struct side){ r->dst, r->ndst, r->dst_port,
	                 r->ndst_port };
}

/* The boxes of a rule borrow its lists. Returns their number. */
static size_t
rule_boxes(const struct conf_rule *r, struct box out[static 2])
{
	out[0].protocol = r->protocol;
	out[0].src = rule_side(r, true);
	out[0].dst = rule_side(r, false);
	out[1].protocol = r->protocol;
	out[1].src = out[0].dst;
	out[1].dst = out[0].src;
	return r->bidirectional ? 2 : 1;
}

/* ---- which address families a box leaves ------------------------------- */

#define FAMILY_4 1u
#define FAMILY_6 2u

static unsigned
side_families(const struct side *s)
{
	unsigned f = s->nnet == 0 ? FAMILY_4 | FAMILY_6 : 0;

	for (size_t i = 0; i < s->nnet; i++)
		f |= s->net[i].addr.family == AF_INET ? FAMILY_4 : FAMILY_6;
	return f;
}

static bool
has_ports(uint16_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	    protocol == IPPROTO_SCTP;
}

static bool
box_empty(const struct box *b)
{
	unsigned f = side_families(&b->src) & side_families(&b->dst);

	if (b->protocol == IPPROTO_ICMP)
		f &= FAMILY_4;
	if (b->protocol == IPPROTO_ICMPV6)
		f &= FAMILY_6;
	return f == 0 ||
	    (b->protocol != CONF_PROTOCOL_ANY && !has_ports(b->protocol) &&
	        (b->src.nport > 0 || b->dst.nport > 0));
}

/* ---- intersection ------------------------------------------------------ */

/* Writes the intersection of two lists to out, which has room for na * nb,
 * or takes the list of the other where one is "any". Returns false if
 * nothing is left. */
static bool
meet_nets(struct side *out, const struct side *a, const struct side *b)
{
	out->nnet = 0;
	if (a->nnet == 0 || b->nnet == 0) {
		const struct side *from = a->nnet == 0 ? b : a;

		if (from->nnet > 0)
			memcpy(out->net, from->net,
			    from->nnet * sizeof(*out->net));
		out->nnet = from->nnet;
		return true;
	}
	for (size_t i = 0; i < a->nnet; i++)
		for (size_t j = 0; j < b->nnet; j++)
			if (addr_prefix_covers(&a->net[i], &b->net[j]))
				out->net[out->nnet++] = b->net[j];
			else if (addr_prefix_covers(&b->net[j], &a->net[i]))
				out->net[out->nnet++] = a->net[i];
	return out->nnet > 0;
}

static bool
meet_ports(struct side *out, const struct side *a, const struct side *b)
{
	out->nport = 0;
	if (a->nport == 0 || b->nport == 0) {
		const struct side *from = a->nport == 0 ? b : a;

		if (from->nport > 0)
			memcpy(out->port, from->port,
			    from->nport * sizeof(*out->port));
		out->nport = from->nport;
		return true;
	}
	for (size_t i = 0; i < a->nport; i++)
		for (size_t j = 0; j < b->nport; j++) {
			const struct conf_ports *p = &a->port[i];
			const struct conf_ports *q = &b->port[j];
			struct conf_ports m = { p->lo > q->lo ? p->lo : q->lo,
				p->hi < q->hi ? p->hi : q->hi };

			if (m.lo <= m.hi)
				out->port[out->nport++] = m;
		}
	return out->nport > 0;
}

static size_t
room(size_t a, size_t b)
{
	size_t n = a == 0 || b == 0 ? a + b : a * b;

	return n == 0 ? 1 : n;
}

static void
side_free(struct side *s)
{
	free(s->net);
	free(s->port);
}

static void
box_free(struct box *b)
{
	side_free(&b->src);
	side_free(&b->dst);
}

static bool
meet_sides(struct side *out, const struct side *a, const struct side *b)
{
	out->net = calloc(room(a->nnet, b->nnet), sizeof(*out->net));
	out->port = calloc(room(a->nport, b->nport), sizeof(*out->port));
	if (out->net == NULL || out->port == NULL)
		return false;
	return meet_nets(out, a, b) && meet_ports(out, a, b);
}

/* Returns whether anything is left; then *out owns its lists. */
static bool
meet_boxes(struct box *out, const struct box *a, const struct box *b)
{
	memset(out, 0, sizeof(*out));
	if (a->protocol != b->protocol && a->protocol != CONF_PROTOCOL_ANY &&
	    b->protocol != CONF_PROTOCOL_ANY)
		return false;
	out->protocol = a->protocol == CONF_PROTOCOL_ANY ? b->protocol :
	                                                   a->protocol;
	if (meet_sides(&out->src, &a->src, &b->src) &&
	    meet_sides(&out->dst, &a->dst, &b->dst) && !box_empty(out))
		return true;
	box_free(out);
	return false;
}

/* What is left of the boxes when they must also match the rule. Returns
 * their number, or SIZE_MAX if they become too many. */
static size_t
meet_rule(struct box *out, const struct box *in, size_t n,
    const struct conf_rule *r)
{
	struct box own[2];
	size_t nown = rule_boxes(r, own), nout = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < nown; j++) {
			if (nout == RULES_BOXES_MAX)
				return SIZE_MAX;
			if (meet_boxes(&out[nout], &in[i], &own[j]))
				nout++;
		}
	return nout;
}

bool
rules_impossible(const struct conf_rule *r)
{
	struct box b[2];

	/* The boxes of a rule are mirror images of each other. */
	rule_boxes(r, b);
	return box_empty(&b[0]);
}

static void
free_boxes(struct box *b)
{
	for (size_t i = 0; i < RULES_BOXES_MAX; i++)
		box_free(&b[i]);
	memset(b, 0, RULES_BOXES_MAX * sizeof(*b));
}

size_t
rules_contradiction(const struct conf_rule *r, size_t n)
{
	struct box sets[2][RULES_BOXES_MAX] = { { { 0 } } };
	size_t left = 1, i;

	sets[0][0].protocol = CONF_PROTOCOL_ANY;
	for (i = 0; i < n && left != 0 && left != SIZE_MAX; i++) {
		struct box *in = sets[i % 2], *out = sets[(i + 1) % 2];

		left = meet_rule(out, in, left, &r[i]);
		free_boxes(in);
	}
	free_boxes(sets[i % 2]);
	return left == 0 ? i - 1 : n;
}

bool
rules_meet(const struct conf_rule *a, const struct conf_rule *b)
{
	const struct conf_rule both[2] = { *a, *b };

	return rules_contradiction(both, 2) == 2;
}

/* ---- covering ---------------------------------------------------------- */

static bool
nets_cover(const struct side *outer, const struct side *inner)
{
	if (outer->nnet == 0)
		return true;
	for (size_t i = 0; i < inner->nnet; i++) {
		size_t j = 0;

		while (j < outer->nnet &&
		    !addr_prefix_covers(&outer->net[j], &inner->net[i]))
			j++;
		if (j == outer->nnet)
			return false;
	}
	return inner->nnet > 0;
}

/* Whether every port from lo to hi is in one of the ranges. */
static bool
range_covered(const struct side *outer, uint32_t lo, uint32_t hi)
{
	bool moved = true;

	/* lo moves up behind each range that holds it. */
	while (moved && lo <= hi) {
		moved = false;
		for (size_t j = 0; j < outer->nport; j++)
			if (outer->port[j].lo <= lo && lo <= outer->port[j].hi) {
				lo = outer->port[j].hi + 1u;
				moved = true;
			}
	}
	return lo > hi;
}

static bool
ports_cover(const struct side *outer, const struct side *inner)
{
	if (outer->nport == 0)
		return true;
	for (size_t i = 0; i < inner->nport; i++)
		if (!range_covered(outer, inner->port[i].lo,
		        inner->port[i].hi))
			return false;
	return inner->nport > 0;
}

static bool
box_covers(const struct box *outer, const struct box *inner)
{
	return (outer->protocol == CONF_PROTOCOL_ANY ||
	           outer->protocol == inner->protocol) &&
	    nets_cover(&outer->src, &inner->src) &&
	    nets_cover(&outer->dst, &inner->dst) &&
	    ports_cover(&outer->src, &inner->src) &&
	    ports_cover(&outer->dst, &inner->dst);
}

bool
rules_cover(const struct conf_rule *outer, const struct conf_rule *inner)
{
	struct box o[2], i[2];
	size_t no = rule_boxes(outer, o), ni = rule_boxes(inner, i);

	for (size_t b = 0; b < ni; b++)
		if (!box_covers(&o[0], &i[b]) &&
		    (no == 1 || !box_covers(&o[1], &i[b])))
			return false;
	return true;
}
