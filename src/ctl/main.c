/* SPDX-License-Identifier: ISC */
/* trafmirrorctl(8): what the command line asks the daemon for. */
#include "config.h"

#include <getopt.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "conf/text.h"
#include "ctl/ctl.h"
#include "ctl/explain_cli.h"
#include "ctl/link.h"
#include "ctl/listen.h"
#include "ctl/show.h"
#include "ctl/top.h"

#define SECONDS_MAX 86400

/* Adds the arguments to the request; returns -1 if they are not right. */
typedef int take_arguments(json_t *request, char **argv);
typedef void show(const json_t *answer);

static void
usage(FILE *f)
{
	fputs(
	    "usage: trafmirrorctl [-hjV] [-s socket] [-t seconds] command [argument ...]\n"
	    "\n"
	    "  status [MIRROR]           what is mirrored, and what is lost\n"
	    "  top [MIRROR]              the same, each second, with rates\n"
	    "  metrics                   the figures, for Prometheus\n"
	    "  explain [MIRROR] 'FLOW'   whether it is mirrored, and why not,\n"
	    "                            as 'tcp 10.0.0.14:43210 > "
	    "93.184.216.34:443 out'\n"
	    "  explain [MIRROR] -r FILE  the same for each packet of a capture\n"
	    "  reload                    read the configuration again\n"
	    "  enable | disable MIRROR   collect, or do not\n"
	    "  drain | undrain TARGET    take a target out, and in again\n"
	    "  tag MIRROR KEY=VALUE ...  set tags\n"
	    "  untag MIRROR KEY ...      remove tags\n"
	    "  reset MIRROR | TARGET     as the configuration says\n"
	    "  verify MIRROR             send probes to its targets\n"
	    "  listen [COUNT]            at a target: answer probes\n"
	    "  list mirrors | targets    their names, one a line\n"
	    "  ping, version             whether there is a daemon, and which\n"
	    "\n"
	    "-j: JSON, as the daemon answers; -t: wait at most so long, not 60 s.\n"
	    "See trafmirrorctl(8).\n",
	    f);
}

/* Of the arguments of a command: the whole usage would be of no help. */
static void
complain_of(const char *name, const char *arguments)
{
	fprintf(stderr, "trafmirrorctl: not the arguments of %s: it takes %s\n",
	    name, arguments[0] == '\0' ? "none" : arguments);
}

/* what may be NULL: there is nothing to complain of but the whole. */
static void
complain(const char *why, const char *what)
{
	if (what != NULL) {
		fprintf(stderr, "trafmirrorctl: %s", why);
		show_text(stderr, what, 0);
		fputs("\n\n", stderr);
	}
	usage(stderr);
}

static int
no_arguments(json_t *request, char **argv)
{
	return argv[0] == NULL ? 0 : -1;
}

/* NULL, and says why, if the text is no UTF-8. */
static json_t *
utf8(const char *text)
{
	json_t *j = json_string(text);

	if (j == NULL)
		fputs("trafmirrorctl: names and tags are UTF-8\n", stderr);
	return j;
}

static int
take(json_t *request, const char *field, char **argv)
{
	if (argv[0] == NULL || argv[1] != NULL)
		return -1;
	return json_object_set_new(request, field, utf8(argv[0]));
}

static int
take_mirror(json_t *request, char **argv)
{
	return take(request, "mirror", argv);
}

static int
take_mirror_or_none(json_t *request, char **argv)
{
	return argv[0] == NULL ? 0 : take(request, "mirror", argv);
}

static int
take_target(json_t *request, char **argv)
{
	return take(request, "target", argv);
}

static int
take_name(json_t *request, char **argv)
{
	return take(request, "name", argv);
}

static int
take_tags(json_t *request, char **argv)
{
	json_t *tags = json_object();
	char *mirror[] = { argv[0], NULL };

	json_object_set_new(request, "tags", tags);
	if (argv[0] == NULL || argv[1] == NULL)
		return -1;
	for (argv++; *argv != NULL; argv++) {
		char *equals = strchr(*argv, '=');

		if (equals == NULL)
			return -1;
		*equals = '\0';
		if (json_object_set_new(tags, *argv, utf8(equals + 1)) == -1)
			return -1;
	}
	return take(request, "mirror", mirror);
}

static int
take_keys(json_t *request, char **argv)
{
	json_t *keys = json_array();
	char *mirror[] = { argv[0], NULL };

	json_object_set_new(request, "keys", keys);
	if (argv[0] == NULL || argv[1] == NULL)
		return -1;
	for (argv++; *argv != NULL; argv++)
		if (json_array_append_new(keys, utf8(*argv)) == -1)
			return -1;
	return take(request, "mirror", mirror);
}

