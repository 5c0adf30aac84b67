/* SPDX-License-Identifier: ISC */
/* The state of the daemon as JSON: trafmirrorctl(8) explains the fields. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "daemon/daemon.h"
#include "daemon/figures.h"
#include "daemon/health.h"
#include "daemon/reply.h"
#include "daemon/status.h"
#include "daemon/switches.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

static json_t *
number(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static void
add_figures(json_t *j, const struct figure *f, const void *stats)
{
	for (; f->name != NULL; f++)
		json_object_set_new(j, f->name, number(figure_get(f, stats)));
}

static json_t *
sources_json(const struct mirror *m)
{
	json_t *array = json_array();
	struct source_status src;

	for (size_t i = 0; mirror_source_status(m, i, &src); i++) {
		json_t *j = json_pack("{s:o, s:s}", "interface",
		    reply_string(src.name), "state",
		    source_state_name(src.state));

		add_figures(j, figures_source, &src.stats);
		json_array_append_new(array, j);
	}
	return array;
}

static json_t *
next_hops_json(const struct mirror *m)
{
	json_t *array = json_array();
	const struct nexthop *h;
	const struct source *s;

	for (size_t i = 0; (h = mirror_nexthop(m, i, &s)) != NULL; i++) {
		char address[ADDR_TEXT_MAX], mac[NEXTHOP_MAC_TEXT];

		json_array_append_new(array,
		    json_pack("{s:s, s:o, s:s, s:s?}", "address",
			addr_format(&h->address, address), "interface",
			reply_string(s->name), "state",
			nexthop_state_name(h->state), "mac",
			h->state == NEXTHOP_RESOLVED ?
			    nexthop_format(h->mac, mac) :
			    NULL));
	}
	return array;
}

/* What a target and a place have in common. */
static void
add_stats(json_t *j, const char *state, unsigned weight, double share,
    const struct target_stats *st)
{
	json_object_set_new(j, "state", json_string(state));
	json_object_set_new(j, "weight", json_integer(weight));
	json_object_set_new(j, "share", json_real(share));
	add_figures(j, figures_target, st);
	json_object_set_new(j, "dropped_packets", number(figures_dropped(st)));
}

/* null without a check. */
static json_t *
check_json(const struct daemon_view *v, const struct mirror *m, size_t i,
    size_t n)
{
	const struct conf_check *check = &mirror_conf(m)->targets[i]->check;
	struct probe_state state;

	if (!health_look(v->health, m, i, n, &state))
		return json_null();
	return json_pack("{s:s, s:b, s:s?, s:o}", "kind",
	    schema_check_name(check->kind), "down", (int)state.down,
	    "last_error", state.last_error, "since_seconds",
	    number((uint64_t)state.since));
}

static json_t *
place_json(const struct daemon_view *v, const struct mirror *m, size_t i,
    size_t n)
{
	char address[ADDR_TEXT_MAX];
	struct place_status p;
	json_t *j;

	mirror_place_status(m, i, n, &p);
	j = json_pack("{s:s, s:i}", "address",
	    addr_format(&p.conf->address, address), "port", (int)p.conf->port);
	add_stats(j, p.state, p.conf->weight, p.share, &p.stats);
	json_object_set_new(j, "check", check_json(v, m, i, n));
	return j;
}

static json_t *
target_json(const struct daemon_view *v, const struct mirror *m, size_t i)
{
	json_t *j, *places = json_array();
	struct target_status t;

	mirror_target_status(m, i, &t);
	j = json_pack("{s:s}", "name", t.conf->name);
	add_stats(j, t.state, t.conf->weight, t.share, &t.stats);
	for (size_t n = 0; n < t.nplaces; n++)
		json_array_append_new(places, place_json(v, m, i, n));
	if (t.conf->host.name != NULL)
		json_object_set(j, "places", places);
	else
		json_object_set_new(j, "check", check_json(v, m, i, 0));
	json_decref(places);
	return j;
}

static json_t *
tags_json(const struct conf_words *tags)
{
	json_t *object = json_object();

	for (size_t i = 0; i < tags->n; i++) {
		const char *text = tags->v[i].text;
		size_t len = strcspn(text, "=");
		char *key = strndup(text, len);

		if (key != NULL)
			json_object_set_new(object, key,
			    reply_string(text + len + 1));
		free(key);
	}
	return object;
}

