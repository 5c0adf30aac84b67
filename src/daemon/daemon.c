/* SPDX-License-Identifier: ISC */
/* The running daemon: one event loop that owns the mirrors. */
#include "config.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/kernel.h"
#include "base/log.h"
#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/links.h"
#include "daemon/load.h"
#include "daemon/notify.h"
#include "daemon/counters.h"
#include "mirror/follow.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

/* Blocks of one ring before the others have their turn. */
#define DAEMON_RING_BUDGET  8
#define DAEMON_TICK_SECONDS 1.0
#define DAEMON_LOOK_TICKS   30 /* between looks that no event asks for */

struct watch {
	ev_io io;
	struct source *source;
};

struct daemon {
	struct ev_loop *loop;
	const char *path;
	bool debug;
	struct generation *gen;
	unsigned number; /* of the configuration, from 1 */
	struct watch *watches;
	size_t nwatches;
	ev_signal hup, term, interrupt, usr1;
	ev_timer tick, watchdog;
	struct links *links;
	struct follow follow;
	ev_timer go_on;	   /* while follow is active */
	bool look_again;   /* interfaces have changed meanwhile */
	unsigned unlooked; /* ticks since the last look */
};

static void
on_ring(struct ev_loop *loop, ev_io *w, int revents)
{
	struct watch *wt = w->data;

	mirror_run(wt->source, DAEMON_RING_BUDGET);
}

static void
stop_watches(struct daemon *d)
{
	for (size_t i = 0; i < d->nwatches; i++)
		ev_io_stop(d->loop, &d->watches[i].io);
	free(d->watches);
	d->watches = NULL;
	d->nwatches = 0;
}

static size_t
count_sources(const struct generation *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->nmirrors; i++)
		n += mirror_nsources(g->mirrors[i]);
	return n;
}

static void
watch_source(struct daemon *d, struct source *s)
{
	struct watch *w = &d->watches[d->nwatches++];

	w->source = s;
	ev_io_init(&w->io, on_ring, ring_fd(s->ring), EV_READ);
	w->io.data = w;
	ev_io_start(d->loop, &w->io);
}

/* One watcher for each ring there is. */
static int
start_watches(struct daemon *d)
{
	size_t n = count_sources(d->gen);

	if (n == 0)
		return 0;
	if ((d->watches = calloc(n, sizeof(*d->watches))) == NULL)
		return -1;
	for (size_t i = 0; i < d->gen->nmirrors; i++)
		for (size_t j = 0; j < mirror_nsources(d->gen->mirrors[i]); j++)
			watch_source(d, mirror_source(d->gen->mirrors[i], j));
	return 0;
}

static void
poll_mirrors(struct daemon *d)
{
	for (size_t i = 0; i < d->gen->nmirrors; i++)
		mirror_poll(d->gen->mirrors[i]);
}

static void
watch_again(struct daemon *d)
{
	stop_watches(d);
	if (start_watches(d) == -1)
		log_warn("interfaces: watch"); /* the next tick tries again */
}

static void
follow(struct daemon *d)
{
	if (follow_run(&d->follow, d->gen))
		watch_again(d);
	if (d->follow.active) {
		ev_timer_set(&d->go_on, 0, 0);
		ev_timer_start(d->loop, &d->go_on);
	}
}

/* Looks at the interfaces, and begins to do what they ask for. */
static void
look(struct daemon *d)
{
	struct iface_list ifaces;
	struct err err;

	d->look_again = d->follow.active;
	if (d->follow.active)
		return;
	if (iface_list_get(&ifaces, &err) == -1) {
		log_warnx("%s", err.text);
		d->unlooked = DAEMON_LOOK_TICKS; /* the next tick tries again */
		return;
	}
	d->unlooked = 0;
	follow_start(&d->follow, &ifaces);
	follow(d);
}

static void
on_go_on(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon *d = w->data;

	follow(d);
	if (d->look_again)
		look(d);
}

static void
on_links(void *arg, unsigned what)
{
	struct daemon *d = arg;

	if (what & LINKS_ROUTES)
		for (size_t i = 0; i < d->gen->nmirrors; i++)
			mirror_reroute(d->gen->mirrors[i]);
	if (what & LINKS_INTERFACES)
		look(d);
}

static void
on_tick(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct daemon *d = w->data;

	poll_mirrors(d);
	if (++d->unlooked >= DAEMON_LOOK_TICKS || d->follow.failed)
		look(d);
	if (d->watches == NULL && count_sources(d->gen) > 0)
		watch_again(d);
}

static void
say_ready(const struct daemon *d)
{
	notify_send("READY=1\nSTATUS=mirroring: %zu mirrors, %zu sources\n",
	    d->gen->nmirrors, count_sources(d->gen));
}

static int
replace_generation(struct daemon *d, struct conf **c, struct err *err)
{
	struct generation *g;
	struct iface_list ifaces;
	int rc;

	if (iface_list_get(&ifaces, err) == -1)
		return -1;
	d->look_again |= d->follow.active;
	follow_stop(&d->follow);
	rc = reload_prepare(&g, c, d->gen, &ifaces, err);
	iface_list_fini(&ifaces);
	if (rc == -1)
		return -1;
	stop_watches(d);
	log_set_level(d->debug ? LOG_LEVEL_DEBUG : g->conf->log_level);
	reload_commit(g, d->gen);
	d->gen = g;
	d->number++;
	watch_again(d);
	poll_mirrors(d);
	look(d);
	return 0;
}

