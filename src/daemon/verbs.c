/* SPDX-License-Identifier: ISC */
/* What the commands of the control socket do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/explain_verb.h"
#include "daemon/metrics.h"
#include "daemon/peer.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/status.h"
#include "daemon/switches.h"
#include "daemon/verbs.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define NAMES_MAX 600 /* bytes of a list of names in an error */

struct call {
	struct daemon *daemon;
	const struct peer *peer;
	struct control_turn *turn;
	const struct request *request;
	struct daemon_view view;
};

typedef json_t *verb(const struct call *c);

static struct mirror *
find_mirror(const struct call *c)
{
	const struct generation *g = c->view.gen;

	for (size_t i = 0; i < g->nmirrors; i++)
		if (strcmp(mirror_conf(g->mirrors[i])->name,
			c->request->name) == 0)
			return g->mirrors[i];
	return NULL;
}

/* Adds a name in quotes, as long as there is room for it. */
static void
list_name(char list[static NAMES_MAX], const char *name)
{
	char q[REPORT_QUOTE_MAX];
	size_t len = strlen(list);

	report_quote(q, name);
	if (len + strlen(q) + sizeof(", , ...") < NAMES_MAX)
		sprintf(list + len, "%s%s", len == 0 ? "" : ", ", q);
	else if (len + sizeof(", ...") < NAMES_MAX &&
	    strstr(list, ", ...") == NULL)
		strcpy(list + len, ", ...");
}

static json_t *
refuse_mirror(const struct call *c)
{
	const struct conf *conf = c->view.gen->conf;
	char q[REPORT_QUOTE_MAX], list[NAMES_MAX] = "";

	for (size_t i = 0; i < conf->nmirrors; i++)
		list_name(list, conf->mirrors[i].name);
	return reply_refuse("there is no mirror %s (there are: %s)",
	    report_quote(q, c->request->name), list[0] ? list : "none");
}

static json_t *
refuse_target(const struct call *c)
{
	const struct conf *conf = c->view.gen->conf;
	char q[REPORT_QUOTE_MAX], list[NAMES_MAX] = "";

	for (size_t i = 0; i < conf->ntargets; i++)
		list_name(list, conf->targets[i].name);
	return reply_refuse("there is no target %s (there are: %s)",
	    report_quote(q, c->request->name), list[0] ? list : "none");
}

/* ---- looking ------------------------------------------------------------- */

static json_t *
ping(const struct call *c)
{
	json_t *j = reply_ok();

	json_object_set_new(j, "version", json_string(PACKAGE_VERSION));
	json_object_set_new(j, "pid", json_integer(getpid()));
	return j;
}

static json_t *
status(const struct call *c)
{
	struct mirror *only = NULL;
	json_t *j;

	if (c->request->name != NULL && (only = find_mirror(c)) == NULL)
		return refuse_mirror(c);
	j = reply_ok();
	status_add(j, &c->view, only);
	return j;
}

static json_t *
explain(const struct call *c)
{
	const struct generation *g = c->view.gen;
	struct mirror *only = NULL;

	if (c->request->name == NULL)
		return explain_verb(c->request->json, g->mirrors, g->nmirrors);
	if ((only = find_mirror(c)) == NULL)
		return refuse_mirror(c);
	return explain_verb(c->request->json, &only, 1);
}

static json_t *
metrics(const struct call *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	json_t *j = NULL;
	int rc;

	if (f == NULL)
		return NULL;
	rc = metrics_write(f, &c->view);
	if (fclose(f) == 0 && rc == 0) {
		j = reply_ok();
		json_object_set_new(j, "metrics", json_stringn(text, len));
	}
	free(text);
	return j;
}

/* ---- reload -------------------------------------------------------------- */

/* An object with the names as keys. */
static json_t *
mirror_names(const struct daemon *d)
{
	struct daemon_view v;
	json_t *names = json_object();

	daemon_look(d, &v);
	for (size_t i = 0; i < v.gen->nmirrors; i++)
		json_object_set_new(names, mirror_conf(v.gen->mirrors[i])->name,
		    json_null());
	return names;
}

/* The names in a that are in b, or are not. */
static json_t *
select_names(json_t *a, json_t *b, bool in_both)
{
	json_t *array = json_array(), *value;
	const char *name;

	json_object_foreach(a, name, value)
		if ((json_object_get(b, name) != NULL) == in_both)
			json_array_append_new(array, json_string(name));
	return array;
}

