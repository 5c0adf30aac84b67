/* SPDX-License-Identifier: ISC */
/* One place of a target as one mirror uses it: its sockets, and who sends
 * through them. */
#include "config.h"

#include <sys/socket.h>
#include <net/if.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "deliver/encap.h"
#include "deliver/gso.h"
#include "deliver/send.h"
#include "deliver/target.h"
#include "deliver/target_socket.h"
#include "packet/segment.h"

#define FRAME_MIN   14u	       /* nothing shorter than an Ethernet header */
#define MTU_UNKNOWN UINT32_MAX /* without a route: no copy is too large */

struct target {
	struct conf_target conf; /* name and interface are our own copies */
	struct conf_place place;
	struct target_use use;
	struct encap encap;
	uint32_t outer_len; /* IP and UDP in front of the encapsulation */
	struct send_queue *queues[CONF_SOURCE_PORTS_MAX];
	unsigned nqueues;
	uint64_t filled; /* bit i: queue i holds copies */
	unsigned looked; /* the queue that target_poll looks at next */
	uint32_t mtu;	 /* of the path: the least of all queues' */
	struct gso_choice gso;
	/* The kernel refused joined copies with this errno, 0 = it did not, for
	 * this interface. */
	int join_error;
	char join_interface[IFNAMSIZ];
	uint32_t sequence;
	struct target_stats stats;
	int failure; /* errno of the last failed send, 0 = none */
	int undelivered_error;
};

static int
open_queue(struct target *t, unsigned i, struct err *err)
{
	int fd = target_socket(t->encap.protocol, t->place.address.family,
	    &t->conf, &t->use, i, err);

	if (fd == -1)
		return -1;
	if ((t->queues[i] = send_queue_new(fd, &t->encap)) == NULL) {
		close(fd);
		return err_sys(err, "queue");
	}
	t->nqueues++;
	return 0;
}

/* ---- path and egress --------------------------------------------------- */

static socklen_t
target_sockaddr(const struct target *t, struct sockaddr_storage *ss)
{
	return addr_to_sockaddr(&t->place.address, t->place.port, ss);
}

static uint32_t
queue_mtu(const struct target *t, unsigned i)
{
	bool v4 = t->place.address.family == AF_INET;
	socklen_t len = sizeof(int), ss_len;
	struct sockaddr_storage ss;
	int mtu;

	ss_len = target_sockaddr(t, &ss);
	send_queue_refresh(t->queues[i], &ss, ss_len);
	if (getsockopt(send_queue_fd(t->queues[i]),
		v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu,
		&len) == -1)
		return MTU_UNKNOWN;
	return (uint32_t)mtu;
}

static void
join_queues(struct target *t)
{
	uint32_t len = 0;

	if (t->gso.on && t->mtu > t->outer_len)
		len = t->mtu - t->outer_len;
	for (unsigned i = 0; i < t->nqueues; i++)
		send_queue_join(t->queues[i], len);
}

/* Ports may take different paths: the narrowest counts. */
static void
follow_mtu(struct target *t)
{
	t->mtu = MTU_UNKNOWN;
	for (unsigned i = 0; i < t->nqueues; i++) {
		uint32_t mtu = queue_mtu(t, i);

		if (mtu < t->mtu)
			t->mtu = mtu;
	}
	join_queues(t);
}

/* On if no path speaks against it, and the kernel has not refused it for the
 * interface. */
static void
choose_gso(struct target *t)
{
	t->gso.on = true;
	for (unsigned i = 0; i < t->nqueues && t->gso.on; i++)
		gso_choose(&t->gso, t->conf.udp_gso, t->queues[i]);
	if (strcmp(t->gso.interface, t->join_interface) != 0)
		t->join_error = 0;
	if (t->gso.on && t->join_error != 0) {
		t->gso.on = false;
		snprintf(t->gso.why, sizeof(t->gso.why),
		    "%s does not take joined copies: %s (IPsec, or no "
		    "checksums in hardware before Linux 6.11)",
		    t->gso.interface, strerror(t->join_error));
	}
	join_queues(t);
}

