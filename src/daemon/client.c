/* SPDX-License-Identifier: ISC */
/* One connection to the control socket: what came in, what is to go out. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/client.h"

#define CLIENT_SIZE (CLIENT_LINE_MAX + 1)
#define CLIENT_READ 16384 /* bytes at once */

int
client_init(struct client *c, int fd, const struct peer *peer)
{
	memset(c, 0, sizeof(*c));
	c->fd = -1;
	if ((c->in = malloc(CLIENT_SIZE)) == NULL)
		return -1;
	c->fd = fd;
	c->peer = *peer;
	return 0;
}

void
client_fini(struct client *c)
{
	if (c->fd != -1)
		close(c->fd);
	free(c->in);
	free(c->out);
	memset(c, 0, sizeof(*c));
	c->fd = -1;
}

int
client_read(struct client *c)
{
	size_t room;
	ssize_t n;

	memmove(c->in, c->in + c->in_from, c->in_to - c->in_from);
	c->in_to -= c->in_from;
	c->in_from = 0;
	room = CLIENT_SIZE - c->in_to;
	if (room > CLIENT_READ)
		room = CLIENT_READ;
	n = recv(c->fd, c->in + c->in_to, room, MSG_DONTWAIT);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->in_to += (size_t)n;
	c->ended = n == 0 && room > 0;
	return 0;
}

static const char *
find_newline(const struct client *c)
{
	return memchr(c->in + c->in_from, '\n', c->in_to - c->in_from);
}

bool
client_has_line(const struct client *c)
{
	return find_newline(c) != NULL || (c->ended && c->in_to > c->in_from);
}

const char *
client_line(struct client *c, size_t *len)
{
	const char *line = c->in + c->in_from, *end = find_newline(c);

	if (!client_has_line(c))
		return NULL;
	*len = end == NULL ? c->in_to - c->in_from : (size_t)(end - line);
	c->in_from += *len + (end != NULL);
	return line;
}

bool
client_overflows(const struct client *c)
{
	return c->in_to - c->in_from > CLIENT_LINE_MAX &&
	    find_newline(c) == NULL;
}

int
client_answer(struct client *c, char *text)
{
	c->out = text;
	c->out_len = strlen(text);
	c->out_sent = 0;
	return client_send(c);
}

int
client_send(struct client *c)
{
	ssize_t n = send(c->fd, c->out + c->out_sent, c->out_len - c->out_sent,
	    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	c->out_sent += (size_t)n;
	if (c->out_sent == c->out_len) {
		free(c->out);
		c->out = NULL;
	}
	return 0;
}
