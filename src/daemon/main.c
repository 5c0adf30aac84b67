/* SPDX-License-Identifier: ISC */
/* trafmirrord(8): what the command line asks for. */
#include "config.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "conf/print.h"
#include "daemon/control.h"
#include "daemon/daemon.h"
#include "daemon/detach.h"
#include "daemon/load.h"
#include "daemon/offline.h"
#include "daemon/pidfile.h"
#include "daemon/privs.h"
#include "daemon/resolve.h"
#include "daemon/counters.h"
#include "mirror/bandwidth.h"
#include "mirror/mirror.h"

#define DNS_SECONDS 5.0 /* that -r and --explain wait for names of DNS */

#define CANNOT_RELOAD \
	"%s: user %s cannot read it: a reload will fail (chgrp or chmod it)"

struct options {
	const char *conf;
	const char *pidfile;
	const char *user; /* overrides the configuration's */
	const char *savefile;
	const char *mirror;
	bool foreground;
	bool debug;
	bool check;
	bool print;
	bool explain;
	char **words; /* what is no option; NULL-terminated */
};

#define OPTION_EXPLAIN 256 /* no letter */

static const struct option long_options[] = {
	{ "explain", no_argument, NULL, OPTION_EXPLAIN },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void
usage(FILE *f)
{
	fputs("usage: trafmirrord [-dFhnpV] [-c file] [-P pidfile] [-u user]\n"
	      "       trafmirrord [-c file] -m mirror -r capture.pcap\n"
	      "       trafmirrord [-c file] [-m mirror] -n --explain "
	      "'tcp 10.0.0.14:43210 > 93.184.216.34:443 out'\n"
	      "       trafmirrord [-c file] [-m mirror] -n --explain "
	      "-r capture.pcap [in | out] [on interface]\n",
	    f);
}

static void
print_version(void)
{
	puts("trafmirrord " PACKAGE_VERSION);
	puts("encapsulations: vxlan gre geneve erspan erspan3");
	puts("balance: flow source packet replicate");
}

/* Why the options do not fit together, or NULL. */
static const char *
misfit(const struct options *o)
{
	if (o->explain)
		return o->check ? NULL : "--explain goes with -n";
	if (*o->words != NULL)
		return "there are only options, no other arguments";
	if (o->mirror == NULL && o->savefile != NULL)
		return "-r goes with -m, the mirror that gets the capture";
	if (o->mirror != NULL && o->savefile == NULL)
		return "-m goes with -r or with -n --explain";
	return NULL;
}

/* Returns 0, or -1 after a message; exits for -h and -V. */
static int
parse_options(struct options *o, int argc, char **argv)
{
	static const char letters[] = "c:dFhm:nP:pr:u:V"; /* getopt */
	const char *why;
	int ch;

	while (
	    (ch = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		switch (ch) {
		case 'c':
			o->conf = optarg;
			break;
		case 'd':
			o->debug = o->foreground = true;
			break;
		case 'F':
			o->foreground = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		case 'm':
			o->mirror = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'P':
			o->pidfile = optarg;
			break;
		case 'p':
			o->print = true;
			break;
		case 'r':
			o->savefile = optarg;
			break;
		case 'u':
			o->user = optarg;
			break;
		case 'V':
			print_version();
			exit(0);
		case OPTION_EXPLAIN:
			o->explain = true;
			break;
		default:
			usage(stderr);
			return -1;
		}
	}
	o->words = argv + optind;
	if ((why = misfit(o)) != NULL) {
		fprintf(stderr, "trafmirrord: %s\n", why);
		usage(stderr);
		return -1;
	}
	return 0;
}

static void
print_report(const struct conf_report *r)
{
	for (size_t i = 0; i < r->nerrors; i++)
		fprintf(stderr, "%s\n", r->errors[i]);
	for (size_t i = 0; i < r->nwarnings; i++)
		fprintf(stderr, "%s\n", r->warnings[i]);
}

static const char *
user_of(const struct options *o, const struct conf *c)
{
	return o->user != NULL ? o->user : c->user;
}

/* What root can read its user may not be able to. */
static bool
can_reload(const struct options *o, const struct conf *c)
{
	return geteuid() != 0 || privs_can_read(user_of(o, c), o->conf);
}

static struct conf *
load(const struct options *o)
{
	struct conf_report r = { 0 };
	struct conf *c = load_conf(o->conf, NULL, &r);

	print_report(&r);
	conf_report_fini(&r);
	return c;
}

/* What the words are that are no options; NULL without memory. */
static char *
join_words(char *const *words)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	for (; *words != NULL; words++)
		fprintf(f, "%s ", *words);
	return fclose(f) == 0 ? text : NULL;
}

static int
explain(const struct options *o, const struct conf *c)
{
	char *text = join_words(o->words);
	struct offline_question q = { o->mirror, text, o->savefile };
	struct err err;
	int rc;

	if (text == NULL)
		rc = err_sys(&err, "explain");
	else
		rc = offline_explain(c, &q, &err);
	if (rc == -1)
		log_error("%s", err.text);
	free(text);
	return rc;
}

/* What the names stand for now, or at least those that answer in time. NULL
 * without memory. */
static struct conf *
resolve_once(struct conf *c)
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	struct conf *placed = overlay_new(c);
	struct resolve *r = NULL;

	if (loop != NULL && placed != NULL)
		r = resolve_new(loop, NULL, NULL);
	if (r != NULL) {
		resolve_follow(r, c);
		resolve_wait(r, DNS_SECONDS);
	}
	if (r == NULL || resolve_apply(r, placed) == -1) {
		conf_free(placed);
		placed = NULL;
	}
	resolve_free(r);
	if (loop != NULL)
		ev_loop_destroy(loop);
	return placed;
}