static json_t *
reload(const struct call *c)
{
	struct conf_report r = { 0 };
	json_t *before = mirror_names(c->daemon), *after, *j;

	if (daemon_reload(c->daemon, &r) == 0) {
		struct daemon_view v;

		after = mirror_names(c->daemon);
		daemon_look(c->daemon, &v);
		j = reply_ok();
		json_object_set_new(j, "generation", json_integer(v.number));
		json_object_set_new(j, "kept",
		    select_names(after, before, true));
		json_object_set_new(j, "new",
		    select_names(after, before, false));
		json_object_set_new(j, "dropped",
		    select_names(before, after, false));
		json_decref(after);
	} else {
		j = reply_refuse("the old configuration stays in force");
		json_object_set_new(j, "errors",
		    reply_strings(r.errors, r.nerrors));
	}
	json_object_set_new(j, "warnings",
	    reply_strings(r.warnings, r.nwarnings));
	json_decref(before);
	conf_report_fini(&r);
	return j;
}

/* ---- switches ------------------------------------------------------------ */

/* Puts the changed switches (taken) in force, and answers with message. */
static json_t *
change(const struct call *c, json_t *sw, const char *message)
{
	bool changed = !json_equal(sw, c->view.switches);
	struct err err;
	json_t *j;

	if (changed && daemon_switch(c->daemon, &sw, &err) == -1) {
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("switch-refused", LOG_NUMBER("uid", c->peer->uid),
			LOG_NUMBER("pid", (uintmax_t)c->peer->pid)),
		    "control: %s: refused: %s", message, err.text);
		j = reply_refuse("%s; nothing has changed", err.text);
	} else {
		if (changed)
			log_event(LOG_LEVEL_INFO,
			    LOG_KEYS("switched",
				LOG_NUMBER("uid", c->peer->uid),
				LOG_NUMBER("pid", (uintmax_t)c->peer->pid)),
			    "control: %s", message);
		j = reply_ok();
		json_object_set_new(j, "changed", json_boolean(changed));
		json_object_set_new(j, "message", reply_string(message));
	}
	json_decref(sw);
	return j;
}

static json_t *
switch_mirror(const struct call *c)
{
	bool on = c->request->command == REQUEST_ENABLE;
	char q[REPORT_QUOTE_MAX], message[256];
	json_t *sw;

	if (find_mirror(c) == NULL)
		return refuse_mirror(c);
	sw = json_deep_copy(c->view.switches);
	if (switches_set(sw, "mirrors", c->request->name, "collect",
		json_boolean(on)) == -1) {
		json_decref(sw);
		return NULL;
	}
	snprintf(message, sizeof(message), "mirror %s: %s by operator",
	    report_quote(q, c->request->name), on ? "enabled" : "disabled");
	return change(c, sw, message);
}

static bool
is_drained(const struct mirror *m)
{
	struct target_status ts;

	for (size_t i = 0; i < mirror_ntargets(m); i++) {
		mirror_target_status(m, i, &ts);
		if (strcmp(ts.state, "drained") != 0)
			return false;
	}
	return true;
}

/* Of mirrors of which no target is left. */
static void
warn_drained(const struct call *c, json_t *j)
{
	json_t *warnings = json_array();
	struct daemon_view v;

	daemon_look(c->daemon, &v);
	for (size_t i = 0; i < v.gen->nmirrors; i++)
		if (is_drained(v.gen->mirrors[i]))
			json_array_append_new(warnings,
			    json_sprintf(
				"warning: mirror \"%s\": all targets are "
				"drained: nothing is copied",
				mirror_conf(v.gen->mirrors[i])->name));
	json_object_set_new(j, "warnings", warnings);
}

static json_t *
switch_target(const struct call *c)
{
	bool drain = c->request->command == REQUEST_DRAIN;
	char q[REPORT_QUOTE_MAX], message[256];
	json_t *sw, *j;

	if (conf_target_find(c->view.gen->conf, c->request->name) == NULL)
		return refuse_target(c);
	sw = json_deep_copy(c->view.switches);
	if (switches_set(sw, "targets", c->request->name, "drained",
		json_boolean(drain)) == -1) {
		json_decref(sw);
		return NULL;
	}
	snprintf(message, sizeof(message), "target %s: %s by operator",
	    report_quote(q, c->request->name), drain ? "drained" : "undrained");
	j = change(c, sw, message);
	if (drain)
		warn_drained(c, j);
	return j;
}

static bool
has_tag(const struct conf_mirror *m, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < m->tags.n; i++)
		if (strncmp(m->tags.v[i].text, key, len) == 0 &&
		    m->tags.v[i].text[len] == '=')
			return true;
	return false;
}

