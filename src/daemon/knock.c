/* SPDX-License-Identifier: ISC */
/* Whether a TCP port takes connections. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <unistd.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "daemon/knock.h"
#include "daemon/probe_way.h"

#define PORTS (CONF_CHECK_PORT_LAST - CONF_CHECK_PORT_FIRST + 1)

/* Somebody may listen at one of the ports. */
static int
open_socket(const struct probe_way *w, sa_family_t family, unsigned try)
{
	int fd = -1;

	for (unsigned i = 0; fd == -1 && i < PORTS; i++) {
		uint16_t port = (uint16_t)(CONF_CHECK_PORT_FIRST +
		    (try + i) % PORTS);

		fd = probe_way_socket(w, port, family, SOCK_STREAM, 0);
		if (fd == -1 && errno != EADDRINUSE)
			break;
	}
	return fd;
}

int
knock_open(const struct probe_way *w, const struct addr *to, uint16_t port,
    unsigned try)
{
	int fd = open_socket(w, to->family, try), error;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, port, &ss);

	if (fd == -1)
		return -1;
	if (connect(fd, (const struct sockaddr *)&ss, len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int
knock_result(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return errno;
	return error;
}

void
knock_close(int fd)
{
	const struct linger none = { .l_onoff = 1 };

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	close(fd);
}
