/* SPDX-License-Identifier: ISC */
/* The command explain of the control socket. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "conf/flowtext.h"
#include "daemon/explain_json.h"
#include "daemon/explain_verb.h"
#include "daemon/reply.h"
#include "mirror/source.h"
#include "packet/packet.h"

/* Nobody copies packets meanwhile. */
#define TURN_MS	    2
#define CAPTURE_MAX 262144 /* bytes of a packet */

/* The packets of a request. */
struct batch {
	const json_t *packets;
	struct flowtext_way way;
	size_t seen;	/* that many at the beginning are answered already */
	uint64_t first; /* number of the first that is not */
	uint8_t *data;	/* CAPTURE_MAX bytes */
};

static int
take_way(struct flowtext_way *way, const json_t *request, struct err *err)
{
	const json_t *text = json_object_get(request, "way");

	memset(way, 0, sizeof(*way));
	if (text == NULL)
		return 0;
	if (!json_is_string(text))
		return err_set(err, "explain: \"way\" has to be a text");
	return flowtext_parse_way(way, json_string_value(text), err);
}

static int
take_batch(struct batch *b, const json_t *request, struct err *err)
{
	const json_t *first = json_object_get(request, "first");
	const json_t *seen = json_object_get(request, "seen");

	b->packets = json_object_get(request, "packets");
	if (json_array_size(b->packets) == 0)
		return err_set(err,
		    "explain: either \"flow\" or \"packets\" is needed");
	if (first != NULL && json_integer_value(first) < 1)
		return err_set(err,
		    "explain: \"first\" has to be a number from 1");
	if (seen != NULL &&
	    (!json_is_integer(seen) || json_integer_value(seen) < 0 ||
		(size_t)json_integer_value(seen) >=
		    json_array_size(b->packets)))
		return err_set(err,
		    "explain: \"seen\" has to be less than there are packets");
	b->seen = seen == NULL ? 0 : (size_t)json_integer_value(seen);
	b->first = first == NULL ? 1 : (uint64_t)json_integer_value(first);
	return take_way(&b->way, request, err);
}

/* A number that is not given is least. */
static int
take_number(uint32_t *n, const json_t *packet, const char *field,
    uint32_t least, uint32_t most)
{
	const json_t *j = json_object_get(packet, field);
	json_int_t v = j == NULL ? (json_int_t)least : json_integer_value(j);

	if ((j != NULL && !json_is_integer(j)) || v < least || v > most)
		return -1;
	*n = (uint32_t)v;
	return 0;
}

/* What has been captured behind data is taken to be 0. */
static int
take_packet(struct packet *p, const struct batch *b, const json_t *j,
    struct err *err)
{
	const char *text = json_string_value(json_object_get(j, "data"));
	size_t len;

	memset(p, 0, sizeof(*p));
	p->rule = PACKET_NO_RULE;
	p->data = b->data;
	if (text == NULL ||
	    base64_decode(b->data, CAPTURE_MAX, &len, text) == -1 ||
	    take_number(&p->caplen, j, "captured", (uint32_t)len,
		CAPTURE_MAX) == -1 ||
	    take_number(&p->len, j, "length", p->caplen, INT32_MAX) == -1)
		return err_set(err,
		    "explain: a packet is {\"data\": base64, \"captured\": "
		    "bytes (at most %d), \"length\": bytes}",
		    CAPTURE_MAX);
	memset(b->data + len, 0, p->caplen - len);
	return 0;
}

/* Adds the packets to array as long as there is time. Those that have been
 * answered are looked at again, since later fragments may be of them. */
static int
explain_packets(const struct batch *b, struct explain_set *s, json_t *array,
    struct err *err)
{
	uint64_t end = source_clock_ms() + TURN_MS;
	json_t *packet, *one;
	struct packet p;
	size_t i;

	json_array_foreach(b->packets, i, packet) {
		if (i > b->seen && source_clock_ms() > end)
			break;
		if (take_packet(&p, b, packet, err) == -1)
			return -1;
		one = explain_json_packet(s, &p, &b->way,
		    b->first + i - b->seen);
		if (one != NULL && i < b->seen)
			json_decref(one);
		else if (one == NULL || json_array_append_new(array, one) == -1)
			return err_set(err, "explain: no memory");
	}
	return 0;
}

static int
explain_batch(const json_t *request, struct explain_set *s, json_t *array,
    struct err *err)
{
	struct batch b = { .packets = NULL };
	int rc;

	if (take_batch(&b, request, err) == -1)
		return -1;
	if ((b.data = malloc(CAPTURE_MAX)) == NULL)
		return err_sys(err, "explain");
	rc = explain_packets(&b, s, array, err);
	free(b.data);
	return rc;
}

static int
explain_flow(const json_t *text, struct explain_set *s, json_t *array,
    struct err *err)
{
	struct flowtext f;
	json_t *one;

	if (!json_is_string(text))
		return err_set(err, "explain: \"flow\" has to be a text");
	if (flowtext_parse(&f, json_string_value(text), err) == -1)
		return -1;
	one = explain_json_flow(s, &f);
	if (one == NULL || json_array_append_new(array, one) == -1)
		return err_set(err, "explain: no memory");
	return 0;
}

json_t *
explain_verb(const json_t *request, struct mirror *const *mirrors, size_t n)
{
	const json_t *flow = json_object_get(request, "flow");
	json_t *array = json_array(), *j;
	struct explain_set s = { 0 };
	struct err err;
	int rc;

	rc = explain_set_init(&s, mirrors, n, &err);
	if (rc == 0)
		rc = flow != NULL ? explain_flow(flow, &s, array, &err) :
				    explain_batch(request, &s, array, &err);
	explain_set_fini(&s);
	if (rc == -1) {
		json_decref(array);
		return reply_refuse("%s", err.text);
	}
	j = reply_ok();
	json_object_set_new(j, "packets", array);
	return j;
}