/* ---- list: a status of which only the names are shown ------------------- */

static void
show_names(const json_t *things)
{
	json_t *one;
	size_t i;

	json_array_foreach(things, i, one) {
		const char *name = json_string_value(
		    json_object_get(one, "name"));

		show_text(stdout, name == NULL ? "?" : name, 0);
		putchar('\n');
	}
}

static void
show_mirrors(const json_t *answer)
{
	show_names(json_object_get(answer, "mirrors"));
}

static void
show_targets(const json_t *answer)
{
	show_names(json_object_get(answer, "targets"));
}

static void
show_pong(const json_t *answer)
{
}

static const struct command {
	const char *name;
	const char *asks;      /* the daemon's word for it */
	const char *arguments; /* as in usage */
	take_arguments *take;  /* NULL: explain_cli_take */
	show *show;	       /* NULL: top_run, which asks more than once */
} commands[] = {
	{ "status", "status", "[MIRROR]", take_mirror_or_none, show_status },
	{ "top", "status", "[MIRROR]", take_mirror_or_none, NULL },
	{ "metrics", "metrics", "", no_arguments, show_metrics },
	{ "explain", "explain", "[MIRROR] 'FLOW', or [MIRROR] -r FILE", NULL,
	    explain_cli_show },
	{ "reload", "reload", "", no_arguments, show_reload },
	{ "enable", "enable", "MIRROR", take_mirror, show_message },
	{ "disable", "disable", "MIRROR", take_mirror, show_message },
	{ "drain", "drain", "TARGET", take_target, show_message },
	{ "undrain", "undrain", "TARGET", take_target, show_message },
	{ "tag", "tag", "MIRROR KEY=VALUE ...", take_tags, show_message },
	{ "untag", "untag", "MIRROR KEY ...", take_keys, show_message },
	{ "reset", "reset", "MIRROR | TARGET", take_name, show_message },
	{ "verify", "verify", "MIRROR", take_mirror, show_verify },
	{ "list mirrors", "status", "", no_arguments, show_mirrors },
	{ "list targets", "status", "", no_arguments, show_targets },
	{ "ping", "ping", "", no_arguments, show_pong },
	{ "version", "version", "", no_arguments, show_version },
};

/* *argv is moved on to the arguments. */
static const struct command *
find_command(char ***argv)
{
	char name[32];
	bool list = strcmp(**argv, "list") == 0 && (*argv)[1] != NULL;

	snprintf(name, sizeof(name), "%s%s%s", **argv, list ? " " : "",
	    list ? (*argv)[1] : "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0) {
			*argv += 1 + list;
			return &commands[i];
		}
	return NULL;
}

/* As it came; escaped if a terminal could be led astray by it. */
static void
show_json(const json_t *answer, const char *line)
{
	char *escaped = NULL;

	if (!text_is_printable(line, strlen(line))) {
		escaped = json_dumps(answer, JSON_COMPACT | JSON_ENSURE_ASCII);
		line = escaped == NULL ? "" : escaped;
	}
	for (; *line != '\0'; line++)
		if (*line == '\x7f') /* is ASCII, too */
			fputs("\\u007f", stdout);
		else
			putchar(*line);
	putchar('\n');
	free(escaped);
}

static void
show_errors(const json_t *answer)
{
	const json_t *errors = json_object_get(answer, "errors");

	show_lines(stderr, "trafmirrorctl: ", errors);
	if (json_array_size(errors) == 0)
		fputs("trafmirrorctl: the daemon refuses, and does not say "
		      "why\n",
		    stderr);
}

static enum ctl_status
finish(const struct command *c, const json_t *request, const json_t *answer,
    const char *line)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));
	bool one = json_object_get(request, "mirror") != NULL;

	if (line != NULL) {
		show_json(answer, line);
	} else {
		show_lines(stderr, "", json_object_get(answer, "warnings"));
		if (!ok)
			show_errors(answer);
		else if (c->show == show_status && one)
			show_mirror(answer);
		else
			c->show(answer);
	}
	ok &= !json_is_false(json_object_get(answer, "delivered"));
	if (fflush(stdout) != 0) {
		perror("trafmirrorctl: stdout");
		return CTL_REFUSED;
	}
	return ok ? CTL_DONE : CTL_REFUSED;
}

