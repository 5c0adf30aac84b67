/* SPDX-License-Identifier: ISC */
/* What a configuration means: checks across options. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/rules.h"
#include "conf/schema.h"

#define VNI_MAX	   0xffffffu
#define ERSPAN_MAX 1023u

/* A name and where it is given; v of names is sorted by name, then by
 * place. */
struct name {
	const char *text;
	const struct conf_pos *pos;
	size_t i;
};

struct names {
	struct name *v;
	size_t n;
};

/* One mirror sends to one place, or to a target whose places are not known
 * (NULL). */
struct use {
	const struct conf_mirror *mirror;
	const struct conf_target *target;
	const struct conf_place *place;
};

static void
out_of_memory(struct conf_report *r)
{
	conf_report_error(r, NULL, "out of memory");
}

static int
compare_text(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	return strcmp(x->text, y->text);
}

static int
compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = compare_text(a, b);

	return order != 0 ? order : x->i < y->i ? -1 : 1;
}

static void
names_add(struct names *s, const char *text, const struct conf_pos *pos)
{
	s->v[s->n] = (struct name) { text, pos, s->n };
	s->n++;
}

/* Sorts the names and reports those given twice. The second is wrong. */
static void
names_check(struct names *s, const char *where, const char *kind,
    struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];
	size_t first = 0;

	qsort(s->v, s->n, sizeof(*s->v), compare_names);
	for (size_t i = 1; i < s->n; i++) {
		if (compare_text(&s->v[i], &s->v[first]) != 0)
			first = i;
		else
			conf_report_error(r, s->v[i].pos,
			    "%s%s %s: the name is already taken in %s:%u",
			    where, kind, report_quote(q, s->v[i].text),
			    s->v[first].pos->file, s->v[first].pos->line);
	}
}

static void
check_mirror_names(const struct conf *c, struct conf_report *r)
{
	struct names s = { calloc(c->nmirrors + 1, sizeof(*s.v)), 0 };

	if (s.v == NULL) {
		out_of_memory(r);
		return;
	}
	for (size_t i = 0; i < c->nmirrors; i++)
		names_add(&s, c->mirrors[i].name, &c->mirrors[i].pos);
	names_check(&s, "", "mirror", r);
	free(s.v);
}

static void
check_rule_names(const struct conf_mirror *m, struct conf_report *r)
{
	struct names s = { calloc(m->nrules + 1, sizeof(*s.v)), 0 };
	char where[REPORT_QUOTE_MAX + 16], q[REPORT_QUOTE_MAX];

	if (s.v == NULL) {
		out_of_memory(r);
		return;
	}
	for (size_t i = 0; i < m->nrules; i++)
		names_add(&s, m->rules[i].name, &m->rules[i].pos);
	snprintf(where, sizeof(where), "mirror %s: ", report_quote(q, m->name));
	names_check(&s, where, "rule", r);
	free(s.v);
}

static void
check_quota(const struct conf *c, struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];

	if (c->nmirrors > c->max_mirrors)
		conf_report_error(r, &c->mirrors[c->max_mirrors].pos,
		    "mirror %s: %zu mirrors are more than max-mirrors = %u "
		    "allows (max-mirrors may be raised to 1000)",
		    report_quote(q, c->mirrors[c->max_mirrors].name),
		    c->nmirrors, c->max_mirrors);
}

/* The daemon does not stay in the folder it is started in. */
static void
check_path(const char *option, const char *path, const struct conf_pos *pos,
    struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];

	if (path != NULL && path[0] != '/')
		conf_report_error(r, pos,
		    "%s: %s is not allowed (an absolute path)", option,
		    report_quote(q, path));
}

