/* SPDX-License-Identifier: ISC */
/* Probes through a mirror: sent, traced, and answered by trafmirrorctl
 * listen. */
#include "config.h"

#include <net/if.h>
#include <assert.h>
#include <ev.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/log.h"
#include "base/random.h"
#include "capture/tap.h"
#include "conf/conf.h"
#include "daemon/reply.h"
#include "daemon/outcome.h"
#include "daemon/verify.h"
#include "deliver/target.h"
#include "mirror/aim.h"
#include "mirror/mirror.h"
#include "mirror/trace.h"
#include "packet/beacon.h"

#define VERIFY_SECONDS	 2.0
#define VERIFY_LATENCIES 3.0 /* of the ring, in addition */
#define PROBES_MAX	 1024
#define TAP_BUDGET	 256 /* frames before the rings have their turn */

struct shot {
	size_t source; /* of the outcome */
	struct beacon_flow flow;
	uint64_t sent_ns;
	bool captured;
};

/* The way of one probe's copy to one place of a target. */
struct hop {
	bool copied, left, answered;
	uint64_t copied_ns;
};

struct verify {
	struct verify_options o;
	struct trace *trace;
	struct outcome outcome;
	unsigned *ifindexes; /* of its sources */
	struct shot *shots;
	size_t nshots;
	struct hop *hops; /* nshots * nplaces */
	size_t nplaces;	  /* the first ones of the outcome's targets */
	size_t missing;	  /* captures and answers */
	uint8_t nonce[BEACON_NONCE];
	int fd; /* tap, -1: none */
	ev_io io;
	ev_timer timer;
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	    (uint64_t)now.tv_nsec;
}

static void
raise_to(uint64_t *most, uint64_t ns)
{
	if (ns > *most)
		*most = ns;
}

static struct hop *
hop_at(const struct verify *v, size_t shot, size_t place)
{
	return &v->hops[shot * v->nplaces + place];
}

/* ---- the end ------------------------------------------------------------ */

static void
stop(struct verify *v)
{
	mirror_trace(v->o.mirror, NULL);
	ev_timer_stop(v->o.loop, &v->timer);
	ev_io_stop(v->o.loop, &v->io);
}

static void
finish(struct verify *v)
{
	const struct outcome *oc = &v->outcome;
	json_t *answer = reply_ok();

	stop(v);
	outcome_add(answer, oc);
	log_info("mirror \"%s\": verified: %s", oc->conf->name,
	    outcome_delivered(oc) ? "all probes are delivered" :
				    "not all probes are delivered");
	v->o.done(v->o.arg, answer);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	finish(w->data);
}

void
verify_cancel(struct verify *v, const char *why)
{
	if (v == NULL)
		return;
	stop(v);
	v->o.done(v->o.arg, reply_refuse("%s: try again", why));
}

void
verify_free(struct verify *v)
{
	struct outcome *oc;

	if (v == NULL)
		return;
	stop(v);
	if (v->fd != -1)
		close(v->fd);
	oc = &v->outcome;
	for (size_t i = 0; i < oc->nsources; i++)
		free(oc->sources[i].failure);
	free(oc->sources);
	free(oc->targets);
	free(v->ifindexes);
	free(v->shots);
	free(v->hops);
	trace_free(v->trace);
	free(v);
}

/* ---- what happens to the probes ----------------------------------------- */

/* Ends the run in the next turn of the loop, if there is nothing more to wait
 * for. */
static void
look_for_end(struct verify *v)
{
	if (v->missing == 0 && ev_is_active(&v->timer))
		ev_feed_event(v->o.loop, &v->timer, EV_TIMER);
}

static void
on_traced(void *arg, uint16_t number, const struct source *s,
    const char *dropped, const struct trace_fate *fates)
{
	struct verify *v = arg;
	struct outcome *oc = &v->outcome;
	uint64_t now = now_ns();
	struct shot *shot;

	if (number >= v->nshots)
		return;
	shot = &v->shots[number];
	if (!shot->captured && v->ifindexes[shot->source] == s->ifindex) {
		shot->captured = true;
		oc->sources[shot->source].captured++;
		raise_to(&oc->sources[shot->source].ns, now - shot->sent_ns);
		v->missing--;
	}
	if (dropped != NULL)
		oc->dropped = dropped;
	for (size_t i = 0; i < v->nplaces; i++) {
		struct hop *h = hop_at(v, number, i);

		if (fates[i].error != 0)
			oc->targets[i].error = fates[i].error;
		oc->targets[i].oversize += fates[i].oversize;
		if (!fates[i].copied || h->copied)
			continue;
		h->copied = true;
		h->copied_ns = now;
		oc->targets[i].copied++;
		v->missing++;
	}
	look_for_end(v);
}

