/* SPDX-License-Identifier: ISC */
/* The sockets of a target. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "conf/conf.h"
#include "deliver/target.h"
#include "deliver/target_socket.h"
#include "packet/flow.h"

/* RFC 7348, section 5: source ports SHOULD be of the dynamic range. Its first,
 * 49152, is left out: tcpdump takes what comes from it for BCM-LI-SHIM. */
#define PORT_FIRST 49153u
#define PORT_COUNT 16383u

#define SEND_BUFFER (4 << 20)

static int
set_option(int fd, int level, int option, int v, const char *what,
    struct err *err)
{
	if (setsockopt(fd, level, option, &v, sizeof(v)) == -1)
		return err_sys(err, "%s", what);
	return 0;
}

/* Outer header and error reporting. Without DF the kernel, or a router, may
 * fragment a copy larger than the path; with it routers tell the path MTU.
 * RECVERR makes the kernel report a full device queue. */
static int
set_ip_options(int fd, sa_family_t family, const struct conf_target *ct,
    const struct target_use *u, struct err *err)
{
	bool v4 = family == AF_INET;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	int discover = u->oversize == CONF_OVERSIZE_FRAGMENT ?
	    IP_PMTUDISC_DONT :
	    IP_PMTUDISC_DO;

	if (set_option(fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, ct->ttl,
		"ttl", err) == -1 ||
	    set_option(fd, level, v4 ? IP_TOS : IPV6_TCLASS, ct->dscp << 2,
		"dscp", err) == -1 ||
	    set_option(fd, level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
		discover, "oversize", err) == -1)
		return -1;
	return set_option(fd, level, v4 ? IP_RECVERR : IPV6_RECVERR, 1,
	    "error queue", err);
}

static int
set_socket_options(int fd, const struct conf_target *ct,
    const struct target_use *u, struct err *err)
{
	struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog deaf = { .len = 1, .filter = &reject };
	const char *dev = ct->interface;

	if (set_option(fd, SOL_SOCKET, SO_MARK, (int)u->mark, "mark", err) ==
	    -1)
		return -1;
	if (dev != NULL &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, dev,
		(socklen_t)strlen(dev)) == -1)
		return err_sys(err, "interface %s", dev);
	/* We only send: nothing is to wait in the receive buffer. */
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)) ==
	    -1)
		return err_sys(err, "receive filter");
	/* FORCE needs CAP_NET_ADMIN; without it net.core.wmem_max rules. */
	if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, SEND_BUFFER, "", NULL) ==
	    -1)
		set_option(fd, SOL_SOCKET, SO_SNDBUF, SEND_BUFFER, "", NULL);
	return 0;
}

unsigned
target_socket_start(const struct target_use *u, const struct conf_place *place)
{
	char address[ADDR_TEXT_MAX], text[ADDR_TEXT_MAX + 32];
	int len = snprintf(text, sizeof(text), "%s %u %u",
	    addr_format(&place->address, address), place->port, u->session_id);

	return (unsigned)(flow_hash_bytes(text, (size_t)len) % PORT_COUNT);
}

static uint16_t
port_at(unsigned start, unsigned try)
{
	return (uint16_t)(PORT_FIRST + (start + try) % PORT_COUNT);
}

static int
bind_port(int fd, int protocol, const struct addr *source, unsigned start,
    struct err *err)
{
	struct sockaddr_storage ss;
	socklen_t len;

	for (unsigned try = 0; try < PORT_COUNT; try++) {
		uint16_t port = protocol == IPPROTO_UDP ? port_at(start, try) :
							  0;

		len = addr_to_sockaddr(source, port, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return err_sys(err, "source address");
}

int
target_socket(int protocol, sa_family_t family, const struct conf_target *ct,
    const struct target_use *u, unsigned start, struct err *err)
{
	struct addr any = { .family = family };
	int type = protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd == -1)
		return err_sys(err, "socket");
	if (set_socket_options(fd, ct, u, err) == -1 ||
	    set_ip_options(fd, family, ct, u, err) == -1 ||
	    bind_port(fd, protocol,
		ct->source_address.family != 0 ? &ct->source_address : &any,
		start, err) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* ---- planning ---------------------------------------------------------- */

struct bound {
	struct addr addr;
	uint16_t port;
};

struct target_plan {
	bool any[UINT16_MAX + 1]; /* ports taken with any address */
	struct bound *v;	  /* and those taken with one */
	size_t n;
};

struct target_plan *
target_plan_new(void)
{
	return calloc(1, sizeof(struct target_plan));
}

void
target_plan_free(struct target_plan *p)
{
	if (p == NULL)
		return;
	free(p->v);
	free(p);
}

/* As the kernel has it: a socket for any address, IPv6 too, is in the way of
 * all others. */
static bool
is_free(const struct target_plan *p, const struct addr *a, bool any,
    uint16_t port)
{
	if (p->any[port])
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].port == port &&
		    (any || addr_equal(&p->v[i].addr, a)))
			return false;
	return true;
}

uint16_t
target_plan_port(struct target_plan *p, const struct conf_target *ct,
    unsigned start)
{
	struct addr a = ct->source_address;
	bool any = a.family == 0;
	uint16_t port = port_at(start, 0);
	struct bound *v;

	for (unsigned try = 1; try < PORT_COUNT && !is_free(p, &a, any, port);
	     try++)
		port = port_at(start, try);
	if (any) {
		p->any[port] = true;
		return port;
	}
	if ((v = reallocarray(p->v, p->n + 1, sizeof(*v))) == NULL)
		return 0;
	p->v = v;
	v[p->n++] = (struct bound) { a, port };
	return port;
}
