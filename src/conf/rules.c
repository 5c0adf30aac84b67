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

/* The first rule before the given one that covers the box, or rule. */
static size_t
covered_by(const struct rules *rs, const struct box *b, size_t rule)
{
	for (size_t i = 0; i < rule; i++)
		for (size_t j = 0; j < rs->sets[i].n; j++)
			if (box_covers(&rs->sets[i].v[j], b, rs->budget))
				return i;
	return rule;
}

static void
report_shadow(const struct rules *rs, size_t last, size_t by, bool alone)
{
	const struct conf_rule *rule = rs->mirror->rules;
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX];

	conf_report_warn(rs->report, &rule[last].pos,
	    "mirror %s: rule %s: never decides: %s%s (%s:%u) before it "
	    "match%s all its packets",
	    rs->name, report_quote(q, rule[last].name),
	    alone ? "rule " : "other rules and ",
	    report_quote(q2, rule[by].name), rule[by].pos.file,
	    rule[by].pos.line, alone ? "es" : "");
}

static void
check_shadows(const struct rules *rs)
{
	for (size_t i = 1; i < rs->mirror->nrules; i++) {
		size_t n = rs->sets[i].n, covered = 0, by = 0;
		bool alone = true;

		while (covered < n) {
			size_t rule = covered_by(rs, &rs->sets[i].v[covered],
			    i);

			if (rule == i)
				break;
			alone &= covered == 0 || rule == by;
			by = rule > by ? rule : by;
			covered++;
		}
		if (n > 0 && covered == n)
			report_shadow(rs, i, by, alone);
	}
}

void
rules_check(const struct conf_mirror *m, size_t *budget, struct conf_report *r)
{
	struct rules rs = { .mirror = m, .budget = budget, .report = r };
	size_t n = 0;

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