static int
explain_placed(const struct options *o, struct conf *c)
{
	struct conf *placed;
	int rc;

	log_set_level(LOG_LEVEL_WARN);
	if ((placed = resolve_once(c)) == NULL) {
		log_error("out of memory");
		return -1;
	}
	rc = explain(o, placed);
	conf_free(placed);
	return rc;
}

/* -n, -p and --explain */
static int
check(const struct options *o, struct conf *c)
{
	const char *user = user_of(o, c);
	struct err err;

	if (privs_check(user, &err) == -1)
		fprintf(stderr, "warning: %s\n", err.text);
	if (!can_reload(o, c))
		fprintf(stderr, "warning: " CANNOT_RELOAD "\n", o->conf, user);
	if (control_check_group(c->control_group, &err) == -1)
		fprintf(stderr, "warning: %s\n", err.text);
	if (o->print)
		conf_print(c, stdout);
	if (o->explain && explain_placed(o, c) == -1)
		return 1;
	return fflush(stdout) == 0 ? 0 : 1;
}

static int
feed_mirror(const struct options *o, const struct conf *c)
{
	const struct conf_mirror *cm = conf_mirror_find(c, o->mirror);
	struct bandwidth bandwidth = { .share = 0 }; /* no limit */
	struct mirror_stats st;
	struct mirror *m;
	struct err err;
	uint64_t nread;
	int rc;

	if (cm->nnext_hops > 0) {
		log_error("mirror \"%s\": next-hop: a saved capture has no "
			  "table of neighbours: -r takes mirrors without it",
		    o->mirror);
		return 1;
	}
	if (mirror_new(&m, c, cm, &bandwidth, NULL, &err) == -1) {
		log_error("%s", err.text);
		return 1;
	}
	rc = mirror_run_savefile(m, o->savefile, &nread, &err);
	if (rc == -1)
		log_error("%s", err.text);
	if (rc == -1 && nread == 0)
		goto out;
	mirror_poll(m); /* says why sends failed */
	log_info("%s: %ju packets read", o->savefile, (uintmax_t)nread);
	counters_print(m, log_info);
	mirror_stats(m, &st);
	for (int i = 0; i < MIRROR_DROP_KINDS; i++)
		if (st.dropped_packets[i] > 0)
			rc = -1;
out:
	mirror_free(m);
	return rc == 0 ? 0 : 1;
}

