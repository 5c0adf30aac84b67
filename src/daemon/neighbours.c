/* SPDX-License-Identifier: ISC */
/* Follows the neighbour tables, ARP and ND, for the next hops of mirrors
 * (rtnetlink(7)). */
#include "config.h"

#include <sys/socket.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>
#include <libmnl/libmnl.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "capture/hops.h"
#include "conf/conf.h"
#include "daemon/neighbours.h"
#include "daemon/solicit.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

#define MESSAGE_MAX    32768 /* the longest part of a dump */
#define MESSAGES       512   /* at a time, before rings have their turn */
#define DUMPS	       3     /* tries, if the table changes meanwhile */
#define LOOK_GAP       1.0   /* seconds between two looks at the whole table */
#define PROBE_FIRST    1.0   /* seconds to the next probe, */
#define PROBE_MOST     30.0  /* twice as many each time */
#define GONE_SECONDS   5.0   /* the kernel itself gives up after 3 */
#define FAILED_SECONDS 0.1

#define RESOLVED                                                             \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | \
	    NUD_NOARP)

/* One neighbour. Times are those of the loop; 0: there is none. */
struct watch {
	unsigned ifindex;
	struct addr address;
	bool known; /* mac is believed */
	uint8_t mac[HOPS_MAC];
	bool seen;	  /* in the dump that goes on */
	bool news;	  /* to be told */
	double give_up;	  /* when it will be told to be unresolved, */
	bool given_up;	  /* as it has been */
	double probe;	  /* when it is to be probed, */
	double probe_gap; /* and how much later again */
};

struct neighbours {
	struct ev_loop *loop;
	struct mnl_socket *nl; /* NULL: nothing is followed */
	ev_io io;
	ev_timer timer;
	const struct generation *gen;
	struct watch *v; /* sorted */
	size_t n;
	bool lost;	 /* changes: the whole table is to be looked at, */
	double may_look; /* but not before, since it may be long */
	bool failed;	 /* the last look */
};

/* ---- one neighbour ------------------------------------------------------- */

static void
resolve(struct watch *w, const uint8_t *mac)
{
	w->news = w->news || !w->known || memcmp(w->mac, mac, HOPS_MAC) != 0;
	w->known = true;
	memcpy(w->mac, mac, HOPS_MAC);
	w->given_up = false;
	w->give_up = w->probe = 0;
}

/* It is not resolved any more, or not yet. */
static void
doubt(struct watch *w, double now, double seconds)
{
	if (!w->given_up)
		w->give_up = now + seconds;
	if (w->probe == 0) {
		w->probe = now;
		w->probe_gap = PROBE_FIRST;
	}
}

static void
act(struct watch *w, double now, uint32_t mark)
{
	if (w->give_up != 0 && w->give_up <= now) {
		w->give_up = 0;
		w->known = false;
		w->given_up = w->news = true;
	}
	if (w->probe != 0 && w->probe <= now) {
		solicit_send(w->ifindex, &w->address, mark);
		w->probe = now + w->probe_gap;
		w->probe_gap = fmin(2 * w->probe_gap, PROBE_MOST);
	}
}

/* An interface may have come up: what waits longer is probed again, but not
 * more than once a second. */
static void
hasten(struct watch *w, double now)
{
	if (w->probe == 0 || w->probe - now <= PROBE_FIRST)
		return;
	w->probe = now + PROBE_FIRST;
	w->probe_gap = PROBE_FIRST;
}

static int
compare(const void *a, const void *b)
{
	const struct watch *x = a, *y = b;

	if (x->ifindex != y->ifindex)
		return x->ifindex < y->ifindex ? -1 : 1;
	if (x->address.family != y->address.family)
		return x->address.family < y->address.family ? -1 : 1;
	return memcmp(x->address.bytes, y->address.bytes,
	    sizeof(x->address.bytes));
}

/* ---- what the kernel says ------------------------------------------------ */

struct entry {
	struct watch key;
	const uint8_t *mac; /* NULL: it has none */
};

