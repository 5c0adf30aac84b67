/* SPDX-License-Identifier: ISC */
/* Why packets are mirrored or not, as JSON. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "capture/copy.h"
#include "capture/field.h"
#include "conf/conf.h"
#include "daemon/explain_json.h"
#include "daemon/reply.h"
#include "deliver/target.h"
#include "mirror/explain.h"
#include "mirror/mirror.h"
#include "packet/craft.h"

#define END_MAX	 ADDR_PORT_TEXT_MAX
#define FLOW_MAX (2 * END_MAX + 16)

static const char *const result_names[] = {
	[EXPLAIN_PASSES] = "passes",
	[EXPLAIN_FAILS] = "fails",
	[EXPLAIN_UNKNOWN] = "unknown",
};

static const char *const fate_names[] = {
	[TARGET_FITS] = "fits",
	[TARGET_FRAGMENTED] = "fragmented",
	[TARGET_TRUNCATED] = "truncated",
	[TARGET_OVERSIZE] = "dropped",
};

/* No interface has these, "tm" in the middle. */
static const uint8_t crafted_macs[12] = { 0x02, 0x74, 0x6d, 0, 0, 2, 0x02, 0x74,
	0x6d, 0, 0, 1 };

int
explain_set_init(struct explain_set *s, struct mirror *const *mirrors, size_t n,
    struct err *err)
{
	s->mirrors = mirrors;
	s->n = n;
	s->memories = calloc(n + 1, sizeof(*s->memories));
	if (s->memories == NULL)
		return err_sys(err, "explain");
	return iface_list_get(&s->ifaces, err);
}

void
explain_set_fini(struct explain_set *s)
{
	free(s->memories);
	iface_list_fini(&s->ifaces);
	memset(s, 0, sizeof(*s));
}

/* ---- one mirror ---------------------------------------------------------- */

static json_t *
conditions_json(const struct explain *e)
{
	json_t *array = json_array();

	for (size_t i = 0; i < e->nconditions; i++) {
		const struct explain_condition *c = &e->conditions[i];

		json_array_append_new(array,
		    json_pack("{s:s, s:s, s:o}", "name", c->name, "result",
			result_names[c->result], "detail",
			reply_string(c->detail)));
	}
	return array;
}

static json_t *
lacks_json(uint32_t lacks)
{
	json_t *array = json_array();

	for (int i = 0; i < FIELDS; i++)
		if ((lacks >> i & 1) != 0)
			json_array_append_new(array,
			    json_string(field_name((enum field)i)));
	return array;
}

static json_t *
rules_json(const struct explain *e, const struct conf_mirror *cm)
{
	json_t *array = json_array();

	for (size_t i = 0; i < e->nrules; i++)
		json_array_append_new(array,
		    json_pack("{s:s, s:o}", "name",
			cm->rules[e->rules[i].rule].name, "lacks",
			lacks_json(e->rules[i].lacks)));
	return array;
}

/* What it does not have is null. */
static json_t *
number_or_null(uint32_t n)
{
	return n == 0 ? json_null() : json_integer(n);
}

static json_t *
copy_json(const struct pipeline_copy *c)
{
	const struct target *t = c->to;
	const struct target_forecast *f = &c->target;
	char address[ADDR_TEXT_MAX];

	return json_pack("{s:s, s:s, s:o, s:o, s:f, s:i, s:i, s:o, s:s, s:i}",
	    "target", target_name(t), "address",
	    addr_format(target_address(t), address), "port",
	    number_or_null(target_port(t)), "source_port",
	    number_or_null(f->source_port), "share", c->share, "frame_length",
	    (int)c->frame, "length", (int)f->len, "path_mtu",
	    number_or_null(f->mtu), "fate",
	    f->mtu == 0 ? "no-route" : fate_names[f->fate], "fragments",
	    (int)f->fragments);
}

static json_t *
copies_json(const struct explain *e)
{
	json_t *array = json_array();

	for (size_t i = 0; e->mirrored && i < e->forecast.n; i++)
		json_array_append_new(array, copy_json(&e->forecast.copies[i]));
	return array;
}

