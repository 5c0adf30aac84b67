/* SPDX-License-Identifier: ISC */
/* Whether a packet is mirrored, and why not. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/iface.h"
#include "base/num.h"
#include "capture/copy.h"
#include "capture/field.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/schema.h"
#include "mirror/explain.h"
#include "mirror/inside.h"
#include "mirror/onward.h"

/* What it takes to answer. */
struct asking {
	struct explain *e;
	const struct mirror *m;
	const struct conf_mirror *conf;
	const struct explain_question *q;
	struct packet packet;
	struct fields fields;
	struct filter_parts parts;
	uint32_t *lacks; /* of each rule, if somebody wants to know */
};

static void __attribute__((format(printf, 4, 5))) add(struct explain *e,
    const char *name, enum explain_result result, const char *fmt, ...)
{
	struct explain_condition *c = &e->conditions[e->nconditions++];
	va_list ap;

	c->name = name;
	c->result = result;
	va_start(ap, fmt);
	vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

static enum explain_result
result(bool passes)
{
	return passes ? EXPLAIN_PASSES : EXPLAIN_FAILS;
}

/* ---- where it would be captured ------------------------------------------ */

static void
ask_collect(const struct asking *a)
{
	add(a->e, "collect", result(a->conf->collect), "%s",
	    a->conf->collect ? "true" : "false: the mirror is off");
}

static bool
is_captured(const struct asking *a)
{
	const struct mirror *m = a->m;

	for (size_t i = 0; i < m->nsources; i++)
		if (m->sources[i]->ifindex == a->e->way.iface->index)
			return true;
	/* Of one that is off, or not running, no interface is open. */
	return !a->conf->collect || m->pipeline.plan != NULL;
}

static void
ask_source(const struct asking *a)
{
	const struct way *w = &a->e->way;
	const char *why = "";
	bool passes = false;

	if (w->iface != NULL && !is_captured(a))
		why = ": it cannot be captured: see the log";
	else if (w->iface != NULL && !w->iface->up)
		why = ": it is down";
	else
		passes = w->iface != NULL;
	add(a->e, "source", result(passes), "%s%s", w->source_why, why);
}

static void
ask_direction(struct asking *a)
{
	const struct way *w = &a->e->way;
	enum conf_direction wanted = a->conf->nnext_hops > 0 ?
	    CONF_DIR_OUT :
	    a->conf->direction;
	bool loopback = w->iface != NULL && w->iface->loopback;
	const char *name = schema_direction_name(wanted);
	bool passes;

	if (!w->has_direction) {
		add(a->e, "direction",
		    wanted == CONF_DIR_ALL ? EXPLAIN_PASSES : EXPLAIN_UNKNOWN,
		    "%s: %s", name, w->direction_why);
		return;
	}
	passes = filter_match_direction(a->m->filter, w->direction, loopback);
	add(a->e, "direction", result(passes), "%s: it goes %s%s", name,
	    w->direction_why,
	    !passes && wanted == CONF_DIR_ALL ?
		"; lo sees each frame again when it comes in" :
		"");
	a->packet.direction = w->direction;
}

static void
ask_next_hop(const struct asking *a)
{
	const struct way *w = &a->e->way;
	enum explain_result passes;
	char detail[EXPLAIN_DETAIL_MAX];

	if (a->conf->nnext_hops == 0 || w->iface == NULL)
		return;
	passes = onward_ask(detail, a->m, a->q, w, &a->fields);
	add(a->e, "next-hop", passes, "%s", detail);
}

static void
ask_pressure(const struct asking *a)
{
	const struct conf_rung *rung = mirror_rung(a->m);
	char text[CONF_RUNG_TEXT_MAX];

	if (rung != NULL)
		add(a->e, "under-pressure", result(rung->relief != CONF_STOP),
		    "%s is in force", conf_rung_format(rung, text));
}

/* ---- the filter ---------------------------------------------------------- */

static bool
is_address(const struct addr *a, const struct fields *f)
{
	struct axis_key k;

	if ((a->family == AF_INET) != (f->version == 4) || f->version == 0)
		return false;
	k = f->version == 4 ? (struct axis_key) { 0, bytes_get32(a->bytes) } :
			      field_key6(a->bytes);
	return (f->has_src && f->src.hi == k.hi && f->src.lo == k.lo) ||
	    (f->has_dst && f->dst.hi == k.hi && f->dst.lo == k.lo);
}

static bool
is_target(const struct conf_target *t, const struct fields *f)
{
	for (size_t i = 0; i < t->nplaces; i++)
		if (is_address(&t->places[i].address, f))
			return true;
	return false;
}

static void
ask_exclude(const struct asking *a)
{
	char q[REPORT_QUOTE_MAX];

	if (a->parts.exclude) {
		add(a->e, "exclude-targets", EXPLAIN_PASSES,
		    "%s: no traffic of a target, and no copy",
		    a->conf->exclude_targets ? "true" : "false");
		return;
	}
	for (size_t i = 0; i < a->conf->ntargets; i++) {
		const struct conf_target *t = a->conf->targets[i];

		if (a->conf->exclude_targets && is_target(t, &a->fields)) {
			add(a->e, "exclude-targets", EXPLAIN_FAILS,
			    "true: it is to or from target %s",
			    report_quote(q, t->name));
			return;
		}
	}
	add(a->e, "exclude-targets", EXPLAIN_FAILS,
	    "%s: it is a copy to a target, or an error that a copy caused%s",
	    a->conf->exclude_targets ? "true" : "false",
	    a->conf->exclude_targets ? ", or ARP for a target" : "");
}

static void
ask_bpf(const struct asking *a)
{
	char q[REPORT_QUOTE_MAX];

	if (a->conf->bpf != NULL)
		add(a->e, "bpf", result(a->parts.bpf), "%s",
		    report_quote(q, a->conf->bpf));
}

/* The first rule of those that lack least. */
static uint32_t
nearest(const struct asking *a)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < a->conf->nrules; i++)
		if (__builtin_popcount(a->lacks[i]) <
		    __builtin_popcount(a->lacks[best]))
			best = i;
	return best;
}