static bool
is_to(const struct outcome_target *t, const struct beacon_copy *c)
{
	return addr_equal(&t->place.address, &c->dst) &&
	    t->conf->encap == c->encap && t->place.port == c->dst_port;
}

/* The place a copy is for; where no address tells, as behind NAT, the only one
 * that got this probe. nplaces if there is none. */
static size_t
place_of(const struct verify *v, const struct beacon_copy *c)
{
	size_t found = v->nplaces, n = 0;

	if (memcmp(c->probe.nonce, v->nonce, BEACON_NONCE) != 0 ||
	    c->probe.number >= v->nshots)
		return v->nplaces;
	for (size_t i = 0; i < v->nplaces; i++) {
		if (!hop_at(v, c->probe.number, i)->copied)
			continue;
		if (is_to(&v->outcome.targets[i], c))
			return i;
		found = i;
		n++;
	}
	return n == 1 ? found : v->nplaces;
}

static void
on_leaving(struct verify *v, const struct beacon_copy *c, unsigned ifindex)
{
	size_t i = place_of(v, c);
	struct outcome_target *t = &v->outcome.targets[i];
	struct hop *h;

	if (i == v->nplaces)
		return;
	h = hop_at(v, c->probe.number, i);
	if (h->left)
		return;
	h->left = true;
	if (t->left++ == 0 && if_indextoname(ifindex, t->left_by) == NULL)
		strcpy(t->left_by, "?");
}

static void
on_answer(struct verify *v, const struct beacon_copy *c)
{
	size_t i = place_of(v, c);
	struct outcome_target *t = &v->outcome.targets[i];
	struct hop *h;

	if (i == v->nplaces)
		return;
	h = hop_at(v, c->probe.number, i);
	if (h->answered)
		return;
	h->answered = true;
	t->answered++;
	raise_to(&t->ns, now_ns() - h->copied_ns);
	v->missing--;
}

static void
on_tap(struct ev_loop *loop, ev_io *w, int revents)
{
	struct verify *v = w->data;
	uint8_t frame[TAP_FRAME_MAX];
	struct tap_origin from;
	struct beacon_copy c;

	for (int i = 0; i < TAP_BUDGET; i++) {
		long n = tap_read(v->fd, frame, &from);

		if (n <= 0)
			break;
		if (from.outgoing && beacon_read_copy(&c, frame, (size_t)n))
			on_leaving(v, &c, from.ifindex);
		else if (!from.outgoing &&
		    beacon_read_answer(&c, frame, (size_t)n))
			on_answer(v, &c);
	}
	look_for_end(v);
}

/* ---- what is to be sent ------------------------------------------------- */

/* Flows for the shots in *flows (to be freed), which together reach what any
 * flow does. */
static int
aim(const struct verify *v, const struct aim *a, struct beacon_flow **flows,
    size_t *n, struct err *err)
{
	struct beacon_flow like;

	*flows = calloc(v->nplaces + 1, sizeof(**flows));
	if (*flows == NULL)
		return err_sys(err, "verify");
	if (!aim_find(a, &like))
		return err_set(err,
		    "mirror \"%s\": no probe is found that its conditions let "
		    "pass: tried is what the rules name, and addresses for "
		    "documentation",
		    v->outcome.conf->name);
	*n = aim_spread(a, &like, *flows);
	if (*n == 0) /* all targets are drained, or sample is too large */
		(*flows)[(*n)++] = like;
	return 0;
}

static int
check_truncate(const struct verify *v, const struct beacon_flow *f,
    struct err *err)
{
	uint32_t most = mirror_truncate(v->o.mirror);

	if (most == 0 || most >= beacon_least(f))
		return 0;
	return err_set(err,
	    "mirror \"%s\": of a probe %u bytes are needed, but truncate "
	    "leaves %u",
	    v->outcome.conf->name, beacon_least(f), most);
}