/* Whether the mirror has any of the tags that are to go. */
static bool
has_any(const struct conf_mirror *m, json_t *keys)
{
	json_t *key;
	size_t i;

	json_array_foreach(keys, i, key)
		if (has_tag(m, json_string_value(key)))
			return true;
	return false;
}

static json_t *
switch_tags(const struct call *c)
{
	const char *name = c->request->name;
	const struct mirror *m = find_mirror(c);
	json_t *sw, *tags, *key;
	char q[REPORT_QUOTE_MAX], message[256];
	size_t i;

	if (m == NULL)
		return refuse_mirror(c);
	if (c->request->command == REQUEST_UNTAG &&
	    !has_any(mirror_conf(m), c->request->tags))
		return reply_refuse("mirror %s has none of these tags",
		    report_quote(q, name));
	sw = json_deep_copy(c->view.switches);
	tags = json_object_get(switches_get(sw, "mirrors", name), "tags");
	if (tags == NULL) {
		tags = json_object();
		if (switches_set(sw, "mirrors", name, "tags", tags) == -1) {
			json_decref(sw);
			return NULL;
		}
	}
	if (c->request->command == REQUEST_TAG)
		json_object_update(tags, c->request->tags);
	json_array_foreach(c->request->tags, i, key)
		json_object_set_new(tags, json_string_value(key), json_null());
	if (json_object_size(tags) > SWITCHES_TAGS) {
		json_decref(sw);
		return reply_refuse("mirror %s: more than %d tags are "
				    "switched: reset it",
		    report_quote(q, name), SWITCHES_TAGS);
	}
	snprintf(message, sizeof(message),
	    "mirror %s: tags changed by operator", report_quote(q, name));
	return change(c, sw, message);
}

/* Also of a mirror or target that the configuration has no more. */
static json_t *
reset(const struct call *c)
{
	const char *name = c->request->name;
	bool mirror = find_mirror(c) != NULL;
	bool target = conf_target_find(c->view.gen->conf, name) != NULL;
	json_t *sw = json_deep_copy(c->view.switches);
	char q[REPORT_QUOTE_MAX], message[256];

	mirror |= json_object_del(json_object_get(sw, "mirrors"), name) == 0;
	target |= json_object_del(json_object_get(sw, "targets"), name) == 0;
	if (!mirror && !target) {
		json_decref(sw);
		return reply_refuse("there is neither a mirror nor a target %s "
				    "(see trafmirrorctl status)",
		    report_quote(q, name));
	}
	snprintf(message, sizeof(message), "%s %s: as the configuration says",
	    mirror && target ? "mirror and target" :
		mirror	     ? "mirror" :
			       "target",
	    report_quote(q, name));
	return change(c, sw, message);
}

/* ---- verify -------------------------------------------------------------- */

/* The answer comes when the probes have had their time. */
static json_t *
verify(const struct call *c)
{
	struct mirror *m = find_mirror(c);
	struct err err;

	if (m == NULL)
		return refuse_mirror(c);
	if (daemon_verify(c->daemon, m, c->turn->ticket, &err) == -1)
		return reply_refuse("%s", err.text);
	c->turn->later = true;
	return NULL;
}

static verb *const verbs[] = {
	[REQUEST_PING] = ping,
	[REQUEST_VERSION] = ping,
	[REQUEST_STATUS] = status,
	[REQUEST_EXPLAIN] = explain,
	[REQUEST_METRICS] = metrics,
	[REQUEST_RELOAD] = reload,
	[REQUEST_ENABLE] = switch_mirror,
	[REQUEST_DISABLE] = switch_mirror,
	[REQUEST_DRAIN] = switch_target,
	[REQUEST_UNDRAIN] = switch_target,
	[REQUEST_TAG] = switch_tags,
	[REQUEST_UNTAG] = switch_tags,
	[REQUEST_RESET] = reset,
	[REQUEST_VERIFY] = verify,
};

char *
verbs_answer(void *daemon, struct control_turn *turn, const char *line,
    size_t len)
{
	const struct peer *peer = turn->peer;
	struct request r;
	struct call c = { daemon, peer, turn, &r, { 0 } };
	struct err err;
	json_t *j;

	if (request_parse(&r, line, len, &err) == -1) {
		turn->last = true;
		return reply_line(reply_refuse("%s", err.text));
	}
	daemon_look(daemon, &c.view);
	if (peer->role == PEER_OPERATOR || r.reads)
		j = verbs[r.command](&c);
	else
		j = reply_refuse("only root and the daemon's own user may do "
				 "that (user %ld may look)",
		    (long)peer->uid);
	request_fini(&r);
	return reply_line(j);
}