static uint32_t
first_lacking(const struct asking *a)
{
	uint32_t i = 0;

	while (i + 1 < a->conf->nrules && a->lacks[i] == 0)
		i++;
	return i;
}

static void
say_rules_fail(const struct asking *a)
{
	bool all = a->conf->filter == CONF_FILTER_ALL;
	uint32_t i = all ? first_lacking(a) : nearest(a);
	char q[REPORT_QUOTE_MAX], lacks[EXPLAIN_LACKS_MAX];

	report_quote(q, a->conf->rules[i].name);
	explain_lacks(a->lacks[i], lacks);
	if (all)
		add(a->e, "rules", EXPLAIN_FAILS, "%s does not match: %s", q,
		    lacks);
	else if (a->lacks[i] == 0)
		add(a->e, "rules", EXPLAIN_FAILS,
		    "%s is the first that matches: action = drop", q);
	else
		add(a->e, "rules", EXPLAIN_FAILS,
		    "none matches; nearest is %s, but for: %s", q, lacks);
}

static void
ask_rules(const struct asking *a)
{
	char q[REPORT_QUOTE_MAX];

	if (a->conf->nrules == 0)
		add(a->e, "rules", EXPLAIN_PASSES, "there are none");
	else if (!a->parts.rules)
		say_rules_fail(a);
	else if (a->parts.rule == PACKET_NO_RULE)
		add(a->e, "rules", EXPLAIN_PASSES, "all match");
	else
		add(a->e, "rules", EXPLAIN_PASSES, "%s %s",
		    report_quote(q, a->conf->rules[a->parts.rule].name),
		    a->conf->filter == CONF_FILTER_FIRST ?
			"is the first that matches" :
			"matches");
}

/* The conditions one by one, and what filter_match makes of them. */
static void
ask_filter(struct asking *a)
{
	const struct filter *f = a->m->filter;
	struct packet *p = &a->packet;

	filter_ask(f, p, &a->parts);
	if (!a->parts.rules || a->q->each_rule)
		filter_lacks(f, p, a->lacks);
	ask_exclude(a);
	ask_bpf(a);
	ask_rules(a);
	a->e->mirrored &= filter_match(f, p->data, p->caplen, p->len, &p->rule);
	a->e->rule = a->e->mirrored ? p->rule : PACKET_NO_RULE;
}

/* Frames alone that come so far are remembered. */
static void
ask_copies(struct asking *a, struct copy_memory *memory)
{
	struct copy_memory none = { 0 };
	bool copy = filter_is_copy_apart(a->m->filter,
	    explain_obstacle(a->e) == NULL ? memory : &none, &a->packet);

	add(a->e, "copies", result(!copy), "%s",
	    copy ? "it is a copy to or from a target, or an error that one "
		   "has caused" :
		a->packet.like_copy ? "it looks like a copy of a copy" :
				      "it is none");
}

/* ---- what becomes of it -------------------------------------------------- */

static void
ask_limits(const struct asking *a)
{
	uint64_t all = a->m->root->bandwidth_limit;
	char rate[NUM_TEXT_MAX];

	if (a->conf->rate_limit > 0)
		add(a->e, "rate-limit", EXPLAIN_UNKNOWN,
		    "%s: that depends on what else is sent",
		    num_format_rate(a->conf->rate_limit, rate));
	if (all > 0)
		add(a->e, "bandwidth-limit", EXPLAIN_UNKNOWN,
		    "%s: that depends on what else is sent",
		    num_format_rate(all, rate));
}

