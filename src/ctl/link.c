/* SPDX-License-Identifier: ISC */
/* The connection to the daemon. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/link.h"

#define LINK_ANSWER_MAX	  (64 << 20) /* bytes */
#define LINK_ANSWER_LEAST 65536
#define LINK_PROTOCOL	  1

static int
refuse(char why[static LINK_WHY_MAX], const char *path, const char *hint)
{
	snprintf(why, LINK_WHY_MAX, "%s: %s%s", path, strerror(errno), hint);
	return errno == EACCES || errno == EPERM ? LINK_REFUSED :
						   LINK_NO_DAEMON;
}

int
link_connect(const char *path, int seconds, char why[static LINK_WHY_MAX])
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval tv = { seconds, 0 };
	struct stat st;
	int fd, result;

	errno = ENAMETOOLONG;
	if (strlen(path) >= sizeof(un.sun_path))
		return refuse(why, path, "");
	strcpy(un.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return refuse(why, "socket", "");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	if (errno == ECONNREFUSED && lstat(path, &st) == 0 &&
	    !S_ISSOCK(st.st_mode))
		errno = ENOTSOCK;
	result = refuse(why, path,
	    errno == EACCES ? " (be root, or in control-group)" :
		errno == ENOENT || errno == ECONNREFUSED ?
			      " (is trafmirrord running?)" :
		errno == EAGAIN ? " (the daemon lets nobody in)" :
				  "");
	close(fd);
	return result;
}

int
link_open(const char *path, int seconds)
{
	char why[LINK_WHY_MAX];
	int fd = link_connect(path, seconds, why);

	if (fd < 0)
		fprintf(stderr, "trafmirrorctl: %s\n", why);
	return fd;
}

/* ---- sending and receiving ----------------------------------------------- */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* Waits until something can be done. -1 and errno, which is ETIMEDOUT after
 * the deadline. */
static int
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - now_ms();
		int n = left <= 0 ? 0 : poll(&p, 1, (int)left);

		if (n == 1)
			return 0;
		if (n == -1 && errno != EINTR)
			return -1;
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

static bool
is_later(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* NULL: out of memory. */
static char *
request_line(const json_t *request, size_t *len)
{
	char *text = json_dumps(request, JSON_COMPACT), *line;

	if (text == NULL)
		return NULL;
	*len = strlen(text) + 1;
	if ((line = realloc(text, *len)) == NULL) {
		free(text);
		return NULL;
	}
	line[*len - 1] = '\n';
	return line;
}

/* What the daemon says before it hangs up is read even so. */
static void
send_all(int fd, const json_t *request, int64_t deadline)
{
	size_t len, sent = 0;
	char *line = request_line(request, &len);

	while (line != NULL && sent < len) {
		ssize_t n = send(fd, line + sent, len - sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0)
			sent += (size_t)n;
		else if (!is_later(errno) ||
		    wait_for(fd, POLLOUT, deadline) == -1)
			break;
	}
	free(line);
}

int
link_send(int fd, const json_t *request)
{
	size_t len;
	char *line = request_line(request, &len);
	ssize_t n;

	if (line == NULL)
		return -1;
	n = send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	free(line);
	if (n == (ssize_t)len)
		return 0;
	if (n >= 0)
		errno = EAGAIN;
	return -1;
}

static int
make_room(struct link_line *line)
{
	size_t room = 2 * line->room + LINK_ANSWER_LEAST;
	char *more;

	if (line->len < line->room)
		return 0;
	if ((more = realloc(line->text, room)) == NULL)
		return -1;
	line->text = more;
	line->room = room;
	return 0;
}

int
link_receive(int fd, struct link_line *line)
{
	char *newline;
	ssize_t n;

	if (make_room(line) == -1)
		return -1;
	errno = 0;
	n = recv(fd, line->text + line->len, line->room - line->len,
	    MSG_DONTWAIT);
	if (n <= 0) {
		if (errno == ECONNRESET) /* hung up on a request */
			errno = 0;
		return is_later(errno) ? 0 : -1;
	}
	newline = memchr(line->text + line->len, '\n', (size_t)n);
	line->len += (size_t)n;
	if (newline != NULL) {
		*newline = '\0';
		line->len = (size_t)(newline - line->text);
		return 1;
	}
	errno = EMSGSIZE;
	return line->len < LINK_ANSWER_MAX ? 0 : -1;
}

void
link_line_fini(struct link_line *line)
{
	free(line->text);
	memset(line, 0, sizeof(*line));
}

json_t *
link_parse(const struct link_line *line, char why[static LINK_WHY_MAX])
{
	json_t *answer = json_loadb(line->text, line->len, 0, NULL);
	json_t *protocol = json_object_get(answer, "protocol");

	if (!json_is_boolean(json_object_get(answer, "ok")) ||
	    !json_is_integer(protocol))
		snprintf(why, LINK_WHY_MAX,
		    "the answer is not understood: is that trafmirrord?");
	else if (json_integer_value(protocol) != LINK_PROTOCOL)
		snprintf(why, LINK_WHY_MAX,
		    "the daemon speaks protocol %" JSON_INTEGER_FORMAT
		    ", and this trafmirrorctl %d: are both of one version?",
		    json_integer_value(protocol), LINK_PROTOCOL);
	else
		return answer;
	json_decref(answer);
	return NULL;
}

/* Waits for the whole line. -1 as link_receive. */
static int
receive_all(int fd, struct link_line *line, int64_t deadline)
{
	int n;

	do {
		if (wait_for(fd, POLLIN, deadline) == -1)
			return -1;
		n = link_receive(fd, line);
	} while (n == 0);
	return n;
}

json_t *
link_ask(int fd, const json_t *request, int seconds, char **text)
{
	int64_t deadline = now_ms() + seconds * INT64_C(1000);
	struct link_line line = { 0 };
	char why[LINK_WHY_MAX];
	json_t *answer = NULL;

	*text = NULL;
	send_all(fd, request, deadline);
	if (receive_all(fd, &line, deadline) == -1)
		snprintf(why, sizeof(why), "the daemon does not answer: %s",
		    errno == 0		   ? "it has hung up" :
			errno == ETIMEDOUT ? "timed out" :
					     strerror(errno));
	else
		answer = link_parse(&line, why);
	if (answer != NULL) {
		*text = line.text;
		return answer;
	}
	fprintf(stderr, "trafmirrorctl: %s\n", why);
	link_line_fini(&line);
	return NULL;
}
