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
#include "base/iface.h"
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
	unsigned first_port; /* as of target_socket_start */
	uint16_t planned_ports[CONF_SOURCE_PORTS_MAX];
	int failure; /* errno of the last failed send, 0 = none */
	int undelivered_error;
};

static int
open_queue(struct target *t, unsigned i, struct err *err)
{
	int fd = target_socket(t->encap.protocol, t->place.address.family,
	    &t->conf, &t->use, t->first_port + i, err);

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

/* Ports and the way, without a socket of ours. */
static void
make_plan(struct target *t)
{
	struct iface_route r;

	for (unsigned i = 0; t->encap.protocol == IPPROTO_UDP && i < t->nqueues;
	     i++)
		t->planned_ports[i] = target_plan_port(t->use.plan, &t->conf,
		    t->first_port + i);
	t->mtu = MTU_UNKNOWN;
	if (iface_route_get(&r, &t->place.address, t->conf.interface, NULL) ==
	    0)
		t->mtu = r.mtu;
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
	t->first_port = target_socket_start(u, place);
	encap_init(&t->encap, ct->encap, u->session_id, ct->sequence);
	t->outer_len = (uint32_t)encap_outer_len(&t->encap,
	    place->address.family);
	if (copy_conf(t, ct) == -1) {
		err_sys(&why, "open");
		goto fail;
	}
	/* Without ports one socket does. */
	nqueues = t->encap.protocol == IPPROTO_UDP ? ct->source_ports : 1;
	for (unsigned i = 0; i < nqueues && u->plan == NULL; i++)
		if (open_queue(t, i, &why) == -1)
			goto fail;
	t->nqueues = nqueues;
	if (u->plan != NULL)
		make_plan(t);
	else
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

/* What the size of a frame means to the copy; *len: bytes that are left. */
static enum target_fate
judge(const struct target *t, uint32_t *len)
{
	uint32_t header = target_overhead(t);
	uint32_t room = t->mtu > header ? t->mtu - header : 0;

	if (header + *len <= t->mtu)
		return TARGET_FITS;
	if (t->use.oversize == CONF_OVERSIZE_FRAGMENT)
		return TARGET_FRAGMENTED;
	if (t->use.oversize == CONF_OVERSIZE_DROP || room < FRAME_MIN)
		return TARGET_OVERSIZE;
	*len = room;
	return TARGET_TRUNCATED;
}

static void
push_truncated(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame, uint32_t len)
{
	struct segment f = *frame;

	if (f.head_len > len)
		f.head_len = len;
	f.body_len = len - f.head_len;
	f.truncated = true;
	t->stats.truncated_packets += !frame->truncated;
	push(t, port, flow, &f);
}

void
target_push(struct target *t, unsigned port, uint64_t flow,
    const struct segment *frame)
{
	uint32_t len = frame->head_len + frame->body_len;

	switch (judge(t, &len)) {
	case TARGET_FITS:
		push(t, port, flow, frame);
		break;
	case TARGET_FRAGMENTED:
		t->stats.fragmented_packets++;
		push(t, port, flow, frame);
		break;
	case TARGET_TRUNCATED:
		push_truncated(t, port, flow, frame, len);
		break;
	case TARGET_OVERSIZE:
		t->stats.dropped[TARGET_DROP_OVERSIZE]++;
		break;
	}
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

/* ---- foreseeing -------------------------------------------------------- */

static uint16_t
source_port(const struct target *t, unsigned port)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);

	if (t->encap.protocol != IPPROTO_UDP)
		return 0;
	if (t->use.plan != NULL)
		return t->planned_ports[port];
	if (getsockname(send_queue_fd(t->queues[port]), (struct sockaddr *)&ss,
		&len) == -1)
		return 0;
	return addr_sockaddr_port((struct sockaddr *)&ss);
}

/* IP packets that one of len bytes is cut into: all but the last carry a
 * multiple of 8. */
static uint32_t
count_fragments(const struct target *t, uint32_t len)
{
	bool v4 = t->place.address.family == AF_INET;
	uint32_t header = v4 ? 20 : 40, extra = v4 ? 0 : 8;
	uint32_t most;

	if (t->mtu < header + extra + 8)
		return 0;
	most = (t->mtu - header - extra) & ~UINT32_C(7);
	return (len - header + most - 1) / most;
}

/* The kernel refuses it. */
static bool
is_beyond_ip(const struct target *t, uint32_t len)
{
	uint32_t uncounted = t->place.address.family == AF_INET ? 0 : 40;

	return len - uncounted > UINT16_MAX;
}

void
target_foresee(const struct target *t, unsigned port, uint32_t len,
    struct target_forecast *out)
{
	enum target_fate fate = judge(t, &len);

	*out = (struct target_forecast) { .source_port = source_port(t, port),
		.mtu = t->mtu == MTU_UNKNOWN ? 0 : t->mtu,
		.fate = fate,
		.len = target_overhead(t) + len,
		.fragments = 1 };
	if (is_beyond_ip(t, out->len))
		out->fate = TARGET_OVERSIZE;
	else if (fate == TARGET_FRAGMENTED)
		out->fragments = count_fragments(t, out->len);
}

const struct addr *
target_address(const struct target *t)
{
	return &t->place.address;
}

uint16_t
target_port(const struct target *t)
{
	return t->encap.protocol == IPPROTO_UDP ? t->place.port : 0;
}

const struct target_stats *
target_stats(const struct target *t)
{
	return &t->stats;
}

int
target_failure(const struct target *t)
{
	return t->failure;
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
