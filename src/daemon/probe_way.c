/* SPDX-License-Identifier: ISC */
/* Sockets of health checks, which go the way that copies go. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "daemon/probe_way.h"

bool
probe_way_equal(const struct probe_way *a, const struct probe_way *b)
{
	return addr_equal(&a->source, &b->source) &&
	    strcmp(a->interface, b->interface) == 0 && a->mark == b->mark;
}

int
probe_way_rebind(const struct probe_way *w, int fd)
{
	if (w->interface[0] == '\0')
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, w->interface,
	    (socklen_t)strlen(w->interface));
}

static int
bind_source(const struct probe_way *w, uint16_t port, sa_family_t family,
    int fd)
{
	const struct addr any = { .family = family };
	const struct addr *a = w->source.family == 0 ? &any : &w->source;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, port, &ss);
	int on = 1;

	if (port == 0 && a == &any)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (const struct sockaddr *)&ss, len);
}

int
probe_way_socket(const struct probe_way *w, uint16_t port, sa_family_t family,
    int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	int error;

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &w->mark, sizeof(w->mark)) ==
		0 &&
	    probe_way_rebind(w, fd) == 0 &&
	    bind_source(w, port, family, fd) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}
