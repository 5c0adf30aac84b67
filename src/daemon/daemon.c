/* SPDX-License-Identifier: ISC */
/* The running daemon: one event loop that owns the mirrors. */
#include "config.h"

#include <sys/resource.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/kernel.h"
#include "base/log.h"
#include "base/num.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "daemon/control.h"
#include "daemon/counters.h"
#include "daemon/daemon.h"
#include "daemon/fixed.h"
#include "daemon/folder.h"
#include "daemon/health.h"
#include "daemon/links.h"
#include "daemon/load.h"
#include "daemon/neighbours.h"
#include "daemon/notify.h"
#include "daemon/reply.h"
#include "daemon/resolve.h"
#include "daemon/site.h"
#include "daemon/switches.h"
#include "daemon/verbs.h"
#include "daemon/verify.h"
#include "daemon/watch.h"
#include "daemon/web.h"
#include "mirror/follow.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define DAEMON_TICK_SECONDS 1.0
#define DAEMON_LOOK_TICKS   30	/* between looks that no event asks for */
#define DAEMON_DNS_SECONDS  3.0 /* that the start waits for answers */

struct daemon {
	struct ev_loop *loop;
	struct daemon_options options;
	time_t started, started_at; /* see daemon_view */
	bool reloaded;
	struct generation *gen;
	unsigned number; /* of the configuration, from 1 */
	json_t *switches;
	struct resolve *resolve;
	bool places_refused;	 /* logged already */
	struct control *control; /* NULL: none */
	struct verify *verify;	 /* NULL: none goes on */
	uint64_t verify_ticket;
	struct health *health;
	struct web *web; /* likewise */
	struct fixed fixed;
	struct watches watches;
	ev_signal hup, term, interrupt, usr1;
	ev_timer tick, watchdog;
	struct links *links;
	struct neighbours *neighbours;
	struct follow follow;
	ev_timer go_on;	   /* while follow is active */
	bool look_again;   /* interfaces have changed meanwhile */
	unsigned unlooked; /* ticks since the last look */
};

static void
poll_mirrors(struct daemon *d)
{
	for (size_t i = 0; i < d->gen->nmirrors; i++)
		mirror_poll(d->gen->mirrors[i]);
}

