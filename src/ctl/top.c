/* SPDX-License-Identifier: ISC */
/* trafmirrorctl top: rates, each second. */
#include "config.h"

#include <sys/signalfd.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/history.h"
#include "ctl/link.h"
#include "ctl/rates.h"
#include "ctl/screen.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "ctl/top.h"

#define INTERVAL    1.0 /* seconds */
#define PLAIN_WIDTH 79
#define SLOW	    2.0 /* seconds after which the user is told to wait */

struct top {
	const struct ctl_options *options;
	const json_t *request;
	int fd; /* -1: no daemon */
	int signals;
	struct link_line line; /* the answer that comes in */
	bool waiting;	       /* for it */
	double asked, next;    /* when, by the monotonic clock */
	json_t *before, *now;  /* answers */
	double before_at, now_at;
	struct history *history;
	struct screen *screen;
	char notice[LINK_WHY_MAX + 32];
};

static double
clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ---- answers ------------------------------------------------------------- */

static struct rates
rates_now(const struct top *t)
{
	return rates_between(t->before, t->now, t->now_at - t->before_at);
}

/* A second of history, of which nothing is known without an answer. */
static void
remember(struct top *t, bool answered)
{
	struct rates r = rates_now(t), m;

	history_begin(t->history);
	for (size_t i = 0; answered && rates_item(&r, "mirrors", "name", i, &m);
	     i++) {
		const char *name = json_string_value(
		    json_object_get(m.now, "name"));

		if (name != NULL)
			history_add(t->history, name,
			    rates_of(&m, "captured_packets"));
	}
}

/* Takes the answer. */
static void
take(struct top *t, json_t *answer, double at)
{
	json_decref(t->before);
	t->before = t->now;
	t->before_at = t->now_at;
	t->now = answer;
	t->now_at = at;
}

/* The first reason of a refusal. */
static const char *
refusal(const json_t *answer)
{
	const char *why = json_string_value(
	    json_array_get(json_object_get(answer, "errors"), 0));

	return why == NULL ? "the daemon refuses, and does not say why" : why;
}

/* ---- the connection ------------------------------------------------------ */

static void
lose(struct top *t, const char *why)
{
	snprintf(t->notice, sizeof(t->notice), "trying again: %s", why);
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
	t->waiting = false;
	link_line_fini(&t->line);
	remember(t, false);
}

static void
lose_errno(struct top *t)
{
	lose(t, errno == 0 ? "the daemon has hung up" : strerror(errno));
}

static void
ask(struct top *t, double at)
{
	char why[LINK_WHY_MAX];
	int fd;

	t->next += INTERVAL;
	if (t->next <= at) /* it was stopped for a while */
		t->next = at + INTERVAL;
	if (t->fd == -1) {
		if ((fd = link_connect(t->options->path, 1, why)) < 0) {
			lose(t, why);
			return;
		}
		t->fd = fd;
	}
	if (link_send(t->fd, t->request) == -1) {
		lose_errno(t);
		return;
	}
	t->asked = at;
	t->waiting = true;
}

static void
receive(struct top *t, double at)
{
	char why[LINK_WHY_MAX];
	json_t *answer;
	int n = link_receive(t->fd, &t->line);

	if (n == 0)
		return;
	if (n == -1) {
		lose_errno(t);
		return;
	}
	if ((answer = link_parse(&t->line, why)) == NULL) {
		lose(t, why);
		return;
	}
	link_line_fini(&t->line);
	t->waiting = false;
	if (json_is_true(json_object_get(answer, "ok"))) {
		t->notice[0] = '\0';
		take(t, answer, at);
		remember(t, true);
		return;
	}
	snprintf(t->notice, sizeof(t->notice), "%s", refusal(answer));
	json_decref(answer);
	remember(t, false);
}

static void
look_at_clock(struct top *t, double at)
{
	if (t->waiting && at - t->asked > t->options->seconds)
		lose(t, "the daemon does not answer: timed out");
	else if (t->waiting && at - t->asked > SLOW)
		snprintf(t->notice, sizeof(t->notice),
		    "no answer for %.0f seconds", at - t->asked);
	if (!t->waiting && at >= t->next)
		ask(t, at);
}

/* ---- the screen ---------------------------------------------------------- */

