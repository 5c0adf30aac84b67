/* SPDX-License-Identifier: ISC */
/* One health check: asks again and again, and judges by the answers. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>

#include "base/log.h"
#include "base/num.h"
#include "base/random.h"
#include "daemon/knock.h"
#include "daemon/ping.h"
#include "daemon/probe.h"
#include "mirror/verdict.h"

#define PROBE_ERROR_MAX 128

struct probe {
	struct ev_loop *loop;
	struct pings *pings;
	struct probe_key key;
	probe_cb *cb;
	void *arg;
	struct verdict verdict;
	ev_tstamp since;
	char last_error[PROBE_ERROR_MAX];
	ev_timer next;
	ev_timer limit;	  /* while an answer is waited for */
	struct ping ping; /* of icmp */
	ev_io knock;	  /* of tcp; its fd is -1 if none is open */
	unsigned knocks;
};

static void
stop_asking(struct probe *p)
{
	ev_timer_stop(p->loop, &p->limit);
	ping_forget(&p->ping);
	if (p->knock.fd == -1)
		return;
	ev_io_stop(p->loop, &p->knock);
	knock_close(p->knock.fd);
	ev_io_set(&p->knock, -1, EV_WRITE);
}

static void
judge(struct probe *p, bool good)
{
	bool was_down = p->verdict.down;

	stop_asking(p);
	verdict_answer(&p->verdict, &p->key.check, good);
	if (good && !p->verdict.down)
		p->last_error[0] = '\0';
	if (p->verdict.down == was_down)
		return;
	p->since = ev_now(p->loop);
	p->cb(p->arg, p);
}

static void
judge_error(struct probe *p, int error)
{
	snprintf(p->last_error, sizeof(p->last_error), "%s", strerror(error));
	judge(p, false);
}

static void
on_echo(void *arg)
{
	judge(arg, true);
}

static void
on_knock(struct ev_loop *loop, ev_io *w, int revents)
{
	struct probe *p = w->data;
	int error = knock_result(w->fd);

	if (error == 0)
		judge(p, true);
	else
		judge_error(p, error);
}

static void
on_limit(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct probe *p = w->data;
	char time[NUM_TEXT_MAX];

	snprintf(p->last_error, sizeof(p->last_error), "no answer in %s",
	    num_format_time(p->key.check.timeout_ms, time));
	judge(p, false);
}

/* Returns 0, or -1 with errno. */
static int
ask(struct probe *p)
{
	int fd;

	if (p->key.check.kind == CONF_CHECK_ICMP)
		return ping_send(p->pings, &p->ping);
	fd = knock_open(&p->key.way, &p->key.address, p->key.check.port,
	    p->knocks++);
	if (fd == -1)
		return -1;
	ev_io_set(&p->knock, fd, EV_WRITE);
	ev_io_start(p->loop, &p->knock);
	return 0;
}

/* What this host is short of says nothing about the other one. */
static bool
is_shortage(int error)
{
	return error == EADDRINUSE || error == EMFILE || error == ENFILE ||
	    error == ENOMEM || error == ENOBUFS || error == EAGAIN;
}

static void
on_next(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct probe *p = w->data;

	/* The loop may have taken its time to get here. */
	ev_now_update(loop);
	if (ev_is_active(&p->limit))
		on_limit(loop, &p->limit, 0);
	if (ask(p) == 0) {
		ev_timer_set(&p->limit, p->key.check.timeout_ms / 1e3, 0);
		ev_timer_start(loop, &p->limit);
	} else if (!is_shortage(errno)) {
		judge_error(p, errno);
	} else {
		log_debug("health check: not sent: %s", strerror(errno));
	}
}

struct probe *
probe_new(struct ev_loop *loop, struct pings *pings,
    const struct probe_key *key, const struct probe *like, probe_cb *cb,
    void *arg)
{
	double interval = key->check.interval_ms / 1e3;
	struct probe *p = calloc(1, sizeof(*p));
	uint32_t chance;

	if (p == NULL)
		return NULL;
	random_fill(&chance, sizeof(chance));
	p->loop = loop;
	p->pings = pings;
	p->key = *key;
	p->cb = cb;
	p->arg = arg;
	p->since = ev_now(loop);
	if (like != NULL) {
		p->verdict.down = like->verdict.down;
		p->since = like->since;
		memcpy(p->last_error, like->last_error, sizeof(p->last_error));
	}
	p->knocks = chance;
	p->ping = (struct ping) { .to = key->address,
		.way = key->way,
		.cb = on_echo,
		.arg = p };
	ev_timer_init(&p->next, on_next, interval * chance * 0x1p-32, interval);
	ev_timer_init(&p->limit, on_limit, 0, 0);
	ev_io_init(&p->knock, on_knock, -1, EV_WRITE);
	ev_set_priority(&p->knock, EV_MAXPRI); /* as in ping.c */
	p->next.data = p->limit.data = p->knock.data = p;
	ev_timer_start(loop, &p->next);
	return p;
}

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	stop_asking(p);
	ping_fini(p->pings, &p->ping);
	ev_timer_stop(p->loop, &p->next);
	free(p);
}

const struct probe_key *
probe_key(const struct probe *p)
{
	return &p->key;
}

bool
probe_key_alike(const struct probe_key *a, const struct probe_key *b)
{
	return addr_equal(&a->address, &b->address) &&
	    probe_way_equal(&a->way, &b->way) &&
	    a->check.kind == b->check.kind && a->check.port == b->check.port;
}

bool
probe_key_equal(const struct probe_key *a, const struct probe_key *b)
{
	const struct conf_check *x = &a->check, *y = &b->check;

	return probe_key_alike(a, b) && x->interval_ms == y->interval_ms &&
	    x->timeout_ms == y->timeout_ms && x->rise == y->rise &&
	    x->fall == y->fall;
}

void
probe_look(const struct probe *p, struct probe_state *out)
{
	*out = (struct probe_state) {
		.down = p->verdict.down,
		.last_error = p->last_error[0] == '\0' ? NULL : p->last_error,
		.since = ev_now(p->loop) - p->since,
	};
}