static void
follow(struct daemon *d)
{
	if (follow_run(&d->follow, d->gen))
		watches_start(&d->watches, d->loop, d->gen);
	if (d->follow.active) {
		ev_timer_set(&d->go_on, 0, 0);
		ev_timer_start(d->loop, &d->go_on);
	} else {
		neighbours_follow(d->neighbours, d->gen);
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

	for (size_t i = 0; i < d->gen->nmirrors; i++)
		mirror_tick(d->gen->mirrors[i]);
	if (++d->unlooked >= DAEMON_LOOK_TICKS || d->follow.failed)
		look(d);
	if (watches_missing(&d->watches, d->gen))
		watches_start(&d->watches, d->loop, d->gen);
}

static void
say_ready(const struct daemon *d)
{
	char total[COUNTERS_TOTAL_MAX];

	notify_send("READY=1\nSTATUS=mirroring: %s\n",
	    counters_total(d->gen, total));
}

/* What is in force is base with the switches, and the places that names of DNS
 * stand for, on top. Nothing has changed before commit. */
static int
prepare(struct daemon *d, struct generation **g, struct conf *base,
    const json_t *switches, struct err *err)
{
	struct conf *c = overlay_new(base);
	struct iface_list ifaces;
	int rc;

	if (c == NULL || switches_apply(switches, c) == -1 ||
	    resolve_apply(d->resolve, c) == -1) {
		conf_free(c);
		return err_set(err, "out of memory");
	}
	rc = iface_list_get(&ifaces, err);
	if (rc == 0) {
		d->look_again |= d->follow.active;
		follow_stop(&d->follow);
		rc = reload_prepare(g, &c, d->gen, &ifaces, err);
		iface_list_fini(&ifaces);
	}
	conf_free(c);
	return rc;
}

/* what: has changed. */
static void
commit(struct daemon *d, struct generation *g, const char *what)
{
	char why[80];

	snprintf(why, sizeof(why), "%s changed meanwhile", what);
	verify_cancel(d->verify, why);
	watches_stop(&d->watches, d->loop);
	log_set_level(d->options.debug ? LOG_LEVEL_DEBUG : g->conf->log_level);
	reload_commit(g, d->gen);
	d->gen = g;
	neighbours_follow(d->neighbours, g);
	watches_start(&d->watches, d->loop, d->gen);
	health_follow(d->health, g);
	poll_mirrors(d);
	look(d);
}

int
daemon_switch(struct daemon *d, json_t **switches, struct err *err)
{
	struct generation *g;

	if (prepare(d, &g, d->gen->conf->base, *switches, err) == -1)
		return -1;
	if (switches_save(*switches, d->fixed.state_dir, err) == -1) {
		generation_free(g);
		return -1;
	}
	commit(d, g, "the switches have");
	json_decref(d->switches);
	d->switches = *switches;
	*switches = NULL;
	return 0;
}

static bool
on_places(void *arg)
{
	struct daemon *d = arg;
	struct generation *g;
	struct err err;

	if (prepare(d, &g, d->gen->conf->base, d->switches, &err) == -1) {
		if (!d->places_refused)
			log_event(LOG_LEVEL_ERROR,
			    LOG_KEYS("dns-refused",
				LOG_TEXT("reason", err.text)),
			    "dns: places have changed: %s; the old ones stay "
			    "in force",
			    err.text);
		d->places_refused = true;
		return false;
	}
	d->places_refused = false;
	commit(d, g, "what names of DNS stand for has");
	return true;
}

/* Takes *c on success. What listens comes last: it can be undone, but not
 * without a gap. */
static int
replace(struct daemon *d, struct conf **c, struct err *err)
{
	const struct web_options web = { d->loop, site_pages, d };
	struct generation *g;

	if (prepare(d, &g, *c, d->switches, err) == -1)
		return -1;
	if (web_listen(&d->web, &(*c)->metrics_listen, &web, err) == -1) {
		generation_free(g);
		return -1;
	}
	conf_free(*c); /* the generation has a share in it */
	*c = NULL;
	commit(d, g, "the configuration has");
	resolve_follow(d->resolve, d->gen->conf);
	d->number++;
	return 0;
}

int
daemon_reload(struct daemon *d, struct conf_report *r)
{
	struct conf *c;
	struct err err;
	int rc = -1;

	notify_reloading();
	if ((c = load_conf(d->options.path, d->resolve, r)) != NULL)
		fixed_warn(&d->fixed, c, r);
	load_log(r);
	if (c == NULL) {
		log_event(LOG_LEVEL_ERROR,
		    LOG_KEYS("reload-failed", LOG_NUMBER("errors", r->nerrors)),
		    "reload: failed: %zu error%s in the configuration, the old "
		    "one stays in force",
		    r->nerrors, NUM_S(r->nerrors));
	} else if ((rc = replace(d, &c, &err)) == -1) {
		log_event(LOG_LEVEL_ERROR,
		    LOG_KEYS("reload-failed", LOG_NUMBER("errors", 1)),
		    "reload: failed: %s; the old configuration stays in force",
		    err.text);
		conf_report_error(r, NULL, "%s", err.text);
	} else {
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("reload-done",
			LOG_NUMBER("mirrors", d->gen->nmirrors),
			LOG_NUMBER("sources", generation_sources(d->gen)),
			LOG_NUMBER("generation", d->number)),
		    "reload: done");
	}
	d->reloaded = rc == 0;
	conf_free(c);
	say_ready(d);
	return rc;
}

static void
on_reload(struct ev_loop *loop, ev_signal *w, int revents)
{
	struct conf_report r = { 0 };

	daemon_reload(w->data, &r);
	conf_report_fini(&r);
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

/* The switches of before, and a folder for those to come. A folder that cannot
 * be had costs the switches, not the mirrors. */
static int
open_state(struct daemon *d, uid_t uid, gid_t gid, struct err *err)
{
	struct err why;
	int fd = folder_open(d->fixed.state_dir, &why);

	if (fd == -1) {
		log_warnx("state-dir: %s: switches cannot be kept, and are "
			  "refused",
		    why.text);
	} else {
		folder_give(fd, SWITCHES_FILE, uid, gid);
		close(fd);
	}
	return (d->switches = switches_load(d->fixed.state_dir, err)) == NULL ?
	    -1 :
	    0;
}

/* What is made here belongs to the user the daemon becomes. */
static int
open_control(struct daemon *d, const struct conf *c, struct err *err)
{
	const struct passwd *pw = geteuid() != 0 ? NULL :
						   getpwnam(d->options.user);
	struct control_options o = {
		.path = d->fixed.control_socket,
		.group = c->control_group,
		.uid = pw == NULL ? geteuid() : pw->pw_uid,
		.gid = pw == NULL ? getegid() : pw->pw_gid,
		.answer = verbs_answer,
		.arg = d,
	};

	if (open_state(d, o.uid, o.gid, err) == -1)
		return -1;
	if (o.path[0] == '\0')
		return 0;
	return control_open(&d->control, d->loop, &o, err);
}

static void
say_switches(const struct daemon *d)
{
	size_t mirrors = json_object_size(
	    json_object_get(d->switches, "mirrors"));
	size_t targets = json_object_size(
	    json_object_get(d->switches, "targets"));

	if (mirrors + targets > 0)
		log_info("control: switches by operator are in force for %zu "
			 "mirror%s and %zu target%s: see trafmirrorctl status",
		    mirrors, NUM_S(mirrors), targets, NUM_S(targets));
}

/* A ring for each interface and mirror is more than the 1,024 that are usual
 * for programs with select(2), which this one does not call. */
static void
raise_fd_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == -1)
		return;
	l.rlim_cur = l.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &l);
}