static bool
is_sent(const struct pipeline_copy *c)
{
	return c->target.mtu > 0 && c->target.fate != TARGET_OVERSIZE;
}

static void
ask_targets(const struct asking *a)
{
	const struct pipeline_forecast *f = &a->e->forecast;
	size_t sent = 0, routed = 0;

	for (size_t i = 0; i < f->n; i++) {
		sent += is_sent(&f->copies[i]);
		routed += f->copies[i].target.mtu > 0;
	}
	if (f->n == 0)
		add(a->e, "targets", EXPLAIN_FAILS,
		    "all of them are drained or unresolved: there is none to "
		    "send to");
	else if (routed == 0)
		add(a->e, "targets", EXPLAIN_FAILS, "there is no route to %s",
		    f->n == 1 ? "it" : "any of them");
	else if (sent == 0)
		add(a->e, "oversize", EXPLAIN_FAILS,
		    "the copy is larger than %s",
		    a->conf->oversize == CONF_OVERSIZE_FRAGMENT ?
			"an IP packet can be" :
			"the path MTU");
}

static void
ask_pipeline(struct asking *a)
{
	const struct way *w = &a->e->way;
	const struct pipeline *pl = &a->m->pipeline;
	struct pipeline_forecast *f = &a->e->forecast;

	pipeline_foresee(pl, w->iface == NULL ? 0 : source_identity(w->iface),
	    &a->packet, f);
	if (a->packet.like_copy)
		add(a->e, "loop", result(!f->loops),
		    "the breaker has%s tripped", f->loops ? "" : " not");
	if (pl->sample > 1)
		add(a->e, "sample", result(!f->sampled_out),
		    "one flow in %u: this one is%s among them", pl->sample,
		    f->sampled_out ? " not" : "");
	ask_limits(a);
	ask_targets(a);
}

/* ---- rules one by one ---------------------------------------------------- */

static void
list_rules(const struct asking *a)
{
	struct explain *e = a->e;
	size_t n = a->conf->nrules;

	bool all = n <= EXPLAIN_RULES;

	for (int lack = 0; lack <= FIELDS && e->nrules < n; lack++)
		for (uint32_t i = 0; i < n && e->nrules < EXPLAIN_RULES; i++)
			if (all || __builtin_popcount(a->lacks[i]) == lack)
				e->rules[e->nrules++] = (struct explain_rule) {
					i, a->lacks[i]
				};
}

const char *
explain_lacks(uint32_t lacks, char buf[static EXPLAIN_LACKS_MAX])
{
	size_t len = 0;

	buf[0] = '\0';
	for (int i = 0; i < FIELDS; i++)
		if ((lacks >> i & 1) != 0)
			len += (size_t)snprintf(buf + len,
			    EXPLAIN_LACKS_MAX - len, "%s%s",
			    len == 0 ? "" : ", ", field_name((enum field)i));
	return buf;
}

/* ---- all of it ----------------------------------------------------------- */

const struct explain_condition *
explain_obstacle(const struct explain *e)
{
	for (size_t i = 0; i < e->nconditions; i++)
		if (e->conditions[i].result == EXPLAIN_FAILS)
			return &e->conditions[i];
	return NULL;
}

static void
ask(struct asking *a, struct copy_memory *memory)
{
	struct explain *e = a->e;

	field_read(&a->fields, a->packet.data, a->packet.caplen);
	way_find(&e->way, a->m->root, a->conf, a->q->ifaces, &a->q->way,
	    &a->packet, &a->fields);
	e->mirrored = true;
	ask_collect(a);
	ask_source(a);
	ask_direction(a);
	ask_next_hop(a);
	ask_pressure(a);
	ask_filter(a);
	ask_copies(a, memory);
	ask_pipeline(a);
	e->mirrored &= explain_obstacle(e) == NULL;
	if (a->q->each_rule)
		list_rules(a);
}

int
explain_ask(struct explain *e, const struct mirror *m,
    const struct explain_question *q, struct copy_memory *memory,
    struct err *err)
{
	struct asking a = { .e = e,
		.m = m,
		.conf = m->conf,
		.q = q,
		.packet = q->packet };

	e->forecast.copies = calloc(m->pipeline.nmembers + 1,
	    sizeof(*e->forecast.copies));
	a.lacks = calloc(m->conf->nrules + 1, sizeof(*a.lacks));
	if (e->forecast.copies == NULL || a.lacks == NULL) {
		free(a.lacks);
		return err_sys(err, "explain");
	}
	ask(&a, memory);
	free(a.lacks);
	return 0;
}

void
explain_fini(struct explain *e)
{
	free(e->forecast.copies);
	memset(e, 0, sizeof(*e));
}
