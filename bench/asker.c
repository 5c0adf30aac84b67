/* SPDX-License-Identifier: ISC */
/* Asks the daemon for its status so many times a second, over one connection
 * and whether it has answered or not, and says how that went. */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

#define NS	      1000000000
#define READ_SIZE     65536
#define REQUESTS_OPEN 2048 /* without an answer */
#define LATE_MS	      10000

struct asker {
	int fd;
	uint64_t rate, ms;
	uint64_t asked, answers;
	uint64_t slowest; /* ns */
	uint64_t times[REQUESTS_OPEN];
};

static void
usage(void)
{
	fputs("usage: asker -s socket -r requests per second -t milliseconds\n"
	      "It prints the number of answers, the nanoseconds that it took,\n"
	      "and those of the slowest answer.\n",
	    stderr);
	exit(2);
}

static void
die(const char *what)
{
	fprintf(stderr, "asker: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS + (uint64_t)ts.tv_nsec;
}

static void
ask(struct asker *a)
{
	static const char request[] = "{\"command\":\"status\"}\n";

	if (a->asked - a->answers == REQUESTS_OPEN) {
		errno = EBUSY;
		die("answers come too slowly");
	}
	a->times[a->asked++ % REQUESTS_OPEN] = now();
	if (send(a->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) !=
	    sizeof(request) - 1)
		die("send");
}

/* Each answer is a line. */
static void
take(struct asker *a)
{
	char text[READ_SIZE], *p = text;
	ssize_t n = recv(a->fd, text, sizeof(text), 0);

	if (n <= 0)
		die("recv");
	while ((p = memchr(p, '\n', (size_t)(text + n - p))) != NULL) {
		uint64_t took = now() - a->times[a->answers++ % REQUESTS_OPEN];

		if (took > a->slowest)
			a->slowest = took;
		p++;
	}
}

/* Until the time, or until something has come. */
static void
wait_until(struct asker *a, uint64_t t)
{
	struct pollfd p = { .fd = a->fd, .events = POLLIN };
	uint64_t left = t > now() ? t - now() : 0;
	struct timespec ts = { (time_t)(left / NS), (long)(left % NS) };

	if (ppoll(&p, 1, &ts, NULL) > 0)
		take(a);
}

static void
run(struct asker *a)
{
	uint64_t total = a->rate * a->ms / 1000, begin = now();

	while (a->asked < total) {
		uint64_t due = begin + a->asked * NS / a->rate;

		if (now() >= due)
			ask(a);
		else
			wait_until(a, due);
	}
	while (a->answers < total) {
		if (now() - begin > (a->ms + LATE_MS) * (NS / 1000)) {
			errno = ETIMEDOUT;
			die("the last answers");
		}
		wait_until(a, now() + NS / 10);
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", a->answers,
	    now() - begin, a->slowest);
}

static int
connect_to(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(un.sun_path))
		usage();
	strcpy(un.sun_path, path);
	if (fd == -1 || connect(fd, (struct sockaddr *)&un, sizeof(un)) == -1)
		die(path);
	return fd;
}

int
main(int argc, char **argv)
{
	static struct asker a = { .fd = -1 };
	const char *path = NULL;
	int ch;

	while ((ch = getopt(argc, argv, "r:s:t:")) != -1) {
		if (ch == 's')
			path = optarg;
		else if (ch == '?' ||
		    num_parse(ch == 'r' ? &a.rate : &a.ms, optarg, 1,
			1000000) != 0)
			usage();
	}
	if (path == NULL || a.rate == 0 || a.ms == 0 || optind != argc)
		usage();
	a.fd = connect_to(path);
	run(&a);
	close(a.fd);
	return 0;
}