static json_t *
explained_json(const struct mirror *m, const struct explain *e, bool full)
{
	const struct conf_mirror *cm = mirror_conf(m);
	const struct explain_condition *o = explain_obstacle(e);
	const struct way *w = &e->way;
	json_t *j = json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:b, s:o}",
	    "name", cm->name, "mirrored", (int)e->mirrored, "obstacle",
	    o == NULL ? json_null() : json_string(o->name), "source",
	    w->iface == NULL ? json_null() : reply_string(w->iface->name),
	    "direction",
	    !w->has_direction ?
		json_null() :
		json_string(w->direction == PACKET_OUT ? "out" : "in"),
	    "rule",
	    e->rule == PACKET_NO_RULE ? json_null() :
					json_string(cm->rules[e->rule].name),
	    "conditions", conditions_json(e), "truncated",
	    (int)(e->mirrored && e->forecast.truncated), "copies",
	    copies_json(e));

	if (full) {
		json_object_set_new(j, "rules", rules_json(e, cm));
		json_object_set_new(j, "rules_left",
		    json_integer((json_int_t)(cm->nrules - e->nrules)));
	}
	return j;
}

static json_t *
mirrors_json(struct explain_set *s, const struct explain_question *q)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n; i++) {
		struct explain e = { .mirrored = false };

		if (explain_ask(&e, s->mirrors[i], q, &s->memories[i], NULL) ==
			-1 ||
		    json_array_append_new(array,
			explained_json(s->mirrors[i], &e, q->each_rule)) ==
			-1) {
			json_decref(array);
			array = NULL;
		}
		explain_fini(&e);
		if (array == NULL)
			break;
	}
	return array;
}

/* ---- one packet ---------------------------------------------------------- */

/* One end of the flow as the rules see it. */
static void
format_end(char buf[static END_MAX], const struct fields *f, bool dst)
{
	bool has = dst ? f->has_dst : f->has_src;
	bool has_port = dst ? f->has_dst_port : f->has_src_port;
	struct addr_port p = { field_addr(f, dst ? f->dst : f->src),
		dst ? f->dst_port : f->src_port };

	if (!has)
		strcpy(buf, "?");
	else if (has_port)
		addr_port_format(&p, buf);
	else
		addr_format(&p.addr, buf);
}

static void
format_flow(char buf[static FLOW_MAX], const struct packet *p)
{
	char src[END_MAX], dst[END_MAX], protocol[4];
	struct fields f;

	field_read(&f, p->data, p->caplen);
	if (f.version == 0) {
		if (p->caplen < 14)
			strcpy(buf, "no Ethernet frame");
		else
			snprintf(buf, FLOW_MAX, "EtherType 0x%04x",
			    bytes_get16(p->data + 12));
		return;
	}
	format_end(src, &f, false);
	format_end(dst, &f, true);
	snprintf(buf, FLOW_MAX, "%s %s > %s",
	    f.has_protocol ? flowtext_protocol(f.protocol, protocol) : "?", src,
	    dst);
}

static json_t *
packet_json(struct explain_set *s, const struct explain_question *q)
{
	json_t *mirrors = mirrors_json(s, q);
	char flow[FLOW_MAX];

	if (mirrors == NULL)
		return NULL;
	format_flow(flow, &q->packet);
	return json_pack("{s:s, s:i, s:o}", "flow", flow, "length",
	    (int)q->packet.len, "mirrors", mirrors);
}

json_t *
explain_json_packet(struct explain_set *s, const struct packet *p,
    const struct flowtext_way *way, uint64_t number)
{
	struct explain_question q = { .packet = *p,
		.way = *way,
		.ifaces = &s->ifaces };
	json_t *j = packet_json(s, &q);

	if (j != NULL)
		json_object_set_new(j, "number",
		    json_integer((json_int_t)number));
	return j;
}

/* What was not said of the flow, and is taken to be 0. */
static json_t *
assumed_json(const struct flowtext *f)
{
	bool icmp = f->protocol == IPPROTO_ICMP ||
	    f->protocol == IPPROTO_ICMPV6;
	json_t *array = json_array();

	if (flowtext_has_ports(f->protocol) && !f->has_src_port)
		json_array_append_new(array, json_string("source port 0"));
	if (flowtext_has_ports(f->protocol) && !f->has_dst_port)
		json_array_append_new(array, json_string("destination port 0"));
	if (icmp && !f->has_id)
		json_array_append_new(array, json_string("echo with id 0"));
	return array;
}

json_t *
explain_json_flow(struct explain_set *s, const struct flowtext *f)
{
	uint8_t *frame = malloc(CRAFT_MAX);
	struct explain_question q = { .way = f->way,
		.ifaces = &s->ifaces,
		.each_rule = true,
		.crafted = true };
	json_t *j;

	if (frame == NULL)
		return NULL;
	q.packet.data = frame;
	q.packet.len = q.packet.caplen = craft_frame(frame, f, crafted_macs);
	q.packet.rule = PACKET_NO_RULE;
	j = packet_json(s, &q);
	if (j != NULL)
		json_object_set_new(j, "assumed", assumed_json(f));
	free(frame);
	return j;
}