/* How is SIG_BLOCK or SIG_UNBLOCK. The start may take seconds, and a reload
 * must not end it: what comes meanwhile waits for its watcher. */
static void
mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigprocmask(how, &set, NULL);
}

static int
start(struct daemon *d, struct conf **c, struct err *err)
{
	double watchdog = notify_watchdog_interval();
	struct timespec now;

	raise_fd_limit();
	clock_gettime(CLOCK_MONOTONIC, &now);
	d->started = now.tv_sec;
	d->started_at = time(NULL);
	d->reloaded = true;
	if (fixed_init(&d->fixed, *c) == -1)
		return err_sys(err, "daemon");
	if ((d->loop = ev_loop_new(EVFLAG_AUTO)) == NULL)
		return err_set(err, "event loop: cannot start");
	if ((d->resolve = resolve_new(d->loop, on_places, d)) == NULL)
		return err_sys(err, "daemon");
	mask_signals(SIG_BLOCK);
	resolve_follow(d->resolve, *c);
	resolve_wait(d->resolve, DAEMON_DNS_SECONDS);
	start_signal(d, &d->hup, on_reload, SIGHUP);
	start_signal(d, &d->term, on_stop, SIGTERM);
	start_signal(d, &d->interrupt, on_stop, SIGINT);
	start_signal(d, &d->usr1, on_report, SIGUSR1);
	mask_signals(SIG_UNBLOCK);
	start_timer(d, &d->tick, on_tick, DAEMON_TICK_SECONDS);
	ev_timer_init(&d->go_on, on_go_on, 0, 0);
	d->go_on.data = d;
	if (watchdog > 0)
		start_timer(d, &d->watchdog, on_watchdog, watchdog);
	if (open_control(d, *c, err) == -1 ||
	    links_open(&d->links, d->loop, on_links, d, err) == -1 ||
	    neighbours_open(&d->neighbours, d->loop, err) == -1 ||
	    health_new(&d->health, d->loop, err) == -1)
		return -1;
	if (replace(d, c, err) == -1)
		return -1;
	say_switches(d);
	return 0;
}

int
daemon_new(struct daemon **out, struct conf **c, const struct daemon_options *o,
    struct err *err)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return err_sys(err, "daemon");
	d->options = *o;
	if (start(d, c, err) == -1) {
		daemon_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

static void
on_verified(void *arg, json_t *answer)
{
	struct daemon *d = arg;

	control_give(d->control, d->verify_ticket, reply_line(answer));
	verify_free(d->verify);
	d->verify = NULL;
}

int
daemon_verify(struct daemon *d, struct mirror *m, uint64_t ticket,
    struct err *err)
{
	const struct verify_options o = { d->loop, m, d->gen->conf->mark,
		on_verified, d };

	if (d->verify != NULL)
		return err_set(err,
		    "another verify goes on: try again in a "
		    "few seconds");
	d->verify_ticket = ticket;
	return verify_start(&d->verify, &o, err);
}

void
daemon_look(const struct daemon *d, struct daemon_view *v)
{
	*v = (struct daemon_view) { d->gen, d->switches, d->health,
		d->options.path, d->number, d->reloaded, d->started,
		d->started_at };
}

void
daemon_run(struct daemon *d)
{
	warn_of_kernel();
	if (access(d->fixed.state_dir, W_OK) == -1 && errno == EACCES)
		log_warn("state-dir %s: switches cannot be kept, and are "
			 "refused",
		    d->fixed.state_dir);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("ready", LOG_NUMBER("mirrors", d->gen->nmirrors),
		LOG_NUMBER("sources", generation_sources(d->gen))),
	    "ready: mirroring");
	say_ready(d);
	ev_run(d->loop, 0);
	notify_send("STOPPING=1\n");
	verify_cancel(d->verify, "the daemon stops");
	control_close(d->control);
	web_close(d->web);
	d->control = NULL;
	d->web = NULL;
	watches_stop(&d->watches, d->loop);
	for (size_t i = 0; i < d->gen->nmirrors; i++) {
		mirror_drain(d->gen->mirrors[i]);
		counters_print(d->gen->mirrors[i], log_info);
	}
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("stopped", LOG_NUMBER("pid", (uintmax_t)getpid())),
	    "stopped");
}

void
daemon_free(struct daemon *d)
{
	if (d == NULL)
		return;
	verify_free(d->verify);
	control_close(d->control);
	web_close(d->web);
	watches_stop(&d->watches, d->loop);
	follow_stop(&d->follow);
	links_close(d->links);
	resolve_free(d->resolve);
	health_free(d->health);
	neighbours_close(d->neighbours);
	generation_free(d->gen);
	json_decref(d->switches);
	fixed_fini(&d->fixed);
	if (d->loop != NULL)
		ev_loop_destroy(d->loop);
	free(d);
}