static void
draw(struct top *t)
{
	int width = screen_width(t->screen);
	struct rates r = rates_now(t);
	struct table table = { 0 }, notice = { 0 };

	table_make(&table, &r, t->history, width, screen_art(t->screen));
	table_add(&notice, TABLE_LOSS, t->notice, width);
	screen_show(t->screen, &table,
	    notice.n == 0 ? "" : notice.lines[0].text);
	table_fini(&notice);
	table_fini(&table);
}

/* Until something comes or is due. False: the user has left. */
static bool
wait_for(struct top *t)
{
	struct pollfd p[] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = t->signals, .events = POLLIN },
		{ .fd = t->fd, .events = POLLIN } };
	double left = t->waiting ? INTERVAL : t->next - clock_now();

	if (poll(p, 3, left <= 0 ? 0 : (int)(left * 1000) + 1) > 0) {
		if ((p[0].revents & (POLLHUP | POLLERR)) != 0 ||
		    p[1].revents != 0)
			return false;
		if (p[2].revents != 0)
			receive(t, clock_now());
	}
	return screen_keys(t->screen);
}

static void
watch(struct top *t)
{
	bool stays = true;

	while (stays) {
		look_at_clock(t, clock_now());
		draw(t);
		stays = wait_for(t);
	}
}

/* ---- without a screen ---------------------------------------------------- */

static enum ctl_status
print(const struct top *t)
{
	struct rates r = rates_now(t);
	struct table table = { 0 };

	table_make(&table, &r, NULL, PLAIN_WIDTH, ART_NONE);
	for (size_t i = 0; i < table.n; i++)
		puts(table.lines[i].text);
	table_fini(&table);
	if (fflush(stdout) == 0)
		return CTL_DONE;
	perror("trafmirrorctl: stdout");
	return CTL_REFUSED;
}

/* Waits for an answer, and takes it. */
static enum ctl_status
ask_and_wait(struct top *t)
{
	json_t *answer;
	char *line;

	answer = link_ask(t->fd, t->request, t->options->seconds, &line);
	if (answer == NULL)
		return CTL_NO_DAEMON;
	free(line);
	if (!json_is_true(json_object_get(answer, "ok"))) {
		fputs("trafmirrorctl: ", stderr);
		show_text(stderr, refusal(answer), 0);
		fputc('\n', stderr);
		json_decref(answer);
		return CTL_REFUSED;
	}
	take(t, answer, clock_now());
	return CTL_DONE;
}

static enum ctl_status
print_after_interval(struct top *t)
{
	enum ctl_status status;

	while (clock_now() < t->next)
		usleep((useconds_t)((t->next - clock_now()) * 1e6) + 1);
	status = ask_and_wait(t);
	return status == CTL_DONE ? print(t) : status;
}

/* ---- all ----------------------------------------------------------------- */

/* Signals that end the program come as events, so that the terminal is put in
 * order before. */
static int
open_signals(sigset_t *old)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* What was a reason to leave is none to die of. */
static void
close_signals(int fd, const sigset_t *old)
{
	struct signalfd_siginfo info;

	while (fd != -1 && read(fd, &info, sizeof(info)) > 0)
		continue;
	close(fd);
	sigprocmask(SIG_SETMASK, old, NULL);
}

static enum ctl_status
show(struct top *t)
{
	enum ctl_status status = ask_and_wait(t);
	bool watched = false;
	sigset_t old;

	if (status != CTL_DONE)
		return status;
	t->next = t->now_at + INTERVAL;
	t->signals = open_signals(&old);
	if (t->signals != -1 && (t->screen = screen_open()) != NULL) {
		watch(t);
		screen_close(t->screen);
		watched = true;
	}
	close_signals(t->signals, &old);
	return watched ? CTL_DONE : print_after_interval(t);
}

enum ctl_status
top_run(const struct ctl_options *o, const json_t *request)
{
	struct top t = { .options = o, .request = request };
	enum ctl_status status;

	if (o->json) {
		fputs("trafmirrorctl: top is for people: for JSON there is "
		      "status\n",
		    stderr);
		return CTL_USAGE;
	}
	if ((t.fd = link_open(o->path, o->seconds)) < 0)
		return t.fd == LINK_REFUSED ? CTL_REFUSED : CTL_NO_DAEMON;
	if ((t.history = history_new()) == NULL) {
		perror("trafmirrorctl");
		status = CTL_REFUSED;
	} else {
		status = show(&t);
	}
	if (t.fd != -1)
		close(t.fd);
	link_line_fini(&t.line);
	json_decref(t.before);
	json_decref(t.now);
	history_free(t.history);
	return status;
}