/* -r: a saved capture through one mirror. */
static int
feed(const struct options *o, struct conf *c)
{
	struct conf *placed;
	int status;

	if (conf_mirror_find(c, o->mirror) == NULL) {
		log_error("%s: there is no mirror \"%s\"", o->conf, o->mirror);
		return 1;
	}
	if ((placed = resolve_once(c)) == NULL) {
		log_error("out of memory");
		return 1;
	}
	status = feed_mirror(o, placed);
	conf_free(placed);
	return status;
}

/* From here on errors go to the log, which is stderr until all is open. */
static int
serve(const struct options *o, struct conf **c)
{
	const char *user = user_of(o, *c);
	int facility = (*c)->log_facility;
	int ready_fd = -1, pid_fd = -1, status = 1;
	struct daemon *d = NULL;
	char *drop_to = strdup(user);
	struct daemon_options daemon = { o->conf, drop_to, o->debug };
	struct err err;

	if (drop_to == NULL) {
		err_sys(&err, "start");
		goto out;
	}
	log_set_level(o->debug ? LOG_LEVEL_DEBUG : (*c)->log_level);
	if (!can_reload(o, *c))
		log_warnx(CANNOT_RELOAD, o->conf, drop_to);
	if (!o->foreground && (ready_fd = detach_start(&err)) == -1)
		goto out;
	if (o->pidfile != NULL &&
	    (pid_fd = pidfile_open(o->pidfile, &err)) == -1)
		goto out;
	if (daemon_new(&d, c, &daemon, &err) == -1 ||
	    privs_drop(drop_to, &err) == -1)
		goto out;
	if (!o->foreground)
		log_to_syslog(facility);
	detach_ready(ready_fd);
	daemon_run(d);
	status = 0;
out:
	if (status != 0)
		log_error("%s", err.text);
	daemon_free(d);
	pidfile_close(pid_fd, o->pidfile);
	free(drop_to);
	return status;
}

/* The path as seen from "/", where the daemon goes; NULL with errno. Symbolic
 * links stay: a reload is to see where they point to then. */
static char *
make_absolute(const char *path)
{
	char *cwd, *text;

	if (path[0] == '/')
		return strdup(path);
	cwd = getcwd(NULL, 0);
	if (cwd == NULL || asprintf(&text, "%s/%s", cwd, path) == -1)
		text = NULL;
	free(cwd);
	return text;
}

static bool
is_daemon(const struct options *o)
{
	return !o->check && !o->print && o->savefile == NULL;
}

/* A reload that is asked for while the first one goes on waits for the daemon,
 * which lets these signals through when it catches them. */
static void
hold_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

int
main(int argc, char **argv)
{
	struct options o = { .conf = TM_SYSCONFDIR "/trafmirrord.conf" };
	char *conf = NULL, *pidfile = NULL;
	struct conf *c = NULL;
	struct err err;
	int status = 1;

	if (parse_options(&o, argc, argv) == -1)
		return 1;
	if (is_daemon(&o))
		hold_signals();
	if (is_daemon(&o) && !o.foreground) {
		if (o.pidfile == NULL)
			o.pidfile = TM_RUNSTATEDIR "/trafmirrord.pid";
		o.conf = conf = make_absolute(o.conf);
		o.pidfile = pidfile = make_absolute(o.pidfile);
		if (conf == NULL || pidfile == NULL) {
			log_warn("current folder");
			goto out;
		}
	}
	if ((c = load(&o)) == NULL)
		goto out;
	signal(SIGPIPE, SIG_IGN);
	if (o.check || o.print) {
		status = check(&o, c);
	} else if (privs_check_rights(&err) == -1) {
		log_error("%s", err.text);
	} else if (o.savefile != NULL) {
		status = feed(&o, c);
	} else if (geteuid() == 0 && privs_check(user_of(&o, c), &err) == -1) {
		log_error("%s", err.text);
	} else {
		status = serve(&o, &c);
	}
out:
	conf_free(c);
	free(conf);
	free(pidfile);
	return status;
}