static void
resolve_targets(const struct conf *c, struct conf_mirror *m,
    const struct names *names, struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX];

	m->targets = calloc(m->target_names.n + 1, sizeof(*m->targets));
	if (m->targets == NULL) {
		out_of_memory(r);
		return;
	}
	for (size_t i = 0; i < m->target_names.n; i++) {
		const struct conf_word *w = &m->target_names.v[i];
		struct name key = { w->text, NULL, 0 }, *found;

		found = bsearch(&key, names->v, names->n, sizeof(key),
		    compare_text);
		if (found != NULL)
			m->targets[m->ntargets++] = &c->targets[found->i];
		else if (!c->incomplete)
			conf_report_error(r, &w->pos,
			    "mirror %s: targets: there is no target %s",
			    report_quote(q, m->name),
			    report_quote(q2, w->text));
	}
}

static void
check_targets(struct conf *c, struct conf_report *r)
{
	struct names s = { calloc(c->ntargets + 1, sizeof(*s.v)), 0 };

	if (s.v == NULL) {
		out_of_memory(r);
		return;
	}
	for (size_t i = 0; i < c->ntargets; i++)
		names_add(&s, c->targets[i].name, &c->targets[i].pos);
	names_check(&s, "", "target", r);
	for (size_t i = 0; i < c->nmirrors; i++)
		resolve_targets(c, &c->mirrors[i], &s, r);
	free(s.v);
}

/* The place of an address; those of a name are for DNS to say. */
static void
make_place(struct conf_target *t, struct conf_report *r)
{
	if (t->host.address.family == 0)
		return;
	if ((t->places = calloc(1, sizeof(*t->places))) == NULL) {
		out_of_memory(r);
		return;
	}
	t->places[t->nplaces++] = (struct conf_place) { t->host.address,
		t->port, 1 };
}

static void
check_encap(const struct conf_target *t, struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];

	report_quote(q, t->name);
	if (t->faulty)
		return;
	if (!conf_encap_has_ports(t->encap) && t->port != 0)
		conf_report_error(r, &t->pos,
		    "target %s: port: %s has no ports (vxlan and geneve have)",
		    q, schema_encap_name(t->encap));
	if (!conf_encap_has_ports(t->encap) && t->udp_gso == CONF_GSO_ON)
		conf_report_error(r, &t->pos,
		    "target %s: udp-gso: on is not possible with %s (with "
		    "vxlan and geneve it is)",
		    q, schema_encap_name(t->encap));
	if (conf_encap_has_ports(t->encap) && t->sequence)
		conf_report_error(r, &t->pos,
		    "target %s: sequence: %s has "
		    "no sequence numbers (gre, erspan and erspan3 have)",
		    q, schema_encap_name(t->encap));
	if (t->source_address.family != 0 && t->host.address.family != 0 &&
	    t->source_address.family != t->host.address.family)
		conf_report_error(r, &t->pos,
		    "target %s: source-address: is "
		    "of another address family than address",
		    q);
}

static void
check_health(const struct conf_target *t, struct conf_report *r)
{
	const struct conf_check *k = &t->check;
	char q[REPORT_QUOTE_MAX], timeout[NUM_TEXT_MAX], interval[NUM_TEXT_MAX];

	report_quote(q, t->name);
	if (t->faulty)
		return;
	if (k->kind == CONF_CHECK_TCP && k->port == 0)
		conf_report_error(r, &t->pos,
		    "target %s: check = tcp needs check-port (1-65535)", q);
	if (k->kind != CONF_CHECK_TCP && k->port != 0)
		conf_report_error(r, &t->pos,
		    "target %s: check-port: %u is not allowed with check = %s "
		    "(only with check = tcp)",
		    q, k->port, schema_check_name(k->kind));
	if (k->timeout_ms >= k->interval_ms)
		conf_report_error(r, &t->pos,
		    "target %s: check-timeout: %s is not allowed (less than "
		    "check-interval, which is %s)",
		    q, num_format_time(k->timeout_ms, timeout),
		    num_format_time(k->interval_ms, interval));
}

static void
check_target(const struct conf_target *t, struct conf_report *r)
{
	check_encap(t, r);
	check_health(t, r);
}

