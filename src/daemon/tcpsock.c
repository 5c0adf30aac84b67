/* SPDX-License-Identifier: ISC */
/* A TCP socket that listens. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "daemon/tcpsock.h"

#define TCPSOCK_BACKLOG 64

static const char *
hint(int error)
{
	switch (error) {
	case EADDRINUSE:
		return ": another process listens there, maybe another "
		       "trafmirrord";
	case EADDRNOTAVAIL:
		return ": no interface here has this address";
	case EACCES:
		return ": a port below 1024 takes root, and a restart";
	default:
		return "";
	}
}

static int
listen_at(int fd, const struct addr_port *at)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&at->addr, at->port, &ss);
	int on = 1, off = 0;

	/* Or the connections of a daemon before would keep the port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1)
		return -1;
	if (at->addr.family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&ss, len) == -1)
		return -1;
	return listen(fd, TCPSOCK_BACKLOG);
}

int
tcpsock_listen(const struct addr_port *at, struct err *err)
{
	char text[ADDR_PORT_TEXT_MAX];
	int fd = socket(at->addr.family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
	struct err why;
	int error;

	if (fd != -1 && listen_at(fd, at) == 0)
		return fd;
	error = errno;
	err_sys(&why, "%s", addr_port_format(at, text));
	err_set(err, "%s%s", why.text, hint(error));
	if (fd != -1)
		close(fd);
	errno = error;
	return -1;
}
