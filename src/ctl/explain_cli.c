/* SPDX-License-Identifier: ISC */
/* The command explain. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/err.h"
#include "capture/frames.h"
#include "conf/flowtext.h"
#include "conf/text.h"
#include "ctl/explain_cli.h"
#include "daemon/explain_text.h"

/* A request is at most 65536 bytes long. */
#define BATCH_BYTES   60000 /* of its packets */
#define BATCH_PACKETS 64
#define SEEN_MAX      8	    /* of a batch that were asked about before */
#define PACKET_BYTES  100   /* beside the data, at most */
#define DATA_MAX      40000 /* of a packet: what is behind is taken to be 0 */

/* ---- arguments ----------------------------------------------------------- */

static char *
join(char **argv)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	for (; *argv != NULL; argv++)
		fprintf(f, "%s ", *argv);
	return fclose(f) == 0 ? text : NULL;
}

static int
parse(const char *text, const char *capture, struct err *err)
{
	struct flowtext_way way;
	struct flowtext flow;

	return capture != NULL ? flowtext_parse_way(&way, text, err) :
				 flowtext_parse(&flow, text, err);
}

static int
complain(const char *what)
{
	fputs("trafmirrorctl: ", stderr);
	text_put(stderr, what);
	fputc('\n', stderr);
	return -1;
}

/* "all" stands for none: then all mirrors are asked. */
static int
set_mirror(json_t *request, const char *name)
{
	json_t *text;

	if (strcmp(name, "all") == 0)
		return 0;
	if ((text = json_string(name)) == NULL)
		return complain("a name is UTF-8");
	return json_object_set_new(request, "mirror", text);
}

/* What is no flow as a whole begins with a mirror. */
int
explain_cli_take(json_t *request, char **argv, const char *capture)
{
	char *text = join(argv);
	struct err err;
	int rc;

	rc = text == NULL ? err_sys(&err, "explain") :
			    parse(text, capture, &err);
	if (rc == -1 && argv[0] != NULL && (argv[1] != NULL || capture)) {
		free(text);
		text = join(argv + 1);
		rc = text == NULL ? err_sys(&err, "explain") :
				    parse(text, capture, &err);
		if (rc == 0 && set_mirror(request, argv[0]) == -1) {
			free(text);
			return -1;
		}
	}
	if (rc == -1)
		complain(err.text);
	else
		rc = json_object_set_new(request,
		    capture == NULL ? "flow" : "way", json_string(text));
	free(text);
	return rc;
}

/* ---- answers ------------------------------------------------------------- */

void
explain_cli_show(const json_t *answer)
{
	json_t *packet;
	size_t i;

	json_array_foreach(json_object_get(answer, "packets"), i, packet)
		explain_text(stdout, packet);
}

/* ---- captures ------------------------------------------------------------ */

struct batch {
	json_t *request;
	/* Of the request: the last ones that were asked about, as later
	 * fragments may be of them, and those that are to be. */
	json_t *packets;
	size_t seen; /* how many of them were */
	size_t bytes;
	json_int_t first; /* number of the first that is to be asked about */
	int (*ask)(void *arg, json_t *request);
	void *arg;
	bool failed;
};

static json_t *
packet_json(const struct packet *p)
{
	size_t len = p->caplen < DATA_MAX ? p->caplen : DATA_MAX;
	/* A capture may say more, which no link has carried. */
	uint32_t length = p->len < INT32_MAX ? p->len : INT32_MAX;
	char *text = malloc(BASE64_LEN(len) + 1);
	json_t *j;

	if (text == NULL)
		return NULL;
	base64_encode(text, p->data, len);
	j = json_pack("{s:s, s:I, s:I}", "data", text, "captured",
	    (json_int_t)p->caplen, "length", (json_int_t)length);
	free(text);
	return j;
}

static size_t
packet_bytes(const json_t *packet)
{
	return json_string_length(json_object_get(packet, "data")) +
	    PACKET_BYTES;
}

static size_t
pending(const struct batch *b)
{
	return json_array_size(b->packets) - b->seen;
}

static void
forget(struct batch *b, size_t most)
{
	for (; b->seen > most; b->seen--) {
		b->bytes -= packet_bytes(json_array_get(b->packets, 0));
		json_array_remove(b->packets, 0);
	}
}

/* Asks once; the daemon answers as many as it likes, from the first on. */
static void
ask(struct batch *b)
{
	int n;

	json_object_set_new(b->request, "first", json_integer(b->first));
	json_object_set_new(b->request, "seen",
	    json_integer((json_int_t)b->seen));
	n = b->ask(b->arg, b->request);
	b->failed = n <= 0 || (size_t)n > pending(b);
	if (b->failed)
		return;
	b->first += n;
	b->seen += (size_t)n;
	forget(b, SEEN_MAX);
}

static bool
is_full(const struct batch *b, size_t more)
{
	return json_array_size(b->packets) >= BATCH_PACKETS ||
	    b->bytes + more > BATCH_BYTES;
}

static int
add_packet(void *arg, struct packet *p)
{
	struct batch *b = arg;
	json_t *j = packet_json(p);
	size_t bytes = packet_bytes(j);

	while (!b->failed && pending(b) > 0 && is_full(b, bytes))
		ask(b);
	if (is_full(b, bytes))
		forget(b, 0);
	b->bytes += bytes;
	if (json_array_append_new(b->packets, j) == -1)
		b->failed = true;
	return b->failed ? -1 : 0;
}

int
explain_cli_capture(const char *path, json_t *request,
    int (*asks)(void *arg, json_t *request), void *arg)
{
	struct batch b = { .request = request,
		.packets = json_array(),
		.first = 1,
		.ask = asks,
		.arg = arg };
	uint64_t nread;
	struct err err;
	int rc;

	json_object_set_new(request, "packets", b.packets);
	rc = frames_read(path, add_packet, &b, &nread, &err);
	while (!b.failed && pending(&b) > 0)
		ask(&b);
	if (b.failed)
		return -1;
	if (rc == -1)
		complain(err.text);
	return rc == -1 ? -2 : 0;
}