static uint32_t
session_max(enum conf_encap encap)
{
	switch (encap) {
	case CONF_GRE:
		return UINT32_MAX;
	case CONF_ERSPAN:
	case CONF_ERSPAN3:
		return ERSPAN_MAX;
	default:
		return VNI_MAX;
	}
}

static void
check_session(const struct conf_mirror *m, struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX];

	for (size_t i = 0; !m->faulty && i < m->ntargets; i++) {
		const struct conf_target *t = m->targets[i];
		uint32_t max = session_max(t->encap);

		if (t->faulty || m->session_id <= max)
			continue;
		conf_report_error(r, &m->session_id_pos,
		    "mirror %s: session-id: %u is too big for %s, which "
		    "target %s uses (0-%u)",
		    report_quote(q, m->name), m->session_id,
		    schema_encap_name(t->encap), report_quote(q2, t->name),
		    max);
	}
}

static void
check_next_hops(const struct conf_mirror *m, struct conf_report *r)
{
	char q[REPORT_QUOTE_MAX];

	if (!m->faulty && m->nnext_hops > 0 && m->direction == CONF_DIR_IN)
		conf_report_error(r, &m->next_hops_pos,
		    "mirror %s: next-hop: direction = in is not allowed with "
		    "it: what goes to a next hop is sent (out, all)",
		    report_quote(q, m->name));
}

static bool
has_ports(uint16_t protocol)
{
	return protocol == CONF_PROTOCOL_ANY || protocol == IPPROTO_TCP ||
	    protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static void
check_rule(const struct conf_mirror *m, const struct conf_rule *rule,
    struct conf_report *r)
{
	const char *protocol = schema_word_name(schema_protocols,
	    rule->protocol);
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX], number[8];

	report_quote(q, m->name);
	report_quote(q2, rule->name);
	snprintf(number, sizeof(number), "%u", rule->protocol);
	if (!rule->faulty && rule->nsrc_port + rule->ndst_port > 0 &&
	    !has_ports(rule->protocol))
		conf_report_error(r, &rule->pos,
		    "mirror %s: rule %s: "
		    "protocol %s has no ports: src-port and dst-port are not "
		    "allowed (tcp, udp, sctp and any have)",
		    q, q2, protocol != NULL ? protocol : number);
	if (!m->faulty && rule->drop && m->filter != CONF_FILTER_FIRST)
		conf_report_error(r, &rule->pos,
		    "mirror %s: rule %s: action "
		    "= drop is not allowed (only with filter = first)",
		    q, q2);
}

static int
compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	const struct conf_target *s = x->target, *t = y->target;

	if (x->mirror->session_id != y->mirror->session_id)
		return x->mirror->session_id < y->mirror->session_id ? -1 : 1;
	if (s->encap != t->encap)
		return s->encap < t->encap ? -1 : 1;
	if (x->place != NULL && y->place != NULL)
		return conf_place_compare(x->place, y->place);
	if (x->place != NULL || y->place != NULL)
		return x->place == NULL ? -1 : 1;
	if (s->port != t->port)
		return s->port < t->port ? -1 : 1;
	return strcasecmp(s->host.name, t->host.name);
}

static int
compare_uses_in_order(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	int order = compare_uses(a, b);

	if (order != 0 || x->mirror == y->mirror)
		return order;
	return x->mirror < y->mirror ? -1 : 1;
}

/* What makes a receiver take the copies of two mirrors for those of one. */
static void
warn_same_session(const struct use *first, const struct use *second,
    struct conf_report *r)
{
	const struct conf_mirror *a = first->mirror, *b = second->mirror;
	char q[REPORT_QUOTE_MAX], q2[REPORT_QUOTE_MAX], q3[REPORT_QUOTE_MAX];

	conf_report_warn(r,
	    b->session_id_pos.file != NULL ? &b->session_id_pos : &b->pos,
	    "mirror %s: session-id %u is also used by mirror %s (%s:%u) on "
	    "target %s",
	    report_quote(q, b->name), b->session_id, report_quote(q2, a->name),
	    a->pos.file, a->pos.line, report_quote(q3, second->target->name));
}

