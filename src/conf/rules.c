/* SPDX-License-Identifier: ISC */
/* Rules that say nothing, alone or next to others. */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "conf/box.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/rules.h"

struct rules {
	const struct conf_mirror *mirror;
	struct box_set *sets; /* one for each rule */
	size_t *budget;
	struct conf_report *report;
	char name[REPORT_QUOTE_MAX]; /* of the mirror */
};

static bool
has_family(const struct addr_prefix *v, size_t n, sa_family_t family)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].addr.family == family)
			return true;
	return n == 0;
}

/* Why no packet fits a rule without boxes. */
static const char *
reason(const struct conf_rule *rule)
{
	bool v4 = has_family(rule->src, rule->nsrc, AF_INET) &&
	    has_family(rule->dst, rule->ndst, AF_INET);
	bool v6 = has_family(rule->src, rule->nsrc, AF_INET6) &&
	    has_family(rule->dst, rule->ndst, AF_INET6);

	if (!v4 && !v6)
		return "src and dst are of different address families";
	return v4 ? "icmp6 is IPv6, its addresses are IPv4" :
		    "icmp is IPv4, its addresses are IPv6";
}

static void
check_alone(const struct rules *rs)
{
	const struct conf_mirror *m = rs->mirror;
	char q[REPORT_QUOTE_MAX];

	for (size_t i = 0; i < m->nrules; i++)
		if (rs->sets[i].n == 0)
			conf_report_warn(rs->report, &m->rules[i].pos,
			    "mirror %s: rule %s: can never match: %s", rs->name,
			    report_quote(q, m->rules[i].name),
			    reason(&m->rules[i]));
}

/* Whether the two have no packet in common, for sure. */
static bool
are_apart(const struct rules *rs, size_t a, size_t b)
{
	struct box_set both;
	bool apart;

	if (box_set_intersect(&both, &rs->sets[a], &rs->sets[b], rs->budget) ==
	    -1)
		return false;
	apart = both.n == 0;
	box_set_fini(&both);
	return apart;
}

static void
report_contradiction(const struct rules *rs, size_t last)
{
	const struct conf_rule *rule = rs->mirror->rules;
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX];
	size_t i = 0;

	while (i < last && (rs->sets[i].n == 0 || !are_apart(rs, i, last)))
		i++;
	if (i < last)
		conf_report_warn(rs->report, &rule[last].pos,
		    "mirror %s: rule %s: can never match together with rule "
		    "%s (%s:%u): filter = all collects nothing",
		    rs->name, report_quote(q, rule[last].name),
		    report_quote(q2, rule[i].name), rule[i].pos.file,
		    rule[i].pos.line);
	else
		conf_report_warn(rs->report, &rule[last].pos,
		    "mirror %s: rule %s: can never match together with all "
		    "the rules before it: filter = all collects nothing",
		    rs->name, report_quote(q, rule[last].name));
}

/* Narrows down what all rules match, until nothing is left. */
static void
check_together(const struct rules *rs)
{
	struct box_set left = { NULL, 0 }, next;
	bool any = false;

	for (size_t i = 0; i < rs->mirror->nrules; i++) {
		if (rs->sets[i].n == 0)
			continue;
		if (box_set_intersect(&next, any ? &left : &rs->sets[i],
			&rs->sets[i], rs->budget) == -1)
			break;
		any = true;
		box_set_fini(&left);
		left = next;
		if (left.n == 0) {
			report_contradiction(rs, i);
			break;
		}
	}
	box_set_fini(&left);
}

/* Whether the rule before covers the box. */
static bool
covers(const struct rules *rs, size_t before, const struct box *b)
{
	for (size_t i = 0; i < rs->sets[before].n; i++)
		if (box_covers(&rs->sets[before].v[i], b, rs->budget))
			return true;
	return false;
}

/* The first rule that covers all boxes of the given one by itself, or the
 * given one. */
static size_t
covered_by_one(const struct rules *rs, size_t rule)
{
	const struct box_set *s = &rs->sets[rule];

	for (size_t i = 0; i < rule; i++) {
		size_t n = 0;

		while (n < s->n && covers(rs, i, &s->v[n]))
			n++;
		if (n == s->n)
			return i;
	}
	return rule;
}

/* The last of the rules that cover its boxes together, or the given one. */
static size_t
covered_by_some(const struct rules *rs, size_t rule)
{
	const struct box_set *s = &rs->sets[rule];
	size_t last = 0;

	for (size_t n = 0; n < s->n; n++) {
		size_t i = 0;

		while (i < rule && !covers(rs, i, &s->v[n]))
			i++;
		last = i > last ? i : last;
	}
	return last;
}

static void
report_shadow(const struct rules *rs, size_t last, size_t by, bool alone)
{
	const struct conf_rule *rule = rs->mirror->rules;
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX];

	conf_report_warn(rs->report, &rule[last].pos,
	    "mirror %s: rule %s: never decides: %srule %s (%s:%u) before it "
	    "match%s all its packets",
	    rs->name, report_quote(q, rule[last].name),
	    alone ? "" : "other rules and ", report_quote(q2, rule[by].name),
	    rule[by].pos.file, rule[by].pos.line, alone ? "es" : "");
}

static void
check_shadows(const struct rules *rs)
{
	/* Without budget the rest would only be counted through. */
	for (size_t i = 1; i < rs->mirror->nrules && *rs->budget != 0; i++) {
		size_t one, some;

		if (rs->sets[i].n == 0)
			continue;
		one = covered_by_one(rs, i);
		some = one == i ? covered_by_some(rs, i) : one;
		if (some < i)
			report_shadow(rs, i, some, one < i);
	}
}

void
rules_check(const struct conf_mirror *m, size_t *budget, struct conf_report *r)
{
	struct rules rs = { .mirror = m, .report = r };
	size_t n = 0;

	rs.budget = budget;
	report_quote(rs.name, m->name);
	rs.sets = calloc(m->nrules + 1, sizeof(*rs.sets));
	while (rs.sets != NULL && n < m->nrules &&
	    box_set_from_rule(&rs.sets[n], &m->rules[n]) == 0)
		n++;
	/* Without memory nothing is said: these are only warnings. */
	if (rs.sets != NULL && n == m->nrules) {
		check_alone(&rs);
		if (m->filter == CONF_FILTER_ALL)
			check_together(&rs);
		else if (m->filter == CONF_FILTER_FIRST)
			check_shadows(&rs);
	}
	for (size_t i = 0; i < n; i++)
		box_set_fini(&rs.sets[i]);
	free(rs.sets);
}