struct session {
	const struct command *command;
	const struct ctl_options *options;
	int fd;
	enum ctl_status status; /* of the last answer */
};

/* Returns how many packets the answer is about, or -1. */
static int
ask(void *arg, json_t *request)
{
	struct session *s = arg;
	json_t *answer;
	char *line;
	size_t n;

	s->status = CTL_NO_DAEMON;
	answer = link_ask(s->fd, request, s->options->seconds, &line);
	if (answer == NULL)
		return -1;
	s->status = finish(s->command, request, answer,
	    s->options->json ? line : NULL);
	n = json_array_size(json_object_get(answer, "packets"));
	json_decref(answer);
	free(line);
	return s->status == CTL_DONE ? (int)n : -1;
}

static enum ctl_status
run(const struct command *c, json_t *request, const struct ctl_options *o)
{
	struct session s = { c, o, link_open(o->path, o->seconds), CTL_DONE };

	if (s.fd < 0)
		return s.fd == LINK_REFUSED ? CTL_REFUSED : CTL_NO_DAEMON;
	if (o->capture == NULL)
		ask(&s, request);
	else if (explain_cli_capture(o->capture, request, ask, &s) == -2)
		s.status = CTL_USAGE;
	close(s.fd);
	return s.status;
}

/* Returns -1 after saying what is wrong with the arguments. */
static int
prepare(const struct command *c, json_t *request, char **argv,
    const struct ctl_options *o)
{
	if (request != NULL && c->take == NULL)
		return explain_cli_take(request, argv, o->capture);
	if (request != NULL && o->capture == NULL &&
	    c->take(request, argv) == 0)
		return 0;
	complain_of(c->name, c->arguments);
	return -1;
}

/* The one command that is not for the daemon. */
static enum ctl_status
listen_to(char **argv, bool json)
{
	uint64_t count = 0;

	if (argv[0] != NULL &&
	    (num_parse(&count, argv[0], 1, UINT32_MAX) != 0 ||
		argv[1] != NULL)) {
		complain_of("listen", "[COUNT], from 1");
		return CTL_USAGE;
	}
	return listen_run(count, json) == 0 ? CTL_DONE : CTL_REFUSED;
}

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Returns the index of the command in argv, or -1 and the exit status. */
static int
take_options(struct ctl_options *o, int argc, char **argv, int *status)
{
	static const char letters[] = ":hjr:s:t:V"; /* getopt */
	uint64_t seconds;
	int ch;

	*status = CTL_DONE;
	while (
	    (ch = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
		char letter[] = { (char)optopt, '\0' };

		switch (ch) {
		case 'h':
			usage(stdout);
			return -1;
		case 'j':
			o->json = true;
			break;
		case 'r':
			o->capture = optarg;
			break;
		case 's':
			o->path = optarg;
			break;
		case 't':
			if (num_parse(&seconds, optarg, 1, SECONDS_MAX) == 0) {
				o->seconds = (int)seconds;
				break;
			}
			complain("-t takes 1-86400 seconds, not ", optarg);
			*status = CTL_USAGE;
			return -1;
		case 'V':
			puts("trafmirrorctl " PACKAGE_VERSION);
			return -1;
		default:
			complain(ch == ':' ? "an argument is missing after -" :
					     "there is no option -",
			    optopt != 0 ? letter : argv[optind - 1] + 1);
			*status = CTL_USAGE;
			return -1;
		}
	}
	return optind;
}

int
main(int argc, char **argv)
{
	struct ctl_options o = {
		.path = TM_RUNSTATEDIR "/trafmirrord/control.sock",
		.seconds = LINK_SECONDS,
	};
	const struct command *c;
	json_t *request;
	int first, status;

	setlocale(LC_CTYPE, "C.UTF-8");
	if ((first = take_options(&o, argc, argv, &status)) == -1)
		return status;
	argv += first;
	if (*argv != NULL && strcmp(*argv, "listen") == 0)
		return (int)listen_to(argv + 1, o.json);
	if (*argv == NULL || (c = find_command(&argv)) == NULL) {
		if (*argv != NULL && strcmp(*argv, "list") == 0)
			complain_of("list", "mirrors or targets");
		else
			complain("there is no command ", *argv);
		return CTL_USAGE;
	}
	request = json_pack("{s:i, s:s}", "protocol", 1, "command", c->asks);
	status = CTL_USAGE;
	if (prepare(c, request, argv, &o) == 0)
		status = (int)(c->show == NULL ? top_run(&o, request) :
						 run(c, request, &o));
	json_decref(request);
	return status;
}