static int
plan(struct verify *v, struct err *err)
{
	struct outcome *oc = &v->outcome;
	struct beacon_flow *flows = NULL;
	size_t nflows = 0, turns, n = oc->nsources;
	struct aim a;

	mirror_aim(v->o.mirror, &a);
	if (aim(v, &a, &flows, &nflows, err) == -1 ||
	    check_truncate(v, &flows[0], err) == -1) {
		free(flows);
		return -1;
	}
	turns = aim_turns(&a);
	n = turns > n ? turns : n;
	n = nflows > n ? nflows : n;
	v->nshots = n < PROBES_MAX ? n : PROBES_MAX;
	v->shots = calloc(v->nshots, sizeof(*v->shots));
	v->hops = calloc(v->nshots * v->nplaces + 1, sizeof(*v->hops));
	if (v->shots == NULL || v->hops == NULL) {
		free(flows);
		return err_sys(err, "verify");
	}
	assert(oc->nsources > 0 && nflows > 0);
	for (size_t i = 0; i < v->nshots; i++) {
		v->shots[i].source = i % oc->nsources;
		v->shots[i].flow = flows[i % nflows];
	}
	oc->flow = flows[0];
	free(flows);
	return 0;
}

/* ---- sending ------------------------------------------------------------ */

static void
fail_to_send(struct outcome_source *s, const char *why)
{
	if (s->failure == NULL)
		s->failure = strdup(why);
}

static struct source *
find_source(const struct verify *v, unsigned ifindex)
{
	const struct mirror *m = v->o.mirror;

	for (size_t i = 0; i < mirror_nsources(m); i++)
		if (mirror_source(m, i)->ifindex == ifindex)
			return mirror_source(m, i);
	return NULL;
}

/* Whether no probe that is sent here could be what the mirror collects: others
 * send it, or a gateway would get it. */
static bool
must_be_inside(const struct conf_mirror *cm, const struct iface *i)
{
	return (cm->direction == CONF_DIR_IN && !i->loopback) ||
	    cm->nnext_hops > 0;
}

static void
shoot(struct verify *v, size_t number, const struct iface *i)
{
	struct shot *shot = &v->shots[number];
	struct outcome_source *s = &v->outcome.sources[shot->source];
	struct beacon p = { .number = (uint16_t)number };
	uint8_t frame[BEACON_FRAME_MAX];
	struct err err;
	uint32_t len;

	memcpy(p.nonce, v->nonce, BEACON_NONCE);
	len = beacon_build(frame, &p, &shot->flow, i->mac);
	s->inside = must_be_inside(v->outcome.conf, i);
	shot->sent_ns = now_ns();
	if (!s->inside && tap_send(v->fd, i->index, frame, len, &err) == -1) {
		fail_to_send(s, err.text);
		return;
	}
	s->sent++;
	v->missing++;
	if (s->inside)
		mirror_inject(find_source(v, i->index), frame, len);
}

static void
shoot_all(struct verify *v, const struct iface_list *ifaces)
{
	for (size_t n = 0; n < v->nshots; n++) {
		size_t k = v->shots[n].source;
		const struct iface *i = iface_by_index(ifaces, v->ifindexes[k]);

		if (i == NULL)
			fail_to_send(&v->outcome.sources[k],
			    "the interface is gone");
		else
			shoot(v, n, i);
	}
}

/* ---- starting ----------------------------------------------------------- */

static int
take_sources(struct verify *v, struct err *err)
{
	struct outcome *oc = &v->outcome;
	size_t n = mirror_nsources(v->o.mirror);

	oc->sources = calloc(n + 1, sizeof(*oc->sources));
	v->ifindexes = calloc(n + 1, sizeof(*v->ifindexes));
	if (oc->sources == NULL || v->ifindexes == NULL)
		return err_sys(err, "verify");
	for (size_t i = 0; i < n; i++) {
		const struct source *s = mirror_source(v->o.mirror, i);

		if (!s->up)
			continue;
		if (oc->nsources == PROBES_MAX) {
			oc->left_out++;
			continue;
		}
		memcpy(oc->sources[oc->nsources].name, s->name,
		    sizeof(s->name));
		v->ifindexes[oc->nsources++] = s->ifindex;
	}
	return 0;
}

static void
add_places(struct verify *v, size_t i, const struct target_status *ts)
{
	for (size_t j = 0; j < ts->nplaces; j++) {
		struct outcome_target *t = &v->outcome.targets[v->nplaces++];
		struct place_status ps;

		mirror_place_status(v->o.mirror, i, j, &ps);
		t->conf = ts->conf;
		t->place = *ps.conf;
		t->state = ps.state;
	}
}

