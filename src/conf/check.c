/* SPDX-License-Identifier: ISC */
/* What a configuration means: checks across options. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conf/check.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/rules.h"

static const char *const encap_names[] = { [CONF_VXLAN] = "vxlan",
	[CONF_GRE] = "gre", [CONF_GENEVE] = "geneve",
	[CONF_ERSPAN] = "erspan", [CONF_ERSPAN3] = "erspan3" };
static const uint32_t max_session[] = { [CONF_VXLAN] = 0xffffff,
	[CONF_GRE] = UINT32_MAX, [CONF_GENEVE] = 0xffffff,
	[CONF_ERSPAN] = 1023, [CONF_ERSPAN3] = 1023 };

/* Reports the second of two things with one name. */
static void
report_duplicate(struct conf_report *r, const char *what, const char *name,
    const struct conf_pos *pos, const struct conf_pos *first)
{
	conf_report_error(r, pos, "%s \"%s\": the name is taken by the %s in "
	    "%s:%u (names are unique)", what, name, what, first->file,
	    first->line);
}

static void
check_names(const struct conf *c, struct conf_report *r)
{
	for (size_t i = 0; i < c->ntargets; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->targets[i].name, c->targets[j].name) ==
			    0) {
				report_duplicate(r, "target",
				    c->targets[i].name, &c->targets[i].pos,
				    &c->targets[j].pos);
				break;
			}
	for (size_t i = 0; i < c->nmirrors; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->mirrors[i].name, c->mirrors[j].name) ==
			    0) {
				report_duplicate(r, "mirror",
				    c->mirrors[i].name, &c->mirrors[i].pos,
				    &c->mirrors[j].pos);
				break;
			}
}

static void
check_rule_names(const struct conf_mirror *m, struct conf_report *r)
{
	for (size_t i = 0; i < m->nrules; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(m->rules[i].name, m->rules[j].name) == 0) {
				report_duplicate(r, "rule", m->rules[i].name,
				    &m->rules[i].pos, &m->rules[j].pos);
				break;
			}
}

static void
check_quota(const struct conf *c, struct conf_report *r)
{
	if (c->nmirrors > c->max_mirrors)
		conf_report_error(r, &c->mirrors[c->max_mirrors].pos,
		    "mirror \"%s\": %zu mirrors are too many, max-mirrors = "
		    "%" PRIu32 " allows %" PRIu32,
		    c->mirrors[c->max_mirrors].name, c->nmirrors,
		    c->max_mirrors, c->max_mirrors);
}

static void
check_target(const struct conf_target *t, struct conf_report *r)
{
	if (t->sequence && t->encap != CONF_GRE)
		conf_report_error(r, &t->pos, "target \"%s\": sequence needs "
		    "encap = gre, not %s", t->name, encap_names[t->encap]);
	if (t->source_address.family != 0 &&
	    t->source_address.family != t->address.family)
		conf_report_error(r, &t->pos, "target \"%s\": source-address "
		    "and address are of different families (both IPv4, or "
		    "both IPv6)", t->name);
}

static const struct conf_target *
find_target(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->ntargets; i++)
		if (strcmp(c->targets[i].name, name) == 0)
			return &c->targets[i];
	return NULL;
}

static void
resolve_targets(const struct conf *c, struct conf_mirror *m,
    struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];

	m->targets = calloc(m->target_names.n + 1, sizeof(*m->targets));
	if (m->targets == NULL) {
		conf_report_error(r, &m->pos, "out of memory");
		return;
	}
	for (size_t i = 0; i < m->target_names.n; i++) {
		const struct conf_word *w = &m->target_names.v[i];
		const struct conf_target *t = find_target(c, w->text);

		if (t != NULL)
			m->targets[m->ntargets++] = t;
		else
			conf_report_error(r, &w->pos, "mirror \"%s\": "
			    "targets: there is no target %s", m->name,
			    report_quote(q, w->text));
	}
}

static void
check_session(const struct conf_mirror *m, struct conf_report *r)
{
	const struct conf_pos *pos =
	    m->session_id_pos.file != NULL ? &m->session_id_pos : &m->pos;

	for (size_t i = 0; i < m->ntargets; i++) {
		const struct conf_target *t = m->targets[i];

		if (m->session_id <= max_session[t->encap])
			continue;
		conf_report_error(r, pos, "mirror \"%s\": session-id: %" PRIu32
		    " is too big for target \"%s\" (%s: 0-%" PRIu32 ")",
		    m->name, m->session_id, t->name, encap_names[t->encap],
		    max_session[t->encap]);
	}
}

