/* SPDX-License-Identifier: ISC */
/* trafmirrorctl(8): what the command line asks the daemon for. */
#include "config.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/text.h"
#include "ctl/link.h"
#include "ctl/show.h"

enum status { DONE, REFUSED, USAGE, NO_DAEMON };

/* Adds the arguments to the request; returns -1 if they are not right. */
typedef int take_arguments(json_t *request, char **argv);
typedef void show(const json_t *answer);

static void
usage(FILE *f)
{
	fputs(
	    "usage: trafmirrorctl [-hjV] [-s socket] command [argument ...]\n"
	    "\n"
	    "  status [MIRROR]           what is mirrored, and what is lost\n"
	    "  reload                    read the configuration again\n"
	    "  enable | disable MIRROR   collect, or do not\n"
	    "  drain | undrain TARGET    take a target out, and in again\n"
	    "  tag MIRROR KEY=VALUE ...  set tags\n"
	    "  untag MIRROR KEY ...      remove tags\n"
	    "  reset MIRROR | TARGET     as the configuration says\n"
	    "  list mirrors | targets    their names, one a line\n"
	    "  ping, version             whether there is a daemon, and which\n"
	    "\n"
	    "-j: JSON, as the daemon answers. See trafmirrorctl(8).\n",
	    f);
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

static int
take(json_t *request, const char *field, char **argv)
{
	json_t *text;

	if (argv[0] == NULL || argv[1] != NULL)
		return -1;
	if ((text = json_string(argv[0])) == NULL) {
		fputs("trafmirrorctl: a name is UTF-8\n", stderr);
		return -1;
	}
	return json_object_set_new(request, field, text);
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
		if (json_object_set_new(tags, *argv, json_string(equals + 1)) ==
		    -1)
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
		if (json_array_append_new(keys, json_string(*argv)) == -1)
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
	const char *asks; /* the daemon's word for it */
	take_arguments *take;
	show *show;
} commands[] = {
	{ "status", "status", take_mirror_or_none, show_status },
	{ "reload", "reload", no_arguments, show_reload },
	{ "enable", "enable", take_mirror, show_message },
	{ "disable", "disable", take_mirror, show_message },
	{ "drain", "drain", take_target, show_message },
	{ "undrain", "undrain", take_target, show_message },
	{ "tag", "tag", take_tags, show_message },
	{ "untag", "untag", take_keys, show_message },
	{ "reset", "reset", take_name, show_message },
	{ "list mirrors", "status", no_arguments, show_mirrors },
	{ "list targets", "status", no_arguments, show_targets },
	{ "ping", "ping", no_arguments, show_pong },
	{ "version", "version", no_arguments, show_version },
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
	if (text_is_printable(line, strlen(line)))
		fputs(line, stdout);
	else
		json_dumpf(answer, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
}

static enum status
finish(const struct command *c, const json_t *request, const json_t *answer,
    const char *line)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));
	bool one = json_object_get(request, "mirror") != NULL;

	if (line != NULL) {
		show_json(answer, line);
	} else {
		show_lines(stderr, "", json_object_get(answer, "warnings"));
		show_lines(stderr,
		    "trafmirrorctl: ", json_object_get(answer, "errors"));
		if (ok && c->show == show_status && one)
			show_mirror(answer);
		else if (ok)
			c->show(answer);
	}
	return ok && fflush(stdout) == 0 ? DONE : REFUSED;
}

static enum status
run(const struct command *c, const json_t *request, const char *path, bool json)
{
	int fd = link_open(path);
	enum status status;
	json_t *answer;
	char *line;

	if (fd < 0)
		return fd == LINK_REFUSED ? REFUSED : NO_DAEMON;
	answer = link_ask(fd, request, &line);
	close(fd);
	if (answer == NULL)
		return NO_DAEMON;
	status = finish(c, request, answer, json ? line : NULL);
	json_decref(answer);
	free(line);
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = TM_RUNSTATEDIR "/trafmirrord/control.sock";
	const struct command *c;
	json_t *request;
	bool json = false;
	int ch, status = USAGE;

	setlocale(LC_CTYPE, "C.UTF-8");
	while ((ch = getopt(argc, argv, "hjs:V")) != -1) {
		switch (ch) {
		case 'h':
			usage(stdout);
			return DONE;
		case 'j':
			json = true;
			break;
		case 's':
			path = optarg;
			break;
		case 'V':
			puts("trafmirrorctl " PACKAGE_VERSION);
			return DONE;
		default:
			usage(stderr);
			return USAGE;
		}
	}
	argv += optind;
	if (*argv == NULL || (c = find_command(&argv)) == NULL) {
		complain("there is no command ", *argv);
		return USAGE;
	}
	request = json_pack("{s:i, s:s}", "protocol", 1, "command", c->asks);
	if (request == NULL || c->take(request, argv) == -1)
		complain("not the arguments of ", c->name);
	else
		status = (int)run(c, request, path, json);
	json_decref(request);
	return status;
}
