/* SPDX-License-Identifier: ISC */
/* The connection to the daemon. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/link.h"

#define LINK_ANSWER_MAX	     (64 << 20) /* bytes */
#define LINK_ANSWER_LEAST    65536
#define LINK_TIMEOUT_SECONDS 60

static int
complain(const char *path, const char *hint)
{
	fprintf(stderr, "trafmirrorctl: %s: %s%s\n", path, strerror(errno),
	    hint);
	return errno == EACCES || errno == EPERM ? LINK_REFUSED :
						   LINK_NO_DAEMON;
}

int
link_open(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval tv = { LINK_TIMEOUT_SECONDS, 0 };
	struct stat st;
	int fd, result;

	errno = ENAMETOOLONG;
	if (strlen(path) >= sizeof(un.sun_path))
		return complain(path, "");
	strcpy(un.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return complain("socket", "");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	if (errno == ECONNREFUSED && lstat(path, &st) == 0 &&
	    !S_ISSOCK(st.st_mode))
		errno = ENOTSOCK;
	result = complain(path,
	    errno == EACCES ? " (be root, or in control-group)" :
		errno == ENOENT || errno == ECONNREFUSED ?
			      " (is trafmirrord running?)" :
			      "");
	close(fd);
	return result;
}

/* What the daemon says before it hangs up is read even so. */
static void
send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return;
		text += n;
		len -= (size_t)n;
	}
}

/* Up to the newline, which is left out. NULL with errno; 0 means the end. */
static char *
read_line(int fd)
{
	char *line = NULL, *newline = NULL;
	size_t len = 0, room = 0;

	while (newline == NULL && len < LINK_ANSWER_MAX) {
		char *more = line;
		ssize_t n;

		if (len == room) {
			room = 2 * room + LINK_ANSWER_LEAST;
			more = realloc(line, room);
		}
		if (more == NULL)
			break;
		line = more;
		errno = 0;
		n = recv(fd, line + len, room - len, 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		newline = memchr(line + len, '\n', (size_t)n);
		len += (size_t)n;
	}
	if (newline != NULL) {
		*newline = '\0';
		return line;
	}
	free(line);
	return NULL;
}

json_t *
link_ask(int fd, const json_t *request, char **line)
{
	char *text = json_dumps(request, JSON_COMPACT);
	json_t *answer;

	*line = NULL;
	if (text != NULL) {
		send_all(fd, text, strlen(text));
		send_all(fd, "\n", 1);
		free(text);
	}
	if ((*line = read_line(fd)) == NULL) {
		fprintf(stderr,
		    "trafmirrorctl: the daemon does not answer%s%s\n",
		    errno == 0 ? "" : ": ",
		    errno == 0		? "" :
			errno == EAGAIN ? "timed out" :
					  strerror(errno));
		return NULL;
	}
	answer = json_loads(*line, 0, NULL);
	if (json_is_boolean(json_object_get(answer, "ok")))
		return answer;
	fputs("trafmirrorctl: the answer is not understood: is that "
	      "trafmirrord?\n",
	    stderr);
	json_decref(answer);
	free(*line);
	*line = NULL;
	return NULL;
}