/* What says "place: warning: what" by itself: the log has its own word. */
static void
say_warning(const char *line)
{
	static const char word[] = " warning:";
	const char *at = strstr(line, word);

	if (at == NULL)
		log_warnx("%s", line);
	else
		log_warnx("%.*s%s", (int)(at - line), line, at + strlen(word));
}

static void
log_report(const struct conf_report *r)
{
	for (size_t i = 0; i < r->nerrors; i++)
		log_error("%s", r->errors[i]);
	for (size_t i = 0; i < r->nwarnings; i++)
		say_warning(r->warnings[i]);
}

static void
on_reload(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct daemon *d = w->data;
	struct conf_report r = { 0 };
	struct conf *c;
	struct err err;

	notify_reloading();
	c = load_conf(d->path, &r);
	log_report(&r);
	if (c == NULL) {
		log_error("reload: failed: %zu errors in the configuration, "
			  "the old one stays in force",
		    r.nerrors);
	} else {
		if (strcmp(c->user, d->gen->conf->user) != 0)
			log_warnx("reload: a new user takes a restart");
		if (c->log_facility != d->gen->conf->log_facility)
			log_warnx("reload: a new log-facility takes a "
				  "restart");
		if (replace_generation(d, &c, &err) == -1)
			log_error("reload: failed: %s; the old configuration "
				  "stays in force",
			    err.text);
		else
			log_info("reload: done: %zu mirrors, %zu sources, "
				 "generation=%u",
			    d->gen->nmirrors, count_sources(d->gen), d->number);
	}
	conf_free(c);
	conf_report_fini(&r);
	say_ready(d);
}

static void
on_stop(struct ev_loop *loop, ev_signal *w, int revents)
{
	ev_break(loop, EVBREAK_ALL);
}

static void
on_report(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct daemon *d = w->data;

	for (size_t i = 0; i < d->gen->nmirrors; i++)
		counters_print(d->gen->mirrors[i], log_info);
	log_info("counters: done");
}

static void
on_watchdog(struct ev_loop *loop, ev_timer *w, int revents)
{
	notify_send("WATCHDOG=1\n");
}

static void
start_signal(struct daemon *d, ev_signal *w,
    void (*cb)(struct ev_loop *, ev_signal *, int), int signum)
{
	ev_signal_init(w, cb, signum);
	w->data = d;
	ev_signal_start(d->loop, w);
}

static void
start_timer(struct daemon *d, ev_timer *w,
    void (*cb)(struct ev_loop *, ev_timer *, int), double seconds)
{
	ev_timer_init(w, cb, seconds, seconds);
	w->data = d;
	ev_timer_start(d->loop, w);
}

/* Such packets never reach a packet socket with PACKET_VNET_HDR: the kernel
 * has no name for them in virtio_net_hdr, and counts them as drops. */
static void
warn_of_kernel(void)
{
	if (kernel_is_before(6, 2))
		log_warnx("kernel: UDP superframes are lost before Linux 6.2 "
			  "and count as ring_dropped_packets (turn GSO and "
			  "GRO of UDP off)");
}

int
daemon_new(struct daemon **out, struct conf **c, const char *path, bool debug,
    struct err *err)
{
	struct daemon *d = calloc(1, sizeof(*d));
	double watchdog = notify_watchdog_interval();

	if (d == NULL)
		return err_sys(err, "daemon");
	d->path = path;
	d->debug = debug;
	if ((d->loop = ev_loop_new(EVFLAG_AUTO)) == NULL) {
		err_set(err, "event loop: cannot start");
		goto fail;
	}
	start_signal(d, &d->hup, on_reload, SIGHUP);
	start_signal(d, &d->term, on_stop, SIGTERM);
	start_signal(d, &d->interrupt, on_stop, SIGINT);
	start_signal(d, &d->usr1, on_report, SIGUSR1);
	start_timer(d, &d->tick, on_tick, DAEMON_TICK_SECONDS);
	ev_timer_init(&d->go_on, on_go_on, 0, 0);
	d->go_on.data = d;
	if (watchdog > 0)
		start_timer(d, &d->watchdog, on_watchdog, watchdog);
	if (links_open(&d->links, d->loop, on_links, d, err) == -1 ||
	    replace_generation(d, c, err) == -1)
		goto fail;
	*out = d;
	return 0;
fail:
	daemon_free(d);
	return -1;
}

void
daemon_run(struct daemon *d)
{
	warn_of_kernel();
	log_info("ready: mirroring: %zu mirrors, %zu sources", d->gen->nmirrors,
	    count_sources(d->gen));
	say_ready(d);
	ev_run(d->loop, 0);
	notify_send("STOPPING=1\n");
	stop_watches(d);
	for (size_t i = 0; i < d->gen->nmirrors; i++) {
		mirror_drain(d->gen->mirrors[i]);
		counters_print(d->gen->mirrors[i], log_info);
	}
	log_info("stopped");
}

void
daemon_free(struct daemon *d)
{
	if (d == NULL)
		return;
	stop_watches(d);
	follow_stop(&d->follow);
	links_close(d->links);
	generation_free(d->gen);
	if (d->loop != NULL)
		ev_loop_destroy(d->loop);
	free(d);
}