/* Places in the order of the members of the mirror; then targets that have
 * none. */
static int
take_targets(struct verify *v, struct err *err)
{
	struct outcome *oc = &v->outcome;
	const struct mirror *m = v->o.mirror;
	struct target_status ts;
	size_t n = 0;

	for (size_t i = 0; i < mirror_ntargets(m); i++) {
		mirror_target_status(m, i, &ts);
		n += ts.nplaces == 0 ? 1 : ts.nplaces;
	}
	oc->ntargets = n;
	if ((oc->targets = calloc(n, sizeof(*oc->targets))) == NULL)
		return err_sys(err, "verify");
	for (size_t i = 0; i < mirror_ntargets(m); i++) {
		mirror_target_status(m, i, &ts);
		add_places(v, i, &ts);
		if (ts.nplaces > 0)
			continue;
		oc->targets[--n].conf = ts.conf;
		oc->targets[n].state = ts.state;
	}
	return 0;
}

static bool
has_up_source(const struct mirror *m)
{
	for (size_t i = 0; i < mirror_nsources(m); i++)
		if (mirror_source(m, i)->up)
			return true;
	return false;
}

/* What is known without any probe. */
static int
check_state(const struct mirror *m, struct err *err)
{
	const struct conf_rung *rung = mirror_rung(m);
	const char *name = mirror_conf(m)->name;

	switch (mirror_state(m)) {
	case MIRROR_DISABLED:
		return err_set(err,
		    "mirror \"%s\" is disabled: it collects nothing", name);
	case MIRROR_WAITING:
		return err_set(err, "mirror \"%s\" waits: %s", name,
		    has_up_source(m) ? "no next hop is resolved" :
				       "no source is up");
	case MIRROR_COLLECTING:
		break;
	}
	if (rung != NULL && rung->relief == CONF_STOP)
		return err_set(err,
		    "mirror \"%s\" collects nothing for now: under-pressure "
		    "is at stop",
		    name);
	return 0;
}

static int
open_tap(struct verify *v, struct err *err)
{
	const struct tap_want wants[] = {
		{ .outgoing = true,
		    .mark = v->o.mark,
		    .word = BEACON_WORD,
		    .first = BEACON_COPY_FIRST,
		    .last = BEACON_COPY_LAST },
		{ .word = BEACON_ANSWER_WORD,
		    .first = BEACON_ANSWER_FIRST,
		    .last = BEACON_ANSWER_LAST },
	};

	if ((v->fd = tap_open(wants, 2, err)) == -1)
		return -1;
	ev_io_set(&v->io, v->fd, EV_READ);
	return 0;
}

static int
prepare(struct verify *v, struct err *err)
{
	double seconds = VERIFY_SECONDS +
	    VERIFY_LATENCIES * v->outcome.conf->latency_ms / 1000;

	if (take_sources(v, err) == -1 || take_targets(v, err) == -1 ||
	    plan(v, err) == -1)
		return -1;
	random_fill(v->nonce, sizeof(v->nonce));
	v->trace = trace_new(v->nonce, v->nplaces, on_traced, v);
	if (v->trace == NULL)
		return err_sys(err, "verify");
	ev_timer_set(&v->timer, seconds, 0);
	return open_tap(v, err);
}

int
verify_start(struct verify **out, const struct verify_options *o,
    struct err *err)
{
	struct iface_list ifaces;
	struct verify *v;

	if (check_state(o->mirror, err) == -1)
		return -1;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return err_sys(err, "verify");
	v->o = *o;
	v->fd = -1;
	v->outcome.conf = mirror_conf(o->mirror);
	ev_init(&v->io, on_tap);
	ev_init(&v->timer, on_timer);
	v->io.data = v->timer.data = v;
	if (prepare(v, err) == -1 || iface_list_get(&ifaces, err) == -1) {
		verify_free(v);
		return -1;
	}
	mirror_trace(o->mirror, v->trace);
	shoot_all(v, &ifaces);
	iface_list_fini(&ifaces);
	ev_now_update(o->loop);
	ev_io_start(o->loop, &v->io);
	ev_timer_start(o->loop, &v->timer);
	look_for_end(v);
	*out = v;
	return 0;
}
