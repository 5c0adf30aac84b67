/* SPDX-License-Identifier: ISC */
/* Plays the daemon for a client: listens, starts the client, and does what a
 * script says, a step a line:
 *
 *	expect TEXT	the next line that comes has to be TEXT
 *	answer TEXT	TEXT and a newline
 *	bytes TEXT	TEXT, with \xNN for what no script can hold
 *	slowly MS TEXT	TEXT, a byte each MS milliseconds
 *	file NAME	what is in the file, and a newline
 *	fill N		N times x
 *	hang-up		ends the connection
 *	accept		takes the next one; the first is taken without
 *	silence		until the client has gone
 *	#		nothing
 *
 * The exit status is that of the client, or 99 if something else was asked
 * for than the script expects. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 262144
#define LATE_SECONDS   30

struct fake {
	int listener;
	int fd; /* -1: nobody is connected */
	char line[LINE_MAX_BYTES];
};

static void
die(const char *what)
{
	fprintf(stderr, "fakedaemon: %s: %s\n", what, strerror(errno));
	exit(99);
}

static void
fail(const char *what, const char *text)
{
	fprintf(stderr, "fakedaemon: %s%s\n", what, text);
	exit(99);
}

static void
take_client(struct fake *f)
{
	if (f->fd != -1)
		close(f->fd);
	if ((f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC)) == -1)
		die("accept");
}

/* Reads up to the newline. The client sends nothing before an answer. */
static void
expect(struct fake *f, const char *want)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len + 1 < sizeof(f->line) &&
	    (len == 0 || f->line[len - 1] != '\n')) {
		n = recv(f->fd, f->line + len, sizeof(f->line) - 1 - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	f->line[len] = '\0';
	f->line[strcspn(f->line, "\n")] = '\0';
	if (strcmp(f->line, want) != 0)
		fail("asked for: ", f->line);
}

/* A client that has gone is its own affair. */
static void
put(struct fake *f, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(f->fd, text, len, MSG_NOSIGNAL);

		if (n == -1)
			return;
		text += n;
		len -= (size_t)n;
	}
}

static void
answer(struct fake *f, const char *text)
{
	put(f, text, strlen(text));
	put(f, "\n", 1);
}

static void
bytes(struct fake *f, const char *text)
{
	for (; *text != '\0'; text++) {
		char hex[3] = "", *end, c = *text;

		if (text[0] == '\\' && text[1] == 'x') {
			memcpy(hex, text + 2, 2);
			c = (char)strtoul(hex, &end, 16);
			if (end != hex + 2)
				fail("\\x needs two digits: ", text);
			text += 3;
		}
		put(f, &c, 1);
	}
}

/* False if the client went meanwhile. */
static bool
pause_for(struct fake *f, int ms)
{
	struct pollfd p = { .fd = f->fd, .events = POLLRDHUP };

	return poll(&p, 1, ms) == 0;
}

static void
slowly(struct fake *f, const char *text)
{
	char *rest;
	long ms = strtol(text, &rest, 10);

	for (rest++; *rest != '\0' && pause_for(f, (int)ms); rest++)
		put(f, rest, 1);
}

static void
file(struct fake *f, const char *name)
{
	FILE *in = fopen(name, "r");
	int c;

	if (in == NULL)
		die(name);
	while ((c = getc(in)) != EOF) {
		char byte = (char)c;

		if (c != '\n')
			put(f, &byte, 1);
	}
	fclose(in);
	put(f, "\n", 1);
}

static void
fill(struct fake *f, const char *text)
{
	long n = strtol(text, NULL, 10);

	memset(f->line, 'x', sizeof(f->line));
	for (; n > 0; n -= (long)sizeof(f->line))
		put(f, f->line,
		    n < (long)sizeof(f->line) ? (size_t)n : sizeof(f->line));
}

static void
hang_up(struct fake *f, const char *text)
{
	close(f->fd);
	f->fd = -1;
}

static void
accept_next(struct fake *f, const char *text)
{
	take_client(f);
}

static void
silence(struct fake *f, const char *text)
{
	pause_for(f, -1);
}

static void
nothing(struct fake *f, const char *text)
{
}

static const struct step {
	const char *name;
	void (*play)(struct fake *f, const char *text);
} steps[] = {
	{ "expect", expect },
	{ "answer", answer },
	{ "bytes", bytes },
	{ "slowly", slowly },
	{ "file", file },
	{ "fill", fill },
	{ "hang-up", hang_up },
	{ "accept", accept_next },
	{ "silence", silence },
	{ "#", nothing },
};

static void
play_line(struct fake *f, char *line)
{
	char *text = line + strcspn(line, " ");

	if (*text == ' ')
		*text++ = '\0';
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, line) == 0) {
			steps[i].play(f, text);
			return;
		}
	fail("no such step: ", line);
}

static void
play(struct fake *f, const char *script)
{
	FILE *in = fopen(script, "re");
	char *line = NULL;
	size_t size = 0;

	if (in == NULL)
		die(script);
	take_client(f);
	while (getline(&line, &size, in) != -1) {
		line[strcspn(line, "\n")] = '\0';
		play_line(f, line);
	}
	free(line);
	fclose(in);
}

static void
listen_at(struct fake *f, const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(un.sun_path))
		fail("too long: ", path);
	strcpy(un.sun_path, path);
	unlink(path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->listener == -1 ||
	    bind(f->listener, (struct sockaddr *)&un, sizeof(un)) == -1 ||
	    listen(f->listener, 4) == -1)
		die(path);
}

int
main(int argc, char **argv)
{
	static struct fake f = { .fd = -1 };
	int status;
	pid_t child;

	if (argc < 4)
		fail("usage: fakedaemon socket script command...", "");
	listen_at(&f, argv[1]);
	alarm(LATE_SECONDS);
	if ((child = fork()) == -1)
		die("fork");
	if (child == 0) {
		alarm(0);
		execvp(argv[3], argv + 3);
		die(argv[3]);
	}
	play(&f, argv[2]);
	if (f.fd != -1)
		close(f.fd);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		fail("the client did not exit", "");
	return WEXITSTATUS(status);
}