/* One queue a second: what changes for one has mostly changed for all. */
static bool
paths_changed(struct target *t)
{
	unsigned i = t->looked;
	struct gso_choice now;

	t->looked = (i + 1) % t->nqueues;
	gso_choose(&now, t->conf.udp_gso, t->queues[i]);
	return strcmp(now.interface, t->gso.interface) != 0 ||
	    (now.on && t->join_error == 0) != t->gso.on ||
	    queue_mtu(t, i) != t->mtu;
}

static void
connect_queues(struct target *t)
{
	struct sockaddr_storage ss;
	socklen_t len = target_sockaddr(t, &ss);

	for (unsigned i = 0; i < t->nqueues; i++)
		if (send_queue_connect(t->queues[i], &ss, len,
			t->conf.interface) == -1)
			t->failure = errno;
	follow_mtu(t);
	choose_gso(t);
}

/* ---- opening and closing ----------------------------------------------- */

/* Of what is borrowed only that is kept which has a copy. */
static int
copy_conf(struct target *t, const struct conf_target *ct)
{
	t->conf = *ct;
	t->conf.host.name = NULL;
	t->conf.places = NULL;
	t->conf.name = strdup(ct->name);
	t->conf.interface = ct->interface == NULL ? NULL :
						    strdup(ct->interface);
	return t->conf.name == NULL ||
		(ct->interface != NULL && t->conf.interface == NULL) ?
	    -1 :
	    0;
}

int
target_open(struct target **out, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u, struct err *err)
{
	struct target *t = calloc(1, sizeof(*t));
	unsigned nqueues;
	struct err why;

	if (t == NULL)
		return err_sys(err, "target \"%s\"", ct->name);
	t->place = *place;
	t->use = *u;
	encap_init(&t->encap, ct->encap, u->session_id, ct->sequence);
	t->outer_len = (uint32_t)encap_outer_len(&t->encap,
	    place->address.family);
	if (copy_conf(t, ct) == -1) {
		err_sys(&why, "open");
		goto fail;
	}
	/* Without ports one socket does. */
	nqueues = t->encap.protocol == IPPROTO_UDP ? ct->source_ports : 1;
	for (unsigned i = 0; i < nqueues; i++)
		if (open_queue(t, i, &why) == -1)
			goto fail;
	connect_queues(t);
	*out = t;
	return 0;
fail:
	target_close(t);
	return err_set(err, "target \"%s\": %s", ct->name, why.text);
}

void
target_close(struct target *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < t->nqueues; i++)
		send_queue_free(t->queues[i]);
	free(t->conf.name);
	free(t->conf.interface);
	free(t);
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
target_same(const struct target *t, const struct conf_target *ct,
    const struct conf_place *place, const struct target_use *u)
{
	const struct conf_target *o = &t->conf;

	return t->use.session_id == u->session_id && t->use.mark == u->mark &&
	    t->use.oversize == u->oversize && same_text(o->name, ct->name) &&
	    conf_place_compare(&t->place, place) == 0 &&
	    o->encap == ct->encap &&
	    addr_equal(&o->source_address, &ct->source_address) &&
	    same_text(o->interface, ct->interface) && o->ttl == ct->ttl &&
	    o->dscp == ct->dscp && o->source_ports == ct->source_ports &&
	    o->udp_gso == ct->udp_gso && o->sequence == ct->sequence;
}

const char *
target_name(const struct target *t)
{
	return t->conf.name;
}

unsigned
target_ports(const struct target *t)
{
	return t->nqueues;
}

const struct gso_choice *
target_gso(const struct target *t)
{
	return t->encap.protocol == IPPROTO_UDP ? &t->gso : NULL;
}

/* ---- sending ----------------------------------------------------------- */

/* Before Linux 6.14 EINVAL also means that they are too large for the path. */
static void
join_refused(struct target *t, int error, uint32_t len)
{
	follow_mtu(t);
	if (error == EINVAL && t->outer_len + len > t->mtu)
		return;
	t->join_error = error;
	memcpy(t->join_interface, t->gso.interface, sizeof(t->join_interface));
	choose_gso(t);
}