static void
check_shared_sessions(const struct conf *c, struct conf_report *r)
{
	struct use *v;
	size_t n = 0, first = 0;

	/* As it is read, a target has one place or none. */
	for (size_t i = 0; i < c->nmirrors; i++)
		n += c->mirrors[i].ntargets;
	if ((v = calloc(n + 1, sizeof(*v))) == NULL)
		return;
	n = 0;
	for (size_t i = 0; i < c->nmirrors; i++)
		for (size_t j = 0; j < c->mirrors[i].ntargets; j++) {
			const struct conf_target *t = c->mirrors[i].targets[j];

			v[n++] = (struct use) { &c->mirrors[i], t,
				t->nplaces > 0 ? t->places : NULL };
		}
	qsort(v, n, sizeof(*v), compare_uses_in_order);
	for (size_t i = 1; i < n; i++) {
		if (compare_uses(&v[i], &v[first]) != 0)
			first = i;
		else if (v[i].mirror != v[first].mirror &&
		    v[i].mirror != v[i - 1].mirror)
			warn_same_session(&v[first], &v[i], r);
	}
	free(v);
}

static void
check_weights(const struct conf_mirror *m, struct conf_report *r)
{
	unsigned sum = 0;
	char q[REPORT_QUOTE_MAX];

	for (size_t i = 0; i < m->ntargets; i++)
		sum += m->targets[i]->weight;
	if (sum == 0)
		conf_report_warn(r, &m->pos,
		    "mirror %s: all its targets have "
		    "weight 0: nothing is copied",
		    report_quote(q, m->name));
}

static void
check_metrics(const struct conf *c, struct conf_report *r)
{
	const struct addr_port *p = &c->metrics_listen;
	char text[ADDR_PORT_TEXT_MAX];

	if (p->addr.family != 0 && !addr_is_loopback(&p->addr))
		conf_report_warn(r, &c->metrics_listen_pos,
		    "metrics-listen: other hosts can reach %s, and whoever "
		    "does sees all names and counters (127.0.0.1 and ::1 are "
		    "for this host alone)",
		    addr_port_format(p, text));
}

static void
check_warnings(const struct conf *c, struct conf_report *r)
{
	struct conf_pos pos = { c->path, 0 };
	size_t budget = RULES_BUDGET;

	if (c->nmirrors == 0)
		conf_report_warn(r, &pos, "no mirror: nothing is collected");
	for (size_t i = 0; i < c->nmirrors; i++) {
		check_weights(&c->mirrors[i], r);
		rules_check(&c->mirrors[i], &budget, r);
	}
	check_shared_sessions(c, r);
	check_metrics(c, r);
}

void
conf_check(struct conf *c, struct conf_report *r)
{
	check_mirror_names(c, r);
	check_quota(c, r);
	if (c->control_socket != NULL && c->control_socket[0] != '\0')
		check_path("control-socket", c->control_socket,
		    &c->control_socket_pos, r);
	check_path("state-dir", c->state_dir, &c->state_dir_pos, r);
	for (size_t i = 0; i < c->ntargets; i++)
		make_place(&c->targets[i], r);
	check_targets(c, r);
	for (size_t i = 0; !c->incomplete && i < c->ntargets; i++)
		check_target(&c->targets[i], r);
	for (size_t i = 0; i < c->nmirrors; i++) {
		const struct conf_mirror *m = &c->mirrors[i];

		check_rule_names(m, r);
		if (c->incomplete)
			continue;
		check_session(m, r);
		check_next_hops(m, r);
		for (size_t j = 0; j < m->nrules; j++)
			check_rule(m, &m->rules[j], r);
	}
	/* A warning about what is wrong anyway would only mislead. */
	if (r->nerrors == 0)
		check_warnings(c, r);
}