static json_t *
rules_json(const struct mirror *m)
{
	json_t *array = json_array();

	for (size_t i = 0; i < mirror_nrules(m); i++) {
		uint64_t matched;
		const char *name = mirror_rule(m, i, &matched);

		json_array_append_new(array,
		    json_pack("{s:s, s:o}", "name", name, "matched_packets",
			number(matched)));
	}
	return array;
}

/* The names of what the operator has switched. */
static json_t *
mirror_by_operator(const struct daemon_view *v, const char *name)
{
	json_t *array = json_array(), *value;
	const char *what;

	json_object_foreach(switches_get(v->switches, "mirrors", name), what,
	    value)
		json_array_append_new(array, json_string(what));
	return array;
}

static json_t *
target_by_operator(const struct daemon_view *v, const char *name)
{
	json_t *array = json_array();
	json_t *drained = json_object_get(switches_get(v->switches, "targets",
					      name),
	    "drained");

	if (drained != NULL)
		json_array_append_new(array,
		    json_string(
			json_is_true(drained) ? "drained" : "undrained"));
	return array;
}

static json_t *
dropped_json(const struct mirror_stats *st)
{
	json_t *object = json_object();

	for (int i = 0; i < MIRROR_DROP_KINDS; i++)
		json_object_set_new(object,
		    mirror_drop_name((enum mirror_drop)i),
		    number(st->dropped_packets[i]));
	return object;
}

static json_t *
rung_json(const struct mirror *m)
{
	const struct conf_rung *rung = mirror_rung(m);
	char text[CONF_RUNG_TEXT_MAX];

	return rung == NULL ? json_null() :
			      json_string(conf_rung_format(rung, text));
}

static json_t *
mirror_json(const struct daemon_view *v, const struct mirror *m)
{
	const struct conf_mirror *cm = mirror_conf(m);
	json_t *targets = json_array(), *j;
	struct mirror_stats st;

	mirror_stats(m, &st);
	for (size_t i = 0; i < mirror_ntargets(m); i++)
		json_array_append_new(targets, target_json(v, m, i));
	j = json_pack(
	    "{s:s, s:b, s:s, s:s, s:s, s:I, s:s, s:o, s:o, s:s, s:o, s:o}",
	    "name", cm->name, "collect", (int)cm->collect, "state",
	    mirror_state_name(mirror_state(m)), "direction",
	    schema_direction_name(cm->direction), "balance",
	    schema_balance_name(cm->balance), "session_id",
	    (json_int_t)cm->session_id, "description", cm->description, "tags",
	    tags_json(&cm->tags), "by_operator",
	    mirror_by_operator(v, cm->name), "filter_place",
	    mirror_filter_place(m) == FILTER_KERNEL ? "kernel" : "userspace",
	    "sources", sources_json(m), "targets", targets);
	json_object_set_new(j, "under_pressure", rung_json(m));
	json_object_set_new(j, "dropped_packets", dropped_json(&st));
	json_object_set_new(j, "rules", rules_json(m));
	json_object_set_new(j, "next_hops", next_hops_json(m));
	add_figures(j, figures_sums, &st);
	add_figures(j, figures_mirror, &st);
	return j;
}

/* Those, too, that no mirror uses. */
static json_t *
all_targets_json(const struct daemon_view *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->gen->conf->ntargets; i++) {
		const struct conf_target *t = &v->gen->conf->targets[i];
		char address[ADDR_TEXT_MAX];

		json_array_append_new(array,
		    json_pack("{s:s, s:s, s:s, s:i, s:o}", "name", t->name,
			"address", conf_host_format(&t->host, address), "encap",
			schema_encap_name(t->encap), "weight", t->weight,
			"by_operator", target_by_operator(v, t->name)));
	}
	return array;
}

void
status_add(json_t *j, const struct daemon_view *v, const struct mirror *only)
{
	json_t *mirrors = json_array();
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	for (size_t i = 0; i < v->gen->nmirrors; i++)
		if (only == NULL || v->gen->mirrors[i] == only)
			json_array_append_new(mirrors,
			    mirror_json(v, v->gen->mirrors[i]));
	json_object_set_new(j, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(j, "pid", json_integer(getpid()));
	json_object_set_new(j, "uptime_seconds",
	    json_integer(now.tv_sec - v->started));
	json_object_set_new(j, "config", reply_string(v->path));
	json_object_set_new(j, "generation", json_integer(v->number));
	json_object_set_new(j, "last_reload_success",
	    json_boolean(v->reloaded));
	json_object_set_new(j, "mirrors", mirrors);
	json_object_set_new(j, "targets", all_targets_json(v));
}