static void
note_undelivered(struct target *t, const struct send_result *res)
{
	t->stats.undelivered_packets += res->undelivered;
	if (res->undelivered > 0)
		t->undelivered_error = res->undelivered_error;
}

static void
flush_queue(struct target *t, unsigned i, bool wait)
{
	struct send_result res = { 0 };

	send_queue_flush(t->queues[i], wait, &res);
	t->stats.copied_packets += res.packets;
	t->stats.copied_bytes += res.bytes + res.packets * t->outer_len;
	t->stats.dropped[TARGET_DROP_SEND_ERROR] += res.failed;
	t->stats.dropped[TARGET_DROP_OVERSIZE] += res.oversize;
	t->stats.congested_packets += res.congested;
	note_undelivered(t, &res);
	if (res.error != 0)
		t->failure = res.error;
	if (res.join_error != 0)
		join_refused(t, res.join_error, res.join_len);
	else if (res.mtu_changed)
		follow_mtu(t);
}

static void
push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	t->filled |= UINT64_C(1) << port;
	if (send_queue_add(t->queues[port], flow, frame, t->sequence++))
		flush_queue(t, port, false);
}

uint32_t
target_overhead(const struct target *t)
{
	return t->outer_len + t->encap.len;
}

static void
push_truncated(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	uint32_t header = target_overhead(t);
	uint32_t room = t->mtu > header ? t->mtu - header : 0;
	struct segment f = *frame;

	if (room < FRAME_MIN) {
		t->stats.dropped[TARGET_DROP_OVERSIZE]++;
		return;
	}
	if (f.head_len > room)
		f.head_len = room;
	f.body_len = room - f.head_len;
	f.truncated = true;
	t->stats.truncated_packets += !frame->truncated;
	push(t, port, flow, &f);
}

static void
push_oversize(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	switch (t->use.oversize) {
	case CONF_OVERSIZE_FRAGMENT:
		t->stats.fragmented_packets++;
		push(t, port, flow, frame);
		break;
	case CONF_OVERSIZE_TRUNCATE:
		push_truncated(t, port, flow, frame);
		break;
	case CONF_OVERSIZE_DROP:
		t->stats.dropped[TARGET_DROP_OVERSIZE]++;
		break;
	}
}

void
target_push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	uint32_t len = frame->head_len + frame->body_len;

	if (target_overhead(t) + len > t->mtu)
		push_oversize(t, port, flow, frame);
	else
		push(t, port, flow, frame);
}

void
target_flush(struct target *t, bool wait)
{
	while (t->filled != 0) {
		unsigned i = (unsigned)__builtin_ctzll(t->filled);

		t->filled &= t->filled - 1;
		flush_queue(t, i, wait);
	}
}

const struct target_stats *
target_stats(const struct target *t)
{
	return &t->stats;
}

int
target_poll(struct target *t)
{
	int failure = t->failure;
	struct send_result res = { 0 };

	for (unsigned i = 0; i < t->nqueues; i++)
		send_queue_listen(t->queues[i], &res);
	note_undelivered(t, &res);
	t->failure = 0;
	if (failure != 0 || paths_changed(t))
		connect_queues(t);
	return failure;
}

int
target_undelivered_error(const struct target *t)
{
	return t->undelivered_error;
}

void
target_reroute(struct target *t)
{
	connect_queues(t);
}

bool
target_path(const struct target *t, struct target_path *out)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (t->mtu == MTU_UNKNOWN || t->gso.interface[0] == '\0' ||
	    getsockname(send_queue_fd(t->queues[0]), (struct sockaddr *)&ss,
		&len) == -1)
		return false;
	out->mtu = t->mtu;
	memcpy(out->interface, t->gso.interface, sizeof(out->interface));
	addr_from_sockaddr(&out->source, (struct sockaddr *)&ss);
	return true;
}
