/* SPDX-License-Identifier: ISC */
/* One target as one mirror uses it: its sockets, and who sends through
 * them. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "deliver/encap.h"
#include "deliver/send.h"
#include "deliver/target.h"

/* RFC 7348, section 5: source ports SHOULD be of the dynamic range. Its first,
 * 49152, is left out: tcpdump takes what comes from it for BCM-LI-SHIM. */
#define TARGET_PORT_FIRST 49153u
#define TARGET_PORT_COUNT 16383u

#define TARGET_SNDBUF (4 << 20)

struct target {
	struct conf_target conf; /* name and interface are our own copies */
	uint32_t session_id;
	uint32_t mark;
	struct encap encap;
	size_t outer_len; /* IP and UDP in front of the encapsulation */
	struct send_queue *queues[CONF_SOURCE_PORTS_MAX];
	unsigned nqueues;
	uint64_t filled; /* bit i: queue i holds copies */
	uint32_t sequence;
	struct target_stats stats;
	int failure; /* errno of the last failed send, 0 = none */
};

static int
set_option(int fd, int level, int option, int v, const char *what,
    struct err *err)
{
	if (setsockopt(fd, level, option, &v, sizeof(v)) == -1)
		return err_sys(err, "%s", what);
	return 0;
}

/* Outer header and error reporting. Not to set DF lets the kernel fragment a
 * copy larger than the path; RECVERR makes it report a full device queue. */
static int
set_ip_options(const struct target *t, int fd, struct err *err)
{
	bool v4 = t->conf.address.family == AF_INET;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;

	if (set_option(fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, t->conf.ttl,
		"ttl", err) == -1 ||
	    set_option(fd, level, v4 ? IP_TOS : IPV6_TCLASS, t->conf.dscp << 2,
		"dscp", err) == -1 ||
	    set_option(fd, level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
		IP_PMTUDISC_DONT, "fragmentation", err) == -1)
		return -1;
	return set_option(fd, level, v4 ? IP_RECVERR : IPV6_RECVERR, 1,
	    "error queue", err);
}

static int
set_socket_options(const struct target *t, int fd, struct err *err)
{
	struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog deaf = { .len = 1, .filter = &reject };
	const char *dev = t->conf.interface;

	if (set_option(fd, SOL_SOCKET, SO_MARK, (int)t->mark, "mark", err) ==
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
	if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, TARGET_SNDBUF, "",
		NULL) == -1)
		set_option(fd, SOL_SOCKET, SO_SNDBUF, TARGET_SNDBUF, "", NULL);
	return set_ip_options(t, fd, err);
}

/* Binds to a free port of the dynamic range. Where the search starts depends
 * on the session and the number of the socket alone, so that a restart
 * finds the same ports and receivers keep their queues. */
static int
bind_port(const struct target *t, int fd, unsigned i, struct err *err)
{
	struct addr any = { .family = t->conf.address.family };
	const struct addr *a = t->conf.source_address.family != 0 ?
	    &t->conf.source_address :
	    &any;
	unsigned start = t->session_id * CONF_SOURCE_PORTS_MAX + i;
	struct sockaddr_storage ss;
	socklen_t len;

	for (unsigned try = 0; try < TARGET_PORT_COUNT; try++) {
		uint16_t port = (uint16_t)(TARGET_PORT_FIRST +
		    (start + try) % TARGET_PORT_COUNT);

		if (t->encap.protocol != IPPROTO_UDP)
			port = 0;
		len = addr_to_sockaddr(a, port, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return err_sys(err, "source address");
}

static int
open_queue(struct target *t, unsigned i, struct err *err)
{
	int type = t->encap.protocol == IPPROTO_UDP ? SOCK_DGRAM : SOCK_RAW;
	int fd = socket(t->conf.address.family,
	    type | SOCK_CLOEXEC | SOCK_NONBLOCK, t->encap.protocol);

	if (fd == -1)
		return err_sys(err, "socket");
	if (set_socket_options(t, fd, err) == -1 ||
	    bind_port(t, fd, i, err) == -1)
		goto fail;
	t->queues[i] = send_queue_new(fd, &t->encap);
	if (t->queues[i] == NULL) {
		err_sys(err, "queue");
		goto fail;
	}
	t->nqueues++;
	return 0;
fail:
	close(fd);
	return -1;
}

static void
connect_queues(struct target *t)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&t->conf.address, t->conf.port, &ss);

	for (unsigned i = 0; i < t->nqueues; i++)
		if (send_queue_connect(t->queues[i], &ss, len,
			t->conf.interface) == -1)
			t->failure = errno;
}

int
target_open(struct target **out, const struct conf_target *ct,
    uint32_t session_id, uint32_t mark, struct err *err)
{
	struct target *t = calloc(1, sizeof(*t));
	unsigned nqueues;
	struct err why;

	if (t == NULL)
		return err_sys(err, "target \"%s\"", ct->name);
	t->conf = *ct;
	t->session_id = session_id;
	t->mark = mark;
	encap_init(&t->encap, ct->encap, session_id, ct->sequence);
	t->outer_len = encap_outer_len(&t->encap, ct->address.family);
	t->conf.name = strdup(ct->name);
	t->conf.interface = ct->interface == NULL ? NULL :
						    strdup(ct->interface);
	if (t->conf.name == NULL ||
	    (ct->interface != NULL && t->conf.interface == NULL)) {
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
    uint32_t session_id, uint32_t mark)
{
	const struct conf_target *o = &t->conf;

	return session_id == t->session_id && mark == t->mark &&
	    same_text(o->name, ct->name) &&
	    addr_equal(&o->address, &ct->address) && o->encap == ct->encap &&
	    o->port == ct->port &&
	    addr_equal(&o->source_address, &ct->source_address) &&
	    same_text(o->interface, ct->interface) && o->ttl == ct->ttl &&
	    o->dscp == ct->dscp && o->source_ports == ct->source_ports &&
	    o->sequence == ct->sequence;
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

static void
flush_queue(struct target *t, unsigned i, bool wait)
{
	struct send_result res = { 0 };

	send_queue_flush(t->queues[i], wait, &res);
	t->stats.copied_packets += res.packets;
	t->stats.copied_bytes += res.bytes + res.packets * t->outer_len;
	t->stats.dropped[TARGET_DROP_SEND_ERROR] += res.failed;
	t->stats.dropped[TARGET_DROP_OVERSIZE] += res.oversize;
	if (res.error != 0)
		t->failure = res.error;
}

void
target_push(struct target *t, unsigned port, const struct segment *frame)
{
	t->filled |= UINT64_C(1) << port;
	if (send_queue_add(t->queues[port], frame, t->sequence++))
		flush_queue(t, port, false);
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

	t->failure = 0;
	if (failure != 0)
		connect_queues(t);
	return failure;
}