static void
check_weights(const struct conf_mirror *m, struct conf_report *r)
{
	for (size_t i = 0; i < m->ntargets; i++)
		if (m->targets[i]->weight > 0)
			return;
	if (m->ntargets > 0)
		conf_report_warn(r, &m->pos, "warning: mirror \"%s\": every "
		    "target has weight 0, so nothing is copied", m->name);
}

static void
check_actions(const struct conf_mirror *m, struct conf_report *r)
{
	for (size_t i = 0; i < m->nrules; i++)
		if (m->rules[i].drop && m->filter != CONF_FILTER_FIRST)
			conf_report_error(r, &m->rules[i].pos, "mirror \"%s\": "
			    "rule \"%s\": action = drop needs filter = first",
			    m->name, m->rules[i].name);
}

/* The first rule that cannot be met by some packet together with those
 * before it, and the one to blame, if it is one alone. */
static void
check_contradiction(const struct conf_mirror *m, struct conf_report *r)
{
	size_t k = rules_contradiction(m->rules, m->nrules), j;

	if (k == m->nrules)
		return;
	for (j = 0; j < k; j++)
		if (!rules_meet(&m->rules[j], &m->rules[k]))
			break;
	if (j < k)
		conf_report_warn(r, &m->rules[k].pos, "warning: mirror "
		    "\"%s\": rules \"%s\" and \"%s\" can never match together, "
		    "so filter = all collects nothing", m->name,
		    m->rules[j].name, m->rules[k].name);
	else
		conf_report_warn(r, &m->rules[k].pos, "warning: mirror "
		    "\"%s\": rule \"%s\" and those before it can never match "
		    "together, so filter = all collects nothing", m->name,
		    m->rules[k].name);
}

static void
check_shadows(const struct conf_mirror *m, struct conf_report *r)
{
	for (size_t i = 1; i < m->nrules; i++)
		for (size_t j = 0; j < i; j++) {
			if (!rules_cover(&m->rules[j], &m->rules[i]))
				continue;
			conf_report_warn(r, &m->rules[i].pos, "warning: mirror "
			    "\"%s\": rule \"%s\" never decides: \"%s\" "
			    "before it matches all that it does", m->name,
			    m->rules[i].name, m->rules[j].name);
			break;
		}
}

static void
check_rules(const struct conf_mirror *m, struct conf_report *r)
{
	bool possible = true;

	for (size_t i = 0; i < m->nrules; i++) {
		if (m->rules[i].faulty)
			return;
		if (!rules_impossible(&m->rules[i]))
			continue;
		possible = false;
		conf_report_warn(r, &m->rules[i].pos, "warning: mirror \"%s\": "
		    "rule \"%s\" can never match: its protocol, src and dst "
		    "have no address family in common", m->name,
		    m->rules[i].name);
	}
	if (!possible)
		return;
	if (m->filter == CONF_FILTER_ALL)
		check_contradiction(m, r);
	if (m->filter == CONF_FILTER_FIRST)
		check_shadows(m, r);
}

static bool
share_target(const struct conf_mirror *a, const struct conf_mirror *b,
    const char **name)
{
	for (size_t i = 0; i < a->ntargets; i++)
		for (size_t j = 0; j < b->ntargets; j++)
			if (a->targets[i] == b->targets[j]) {
				*name = a->targets[i]->name;
				return true;
			}
	return false;
}

static void
check_shared_sessions(const struct conf *c, struct conf_report *r)
{
	const char *name;

	for (size_t i = 1; i < c->nmirrors; i++)
		for (size_t j = 0; j < i; j++) {
			const struct conf_mirror *a = &c->mirrors[j];
			const struct conf_mirror *b = &c->mirrors[i];

			if (a->session_id == b->session_id &&
			    share_target(a, b, &name))
				conf_report_warn(r, &b->pos, "warning: mirrors "
				    "\"%s\" and \"%s\" send to target \"%s\" "
				    "with one session-id (%" PRIu32 "): it "
				    "cannot tell their copies apart", a->name,
				    b->name, name, a->session_id);
		}
}

void
conf_check(struct conf *c, struct conf_report *r)
{
	check_names(c, r);
	check_quota(c, r);
	for (size_t i = 0; i < c->ntargets; i++)
		if (!c->targets[i].faulty)
			check_target(&c->targets[i], r);
	for (size_t i = 0; i < c->nmirrors; i++) {
		struct conf_mirror *m = &c->mirrors[i];

		check_rule_names(m, r);
		resolve_targets(c, m, r);
		if (m->faulty)
			continue;
		check_session(m, r);
		check_weights(m, r);
		check_actions(m, r);
		check_rules(m, r);
	}
	check_shared_sessions(c, r);
}
