/* SPDX-License-Identifier: ISC */
/* Explaining a configuration that does not run. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/frames.h"
#include "conf/conf.h"
#include "conf/flowtext.h"
#include "daemon/explain_json.h"
#include "daemon/explain_text.h"
#include "daemon/offline.h"
#include "deliver/target_socket.h"
#include "mirror/bandwidth.h"
#include "mirror/mirror.h"
#include "packet/packet.h"

/* All mirrors of a configuration, planned only. */
struct offline {
	struct mirror **mirrors;
	size_t n;
	struct bandwidth bandwidth;
	struct target_plan *plan;
	struct explain_set set;
	struct flowtext_way way;
	uint64_t number; /* of packets */
};

/* All of them, as the ports of one depend on those before it. */
static int
plan_mirrors(struct offline *o, const struct conf *c, struct err *err)
{
	o->mirrors = calloc(c->nmirrors + 1, sizeof(struct mirror *));
	o->plan = target_plan_new();
	if (o->mirrors == NULL || o->plan == NULL)
		return err_sys(err, "explain");
	for (; o->n < c->nmirrors; o->n++)
		if (mirror_plan(&o->mirrors[o->n], c, &c->mirrors[o->n],
			&o->bandwidth, o->plan, err) == -1)
			return -1;
	return 0;
}

static void
free_mirrors(struct offline *o)
{
	explain_set_fini(&o->set);
	for (size_t i = 0; i < o->n; i++)
		mirror_free(o->mirrors[i]);
	free(o->mirrors);
	target_plan_free(o->plan);
}

static int
open_set(struct offline *o, const char *name, struct err *err)
{
	size_t i = 0;

	if (name == NULL)
		return explain_set_init(&o->set, o->mirrors, o->n, err);
	while (i < o->n && strcmp(mirror_conf(o->mirrors[i])->name, name) != 0)
		i++;
	if (i == o->n)
		return err_set(err, "there is no mirror \"%s\"", name);
	return explain_set_init(&o->set, &o->mirrors[i], 1, err);
}

/* Takes j. */
static int
print(json_t *j)
{
	if (j != NULL)
		explain_text(stdout, j);
	json_decref(j);
	return j == NULL ? -1 : 0;
}

static int
explain_frame(void *arg, struct packet *p)
{
	struct offline *o = arg;

	return print(explain_json_packet(&o->set, p, &o->way, ++o->number));
}

static int
explain_file(struct offline *o, const struct offline_question *q,
    struct err *err)
{
	uint64_t nread;

	if (flowtext_parse_way(&o->way, q->text, err) == -1 ||
	    frames_read(q->savefile, explain_frame, o, &nread, err) == -1)
		return -1;
	return 0;
}

static int
explain_flow(struct offline *o, const struct offline_question *q,
    struct err *err)
{
	struct flowtext f;

	if (flowtext_parse(&f, q->text, err) == -1)
		return -1;
	if (print(explain_json_flow(&o->set, &f)) == -1)
		return err_set(err, "explain: no memory");
	return 0;
}

int
offline_explain(const struct conf *c, const struct offline_question *q,
    struct err *err)
{
	struct offline o = { .n = 0 };
	int rc = plan_mirrors(&o, c, err);

	if (rc == 0)
		rc = open_set(&o, q->mirror, err);
	if (rc == 0)
		rc = q->savefile != NULL ? explain_file(&o, q, err) :
					   explain_flow(&o, q, err);
	free_mirrors(&o);
	return rc;
}
