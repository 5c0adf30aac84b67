/* SPDX-License-Identifier: ISC */
/* A section being read: from its title to its closing brace. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "conf/section.h"
#include "conf/text.h"
#include "conf/value.h"

#define VXLAN_PORT  4789
#define GENEVE_PORT 6081

static const struct conf conf_defaults = {
	.max_mirrors = 5,
	.log_level = LOG_LEVEL_INFO,
	.log_facility = LOG_DAEMON,
	.mark = 0x746d,
};

static const struct conf_target target_defaults = {
	.encap = CONF_VXLAN,
	.weight = 1,
	.ttl = 64,
	.source_ports = 8,
	.check = { .interval_ms = 5000,
	    .timeout_ms = 1000,
	    .rise = 3,
	    .fall = 3 },
};

static const struct conf_mirror mirror_defaults = {
	.collect = true,
	.direction = CONF_DIR_ALL,
	.filter = CONF_FILTER_ALL,
	.exclude_targets = true,
	.balance = CONF_BALANCE_FLOW,
	.session_id = 1,
	.sample = 1,
	.burst_ms = 100,
	.ring_size = 32 << 20,
	.latency_ms = 5,
};

static const struct conf_rule rule_defaults = {
	.protocol = CONF_PROTOCOL_ANY,
};

int
section_open_root(struct section *s, struct conf *c)
{
	char *path = c->path;

	memset(s, 0, sizeof(*s));
	*c = conf_defaults;
	c->path = path;
	s->schema = &schema_root;
	s->self = c;
	c->user = strdup("trafmirrord");
	c->control_socket = strdup(TM_RUNSTATEDIR "/trafmirrord/control.sock");
	c->control_group = strdup("");
	c->state_dir = strdup(TM_LOCALSTATEDIR "/lib/trafmirrord");
	return c->user == NULL || c->control_socket == NULL ||
		c->control_group == NULL || c->state_dir == NULL ?
	    -1 :
	    0;
}

static int
open_target(struct section *s, struct conf *c, char *name,
    const struct conf_pos *pos)
{
	struct conf_target *v = reallocarray(c->targets, c->ntargets + 1,
	    sizeof(*v));

	if (v == NULL)
		return -1;
	c->targets = v;
	v += c->ntargets++;
	*v = target_defaults;
	v->name = name;
	v->pos = *pos;
	s->self = v;
	s->faulty = &v->faulty;
	return 0;
}

static int
open_mirror(struct section *s, struct conf *c, char *name,
    const struct conf_pos *pos)
{
	char *description = strdup("");
	struct conf_mirror *v = reallocarray(c->mirrors, c->nmirrors + 1,
	    sizeof(*v));

	if (v != NULL)
		c->mirrors = v;
	if (v == NULL || description == NULL) {
		free(description);
		return -1;
	}
	v += c->nmirrors++;
	*v = mirror_defaults;
	v->name = name;
	v->pos = *pos;
	v->description = description;
	s->self = v;
	s->faulty = &v->faulty;
	return 0;
}

static int
open_rule(struct section *s, struct conf_mirror *m, char *name,
    const struct conf_pos *pos)
{
	struct conf_rule *v = reallocarray(m->rules, m->nrules + 1, sizeof(*v));

	if (v == NULL)
		return -1;
	m->rules = v;
	v += m->nrules++;
	*v = rule_defaults;
	v->name = name;
	v->pos = *pos;
	s->self = v;
	s->faulty = &v->faulty;
	return 0;
}

static void
check_name(const struct section *s, const char *name,
    const struct conf_pos *pos, struct conf_report *r)
{
	size_t len = strlen(name);

	*s->faulty = true;
	if (len == 0)
		conf_report_error(r, pos,
		    "%sthe name is empty (1-%d "
		    "characters)",
		    s->where, CONF_NAME_MAX);
	else if (!text_is_printable(name, len))
		conf_report_error(r, pos, "%sthe name is not printable UTF-8",
		    s->where);
	else if (text_length(name, len) > CONF_NAME_MAX)
		conf_report_error(r, pos,
		    "%sthe name is too long (%zu "
		    "characters, at most %d)",
		    s->where, text_length(name, len), CONF_NAME_MAX);
	else
		*s->faulty = false;
}

int
section_open(struct section *s, const struct section *up,
    const struct schema *schema, const char *title, const struct conf_pos *pos,
    struct conf_report *r)
{
	char *name = strdup(title);
	char q[REPORT_QUOTE_MAX];
	int opened = -1;

	memset(s, 0, sizeof(*s));
	s->schema = schema;
	snprintf(s->where, sizeof(s->where), "%.200s%.20s %s: ", up->where,
	    schema->name, report_quote(q, title));
	if (name == NULL)
		return -1;
	if (schema == &schema_target)
		opened = open_target(s, up->self, name, pos);
	else if (schema == &schema_mirror)
		opened = open_mirror(s, up->self, name, pos);
	else
		opened = open_rule(s, up->self, name, pos);
	if (opened == -1) {
		free(name);
		return -1;
	}
	check_name(s, name, pos, r);
	return 0;
}

void
section_set(struct section *s, const struct schema_option *o, const char *text,
    const struct conf_pos *pos, struct conf_report *r)
{
	size_t i = (size_t)(o - s->schema->options);
	struct value v = { o, text, *pos, s->where, s->count[i], s->any[i], r };

	if (value_set(&v, s->self) == -1 && s->faulty != NULL)
		*s->faulty = true;
	s->count[i]++;
	s->any[i] |= strcmp(text, "any") == 0;
}

void
section_close(struct section *s)
{
	struct conf_target *t = s->self;

	if (s->schema != &schema_target)
		return;
	if (t->encap == CONF_ERSPAN || t->encap == CONF_ERSPAN3)
		t->sequence = true;
	if (t->port != 0)
		return;
	if (t->encap == CONF_VXLAN)
		t->port = VXLAN_PORT;
	else if (t->encap == CONF_GENEVE)
		t->port = GENEVE_PORT;
}