static int
on_attribute(const struct nlattr *a, void *arg)
{
	struct entry *e = arg;
	uint16_t len = mnl_attr_get_payload_len(a);

	switch (mnl_attr_get_type(a)) {
	case NDA_DST:
		if (len == (e->key.address.family == AF_INET ? 4 : 16))
			memcpy(e->key.address.bytes, mnl_attr_get_payload(a),
			    len);
		break;
	case NDA_LLADDR:
		if (len == HOPS_MAC)
			e->mac = mnl_attr_get_payload(a);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

/* ip-neigh(8) delete has an entry fail before it goes: what is gone may be
 * found again, so this comes last. While the kernel looks for it (incomplete),
 * nothing is known yet. */
static int
on_neighbour(const struct nlmsghdr *h, void *arg)
{
	struct neighbours *n = arg;
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
	struct entry e = { .mac = NULL };
	double now = ev_now(n->loop);
	struct watch *w;

	if ((h->nlmsg_type != RTM_NEWNEIGH && h->nlmsg_type != RTM_DELNEIGH) ||
	    h->nlmsg_len < mnl_nlmsg_size(sizeof(*nd)) ||
	    (nd->ndm_family != AF_INET && nd->ndm_family != AF_INET6) ||
	    (nd->ndm_flags & NTF_PROXY) != 0)
		return MNL_CB_OK;
	e.key.ifindex = (unsigned)nd->ndm_ifindex;
	e.key.address.family = nd->ndm_family;
	mnl_attr_parse(h, sizeof(*nd), on_attribute, &e);
	w = bsearch(&e.key, n->v, n->n, sizeof(*n->v), compare);
	if (w == NULL)
		return MNL_CB_OK;
	w->seen = true;
	if (h->nlmsg_type == RTM_DELNEIGH)
		doubt(w, now, GONE_SECONDS);
	else if (nd->ndm_state & RESOLVED && e.mac != NULL)
		resolve(w, e.mac);
	else if (nd->ndm_state & NUD_FAILED)
		doubt(w, now, FAILED_SECONDS);
	return MNL_CB_OK;
}

static int
request_dump(struct mnl_socket *nl)
{
	char space[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ndmsg))];
	struct nlmsghdr *h = mnl_nlmsg_put_header(space);

	h->nlmsg_type = RTM_GETNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(h, sizeof(struct ndmsg));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == -1 ||
	    mnl_socket_sendto(nl, h, h->nlmsg_len) == -1)
		return -1;
	return 0;
}

/* Returns 0, or -1 with errno. */
static int
read_dump(struct neighbours *n)
{
	uint64_t space[MESSAGE_MAX / sizeof(uint64_t)];
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int rc = -1, error;

	if (nl == NULL)
		return -1;
	if (request_dump(nl) == 0)
		do {
			ssize_t len = mnl_socket_recvfrom(nl, space,
			    sizeof(space));

			rc = len == -1 ?
			    -1 :
			    mnl_cb_run(space, (size_t)len, 0,
				mnl_socket_get_portid(nl), on_neighbour, n);
		} while (rc > 0);
	error = errno;
	mnl_socket_close(nl);
	errno = error;
	return rc;
}

/* Reads the whole table, again if it has changed meanwhile. */
static int
read_table(struct neighbours *n)
{
	int tries = DUMPS, rc;

	do {
		for (size_t i = 0; i < n->n; i++)
			n->v[i].seen = false;
		rc = read_dump(n);
	} while (rc == -1 && errno == EINTR && --tries > 0);
	return rc;
}

/* Looks at the whole table. What was known and has no entry there is gone. */
static void
look(struct neighbours *n)
{
	bool failed_before = n->failed;

	n->may_look = ev_now(n->loop) + LOOK_GAP;
	n->failed = n->lost = read_table(n) == -1;
	if (n->failed) {
		if (!failed_before)
			log_warn("neighbours: read");
		return;
	}
	for (size_t i = 0; i < n->n; i++)
		if (!n->v[i].seen && n->v[i].known && n->v[i].give_up == 0)
			doubt(&n->v[i], ev_now(n->loop), GONE_SECONDS);
}

/* Takes off what waits. */
static void
read_changes(struct neighbours *n)
{
	uint64_t space[MESSAGE_MAX / sizeof(uint64_t)];

	for (int i = 0; i < MESSAGES; i++) {
		ssize_t len = mnl_socket_recvfrom(n->nl, space, sizeof(space));

		if (len >= 0)
			mnl_cb_run(space, (size_t)len, 0, 0, on_neighbour, n);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			n->lost = true;
	}
}

/* ---- what the mirrors hear ----------------------------------------------- */

static void
tell(const struct neighbours *n, struct watch *w)
{
	w->news = false;
	for (size_t i = 0; i < n->gen->nmirrors; i++)
		mirror_hear(n->gen->mirrors[i], w->ifindex, &w->address,
		    w->known ? w->mac : NULL);
}

/* Does what is due, tells what is new, and waits for what is due next. */
static void
settle(struct neighbours *n)
{
	double now = ev_now(n->loop), next = HUGE_VAL;

	ev_timer_stop(n->loop, &n->timer);
	if (n->lost && n->may_look <= now)
		look(n);
	else if (n->lost)
		next = n->may_look;
	for (size_t i = 0; i < n->n; i++) {
		struct watch *w = &n->v[i];

		if (w->news)
			tell(n, w);
		act(w, now, n->gen->conf->mark);
		if (w->news)
			tell(n, w);
		if (w->give_up != 0)
			next = fmin(next, w->give_up);
		if (w->probe != 0)
			next = fmin(next, w->probe);
	}
	if (next == HUGE_VAL)
		return;
	ev_timer_set(&n->timer, next - now, 0);
	ev_timer_start(n->loop, &n->timer);
}

