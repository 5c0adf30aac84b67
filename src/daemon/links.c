/* SPDX-License-Identifier: ISC */
/* What the kernel tells of interfaces, addresses and routes as they change
 * (rtnetlink(7)). */
#include "config.h"

#include <sys/socket.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <ev.h>
#include <libmnl/libmnl.h>

#include "base/err.h"
#include "daemon/links.h"

#define LINKS_WAIT_SECONDS 0.05
#define LINKS_MOST_SECONDS 0.5
#define LINKS_REST	   9	/* times as long as the last call took */
#define LINKS_READS	   512	/* messages at a time; the buffer holds less */
#define LINKS_MESSAGE_MAX  8192 /* what is longer counts as lost */
#define LINKS_ALL	   (LINKS_INTERFACES | LINKS_ROUTES)

struct links {
	struct mnl_socket *nl;
	struct ev_loop *loop;
	ev_io io;
	ev_timer wait;
	double seconds; /* to wait after the next change */
	links_cb *cb;
	void *arg;
};

static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
	RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
	RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE };

static unsigned
kind_of(uint16_t type)
{
	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return LINKS_ALL;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return LINKS_ROUTES;
	default:
		return 0;
	}
}

static unsigned
kinds_of(const void *messages, int len)
{
	const struct nlmsghdr *h = messages;
	unsigned what = 0;

	for (; mnl_nlmsg_ok(h, len); h = mnl_nlmsg_next(h, &len))
		what |= kind_of(h->nlmsg_type);
	return what;
}

/* Takes off what waits. A message that cannot be had, or one too many, counts
 * as all that it could have said. */
static unsigned
read_changes(struct links *l)
{
	uint64_t space[LINKS_MESSAGE_MAX / sizeof(uint64_t)];
	unsigned what = 0;

	for (int i = 0; i < LINKS_READS; i++) {
		ssize_t n = mnl_socket_recvfrom(l->nl, space, sizeof(space));

		if (n >= 0)
			what |= kinds_of(space, (int)n);
		else if (errno == EAGAIN)
			return what;
		else if (errno != EINTR)
			what = LINKS_ALL;
	}
	return LINKS_ALL;
}

/* Nothing is read while it waits: what does not fit into the buffer of the
 * socket is lost at no cost to us. */
static void
on_change(struct ev_loop *loop, ev_io *w, int revents)
{
	struct links *l = w->data;

	ev_io_stop(loop, w);
	ev_timer_set(&l->wait, l->seconds, 0);
	ev_timer_start(loop, &l->wait);
}

static void
on_wait(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct links *l = w->data;
	unsigned what = read_changes(l);
	clock_t before = clock(); /* of the CPU: to wait costs nobody */
	double rest;

	if (what != 0)
		l->cb(l->arg, what);
	rest = LINKS_REST * (double)(clock() - before) / CLOCKS_PER_SEC;
	l->seconds = fmin(fmax(rest, LINKS_WAIT_SECONDS), LINKS_MOST_SECONDS);
	ev_io_start(loop, &l->io);
}

static int
subscribe(struct mnl_socket *nl, struct err *err)
{
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == -1)
		return err_sys(err, "links: bind");
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group,
			sizeof(group)) == -1)
			return err_sys(err, "links: subscribe");
	}
	return 0;
}

int
links_open(struct links **out, struct ev_loop *loop, links_cb *cb, void *arg,
    struct err *err)
{
	struct links *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_sys(err, "links");
	l->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (l->nl == NULL) {
		err_sys(err, "links: socket");
		free(l);
		return -1;
	}
	l->loop = loop;
	l->cb = cb;
	l->arg = arg;
	l->seconds = LINKS_WAIT_SECONDS;
	ev_io_init(&l->io, on_change, mnl_socket_get_fd(l->nl), EV_READ);
	ev_timer_init(&l->wait, on_wait, 0, 0);
	l->io.data = l->wait.data = l;
	if (subscribe(l->nl, err) == -1) {
		links_close(l);
		return -1;
	}
	ev_io_start(loop, &l->io);
	*out = l;
	return 0;
}

void
links_close(struct links *l)
{
	if (l == NULL)
		return;
	ev_io_stop(l->loop, &l->io);
	ev_timer_stop(l->loop, &l->wait);
	mnl_socket_close(l->nl);
	free(l);
}
