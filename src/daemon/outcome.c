/* SPDX-License-Identifier: ISC */
/* What a run of probes has shown, and what is said of it. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "daemon/reply.h"
#include "daemon/outcome.h"

#define NS_PER_MS 1e6

#define MESSAGE_MAX 256

static bool
reached(const struct outcome_target *t)
{
	return t->copied > 0 && t->answered == t->copied && t->error == 0 &&
	    t->oversize == 0;
}

/* Whether an operator or the configuration wants nothing sent there. */
static bool
is_drained(const struct outcome_target *t)
{
	return strcmp(t->state, "drained") == 0;
}

bool
outcome_delivered(const struct outcome *o)
{
	bool any = false;

	for (size_t i = 0; i < o->nsources; i++)
		if (o->sources[i].captured < o->sources[i].sent ||
		    o->sources[i].failure != NULL)
			return false;
	for (size_t i = 0; i < o->ntargets; i++) {
		if (is_drained(&o->targets[i]))
			continue;
		if (!reached(&o->targets[i]))
			return false;
		any = true;
	}
	return any;
}

/* ---- words -------------------------------------------------------------- */

static const char *
source_state(const struct outcome_source *s)
{
	if (s->failure != NULL)
		return "not-sent";
	if (s->inside)
		return "not-tried";
	return s->captured < s->sent ? "not-captured" : "captured";
}

static void
source_message(char buf[static MESSAGE_MAX], const struct outcome_source *s)
{
	if (s->failure != NULL)
		snprintf(buf, MESSAGE_MAX, "%s", s->failure);
	else if (s->inside)
		snprintf(buf, MESSAGE_MAX,
		    "the ring was left out: it collects what others send, or "
		    "what goes to a gateway, and no probe of this host can be "
		    "such");
	else if (s->captured < s->sent)
		snprintf(buf, MESSAGE_MAX,
		    "%u of %u probes were sent, but not captured: is the ring "
		    "full (ring_dropped_packets)?",
		    s->sent - s->captured, s->sent);
	else
		snprintf(buf, MESSAGE_MAX, "captured");
}

/* Nothing was meant for it, or did come so far. */
static const char *
why_no_copy(const struct outcome *o, char buf[static MESSAGE_MAX])
{
	unsigned captured = 0;

	for (size_t i = 0; i < o->nsources; i++)
		captured += o->sources[i].captured;
	if (captured == 0) {
		snprintf(buf, MESSAGE_MAX, "no probe was captured");
		return "not-captured";
	}
	if (o->dropped != NULL)
		snprintf(buf, MESSAGE_MAX, "dropped before it was sent: %s",
		    o->dropped);
	else
		snprintf(buf, MESSAGE_MAX,
		    "no probe was for it: no flow or source that goes there "
		    "was found");
	return "not-chosen";
}

static const char *
no_answer(const struct outcome_target *t, char buf[static MESSAGE_MAX])
{
	char what[32] = "IP protocol 47";

	if (t->left == 0) {
		snprintf(buf, MESSAGE_MAX,
		    "sent, but not seen to leave this host");
		return "not-left";
	}
	if (conf_encap_has_ports(t->conf->encap))
		snprintf(what, sizeof(what), "UDP port %u", t->place.port);
	if (t->answered > 0)
		snprintf(buf, MESSAGE_MAX,
		    "%u of %u copies left by %s, but were not answered",
		    t->copied - t->answered, t->copied, t->left_by);
	else
		snprintf(buf, MESSAGE_MAX,
		    "left by %s, no answer: is trafmirrorctl listen running "
		    "there, does %s pass?",
		    t->left_by, what);
	return "no-answer";
}

/* Returns the state. */
static const char *
target_message(const struct outcome *o, size_t i, char buf[static MESSAGE_MAX])
{
	const struct outcome_target *t = &o->targets[i];

	if (t->copied == 0 && strcmp(t->state, "up") != 0) {
		snprintf(buf, MESSAGE_MAX, "%s: nothing is sent to it",
		    t->state);
		return t->state;
	}
	if (t->error != 0) {
		snprintf(buf, MESSAGE_MAX, "send: %s%s", strerror(t->error),
		    t->error == EPERM ? " (by a firewall of this host)" : "");
		return "send-error";
	}
	if (t->oversize > 0) {
		snprintf(buf, MESSAGE_MAX,
		    "dropped: larger than the path MTU allows");
		return "oversize";
	}
	if (t->copied == 0)
		return why_no_copy(o, buf);
	if (reached(t)) {
		snprintf(buf, MESSAGE_MAX, "delivered");
		return "delivered";
	}
	return no_answer(t, buf);
}

/* ---- JSON --------------------------------------------------------------- */

static json_t *
delay(unsigned n, uint64_t ns)
{
	return n == 0 ? json_null() : json_real((double)ns / NS_PER_MS);
}

static json_t *
source_json(const struct outcome_source *s)
{
	char message[MESSAGE_MAX];

	source_message(message, s);
	return json_pack("{s:o, s:s, s:i, s:i, s:o, s:o}", "interface",
	    reply_string(s->name), "state", source_state(s), "sent",
	    (int)s->sent, "captured", (int)s->captured, "capture_ms",
	    delay(s->inside ? 0 : s->captured, s->ns), "message",
	    reply_string(message));
}

static json_t *
address_json(const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	return a->family == 0 ? json_null() : json_string(addr_format(a, text));
}

static json_t *
target_json(const struct outcome *o, size_t i)
{
	const struct outcome_target *t = &o->targets[i];
	char message[MESSAGE_MAX];
	const char *state = target_message(o, i, message);

	return json_pack("{s:s, s:o, s:s, s:s, s:i, s:i, s:o, s:o, s:o}",
	    "name", t->conf->name, "address", address_json(&t->place.address),
	    "encap", schema_encap_name(t->conf->encap), "state", state,
	    "copied", (int)t->copied, "answered", (int)t->answered, "interface",
	    t->left == 0 ? json_null() : reply_string(t->left_by),
	    "round_trip_ms", delay(t->answered, t->ns), "message",
	    reply_string(message));
}

void
outcome_add(json_t *j, const struct outcome *o)
{
	json_t *sources = json_array(), *targets = json_array();
	char flow[BEACON_FLOW_TEXT_MAX];

	for (size_t i = 0; i < o->nsources; i++)
		json_array_append_new(sources, source_json(&o->sources[i]));
	for (size_t i = 0; i < o->ntargets; i++)
		json_array_append_new(targets, target_json(o, i));
	json_object_set_new(j, "mirror", json_string(o->conf->name));
	json_object_set_new(j, "delivered", json_boolean(outcome_delivered(o)));
	json_object_set_new(j, "flow",
	    json_string(beacon_flow_format(&o->flow, flow)));
	json_object_set_new(j, "sources_left_out",
	    json_integer((json_int_t)o->left_out));
	json_object_set_new(j, "sources", sources);
	json_object_set_new(j, "targets", targets);
}