static void
on_change(struct ev_loop *loop, ev_io *w, int revents)
{
	struct neighbours *n = w->data;

	read_changes(n);
	settle(n);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	settle(w->data);
}

/* ---- whom to follow ------------------------------------------------------ */

static size_t
count(const struct generation *g)
{
	const struct source *s;
	size_t n = 0;

	for (size_t i = 0; i < g->nmirrors; i++)
		for (size_t k = 0; mirror_nexthop(g->mirrors[i], k, &s); k++)
			n++;
	return n;
}

static void
collect(struct watch *v, const struct generation *g)
{
	const struct nexthop *h;
	const struct source *s;

	for (size_t i = 0; i < g->nmirrors; i++)
		for (size_t k = 0;
		     (h = mirror_nexthop(g->mirrors[i], k, &s)) != NULL; k++) {
			v->ifindex = s->ifindex;
			v->address = h->address;
			v++;
		}
}

/* Sorts them, and leaves each once. Returns how many. */
static size_t
sort(struct watch *v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || compare(&v[i], &v[kept - 1]) != 0)
			v[kept++] = v[i];
	return kept;
}

static const struct watch *
find(const struct neighbours *n, const struct watch *key)
{
	/* bsearch(3) wants an array, also if it is empty. */
	return n->n == 0 ? NULL :
			   bsearch(key, n->v, n->n, sizeof(*n->v), compare);
}

/* Those that were followed before go on. Returns whether there are others. */
static bool
take_over(struct watch *v, size_t n, const struct neighbours *old)
{
	bool others = false;

	for (size_t i = 0; i < n; i++) {
		const struct watch *before = find(old, &v[i]);

		if (before != NULL) {
			v[i] = *before;
			continue;
		}
		doubt(&v[i], ev_now(old->loop), GONE_SECONDS);
		others = true;
	}
	return others;
}

static int
subscribe(struct neighbours *n)
{
	int group = RTNLGRP_NEIGH;

	n->nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (n->nl == NULL)
		return -1;
	if (mnl_socket_bind(n->nl, 0, MNL_SOCKET_AUTOPID) == -1 ||
	    mnl_socket_setsockopt(n->nl, NETLINK_ADD_MEMBERSHIP, &group,
		sizeof(group)) == -1) {
		mnl_socket_close(n->nl);
		n->nl = NULL;
		return -1;
	}
	/* Before the rings: what waits there was sent before. */
	ev_io_init(&n->io, on_change, mnl_socket_get_fd(n->nl), EV_READ);
	ev_set_priority(&n->io, EV_MAXPRI);
	n->io.data = n;
	ev_io_start(n->loop, &n->io);
	return 0;
}

static void
stop(struct neighbours *n)
{
	ev_timer_stop(n->loop, &n->timer);
	if (n->nl != NULL) {
		ev_io_stop(n->loop, &n->io);
		mnl_socket_close(n->nl);
		n->nl = NULL;
	}
	free(n->v);
	n->v = NULL;
	n->n = 0;
}

void
neighbours_follow(struct neighbours *n, const struct generation *g)
{
	size_t most = count(g);
	struct watch *v;
	bool others;

	n->gen = g;
	if (most == 0) {
		stop(n);
		return;
	}
	if ((v = calloc(most, sizeof(*v))) == NULL ||
	    (n->nl == NULL && subscribe(n) == -1)) {
		log_warn("neighbours"); /* the next look tries again */
		free(v);
		return;
	}
	collect(v, g);
	most = sort(v, most);
	others = take_over(v, most, n);
	free(n->v);
	n->v = v;
	n->n = most;
	if (others)
		look(n);
	for (size_t i = 0; i < n->n; i++) {
		n->v[i].news = n->v[i].known || n->v[i].given_up;
		hasten(&n->v[i], ev_now(n->loop));
	}
	settle(n);
}

int
neighbours_open(struct neighbours **out, struct ev_loop *loop, struct err *err)
{
	struct neighbours *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_sys(err, "neighbours");
	n->loop = loop;
	ev_timer_init(&n->timer, on_timer, 0, 0);
	ev_set_priority(&n->timer, EV_MAXPRI);
	n->timer.data = n;
	*out = n;
	return 0;
}

void
neighbours_close(struct neighbours *n)
{
	if (n == NULL)
		return;
	stop(n);
	free(n);
}
