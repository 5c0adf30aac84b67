/* SPDX-License-Identifier: ISC */
/* Echo requests (RFC 792, RFC 4443) and the answers to them. */
#include "config.h"

#include <sys/socket.h>
#include <net/if.h> /* before that of linux */
#include <errno.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ev.h>

#include "base/bytes.h"
#include "base/random.h"
#include "conf/conf.h"
#include "daemon/ping.h"
#include "packet/checksum.h"

#define PING_LEN   20 /* header, CONF_CHECK_MAGIC, cookie */
#define PING_READS 64 /* answers before others have their turn */
/* Requests to hosts that nobody finds wait in the neighbour table for seconds,
 * and fill the send buffer of their socket: so many share one. */
#define PING_USERS 64
#define ANSWER_MAX 128

/* The offsets in a message. */
#define PING_CHECKSUM 2
#define PING_ID	      4
#define PING_SEQUENCE 6
#define PING_MAGIC_AT 8
#define PING_COOKIE   12

struct ping_socket {
	struct ping_socket *next;
	struct probe_way way;
	sa_family_t family;
	unsigned users;
	int fd;
	ev_io io;
	uint16_t id;
	uint16_t sequence; /* of the last request */
	struct ping *waiting;
};

struct pings {
	struct ev_loop *loop;
	struct ping_socket *first;
};

struct pings *
pings_new(struct ev_loop *loop)
{
	struct pings *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->loop = loop;
	return s;
}

void
pings_free(struct pings *s)
{
	free(s);
}

/* ---- answers ------------------------------------------------------------- */

static struct ping *
find_waiting(struct ping_socket *so, const uint8_t *m, const struct addr *from)
{
	struct ping *p = so->waiting;

	while (p != NULL &&
	    (p->sequence != bytes_get16(m + PING_SEQUENCE) ||
		memcmp(&p->cookie, m + PING_COOKIE, sizeof(p->cookie)) != 0 ||
		!addr_equal(&p->to, from)))
		p = p->next;
	return p;
}

/* Raw sockets of IPv4 get the IP header as well, and checksums that nobody has
 * looked at. */
static void
take_answer(struct ping_socket *so, const uint8_t *m, size_t len,
    const struct addr *from)
{
	bool v4 = so->family == AF_INET;
	size_t skip = v4 && len > 0 ? (size_t)(m[0] & 0xf) * 4 : 0;
	struct ping *p;

	if (len < skip + PING_LEN)
		return;
	m += skip;
	if (m[0] != (v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) || m[1] != 0 ||
	    (v4 && checksum_finish(checksum_add(0, m, len - skip)) != 0) ||
	    bytes_get16(m + PING_ID) != so->id ||
	    (p = find_waiting(so, m, from)) == NULL)
		return;
	ping_forget(p);
	p->cb(p->arg);
}

static void
on_readable(struct ev_loop *loop, ev_io *w, int revents)
{
	struct ping_socket *so = w->data;
	uint8_t m[ANSWER_MAX];

	for (int i = 0; i < PING_READS; i++) {
		struct sockaddr_storage ss = { 0 };
		socklen_t ss_len = sizeof(ss);
		struct addr from;
		ssize_t n = recvfrom(so->fd, m, sizeof(m), 0,
		    (struct sockaddr *)&ss, &ss_len);

		if (n == -1)
			return;
		addr_from_sockaddr(&from, (const struct sockaddr *)&ss);
		take_answer(so, m, (size_t)n, &from);
	}
}

/* ---- sockets ------------------------------------------------------------- */

/* Whatever else this host sends and gets as echoes is none of our business,
 * and costs us nothing. */
static int
filter_answers(const struct ping_socket *so)
{
	bool v4 = so->family == AF_INET;
	struct sock_filter code[] = {
		v4 ?
		    (struct sock_filter)BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0) :
		    (struct sock_filter)BPF_STMT(BPF_LDX | BPF_W | BPF_IMM, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, PING_ID),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, so->id, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_IND, PING_MAGIC_AT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONF_CHECK_MAGIC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ANSWER_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	struct icmp_filter types4 = { ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter types6;

	ICMP6_FILTER_SETBLOCKALL(&types6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &types6);
	if (setsockopt(so->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
		sizeof(prog)) == -1)
		return -1;
	return v4 ?
	    setsockopt(so->fd, SOL_RAW, ICMP_FILTER, &types4, sizeof(types4)) :
	    setsockopt(so->fd, IPPROTO_ICMPV6, ICMP6_FILTER, &types6,
		sizeof(types6));
}

static struct ping_socket *
find_socket(const struct pings *s, sa_family_t family,
    const struct probe_way *w)
{
	struct ping_socket *so = s->first;

	while (so != NULL &&
	    (so->family != family || so->users == PING_USERS ||
		!probe_way_equal(&so->way, w)))
		so = so->next;
	return so;
}

/* Returns NULL with errno. */
static struct ping_socket *
open_socket(struct pings *s, sa_family_t family, const struct probe_way *w)
{
	struct ping_socket *so = calloc(1, sizeof(*so));
	int error;

	if (so == NULL)
		return NULL;
	so->way = *w;
	so->family = family;
	random_fill(&so->id, sizeof(so->id));
	so->fd = probe_way_socket(w, 0, family, SOCK_RAW,
	    family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (so->fd == -1 || filter_answers(so) == -1) {
		error = errno;
		if (so->fd != -1)
			close(so->fd);
		free(so);
		errno = error;
		return NULL;
	}
	ev_io_init(&so->io, on_readable, so->fd, EV_READ);
	so->io.data = so;
	/* After a long turn of the loop, answers come before time is up. */
	ev_set_priority(&so->io, EV_MAXPRI);
	ev_io_start(s->loop, &so->io);
	so->next = s->first;
	s->first = so;
	return so;
}

static void
close_socket(struct pings *s, struct ping_socket *so)
{
	struct ping_socket **at = &s->first;

	while (*at != so)
		at = &(*at)->next;
	*at = so->next;
	ev_io_stop(s->loop, &so->io);
	close(so->fd);
	free(so);
}

/* ---- requests ------------------------------------------------------------ */

static int
send_request(const struct ping *p)
{
	const struct ping_socket *so = p->socket;
	bool v4 = so->family == AF_INET;
	uint8_t m[PING_LEN] = { v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST };
	struct sockaddr_storage ss;
	socklen_t ss_len = addr_to_sockaddr(&p->to, 0, &ss);
	uint16_t sum;

	bytes_put16(m + PING_ID, so->id);
	bytes_put16(m + PING_SEQUENCE, p->sequence);
	bytes_put32(m + PING_MAGIC_AT, CONF_CHECK_MAGIC);
	memcpy(m + PING_COOKIE, &p->cookie, sizeof(p->cookie));
	/* That of IPv6 is up to the kernel. */
	sum = v4 ? checksum_finish(checksum_add(0, m, sizeof(m))) : 0;
	memcpy(m + PING_CHECKSUM, &sum, sizeof(sum));
	return sendto(so->fd, m, sizeof(m), 0, (const struct sockaddr *)&ss,
		   ss_len) == -1 ?
	    -1 :
	    0;
}

static int
use_socket(struct pings *s, struct ping *p)
{
	struct ping_socket *so = p->socket;

	if (so != NULL)
		return 0;
	so = find_socket(s, p->to.family, &p->way);
	if (so == NULL && (so = open_socket(s, p->to.family, &p->way)) == NULL)
		return -1;
	so->users++;
	p->socket = so;
	return 0;
}

int
ping_send(struct pings *s, struct ping *p)
{
	if (use_socket(s, p) == -1)
		return -1;
	ping_forget(p);
	p->sequence = ++p->socket->sequence;
	random_fill(&p->cookie, sizeof(p->cookie));
	if (send_request(p) == -1 &&
	    (probe_way_rebind(&p->way, p->socket->fd) == -1 ||
		send_request(p) == -1))
		return -1;
	p->waits = true;
	p->next = p->socket->waiting;
	p->socket->waiting = p;
	return 0;
}

void
ping_forget(struct ping *p)
{
	struct ping **at;

	if (!p->waits)
		return;
	for (at = &p->socket->waiting; *at != p; at = &(*at)->next)
		continue;
	*at = p->next;
	p->waits = false;
}

void
ping_fini(struct pings *s, struct ping *p)
{
	if (p->socket == NULL)
		return;
	ping_forget(p);
	if (--p->socket->users == 0)
		close_socket(s, p->socket);
	p->socket = NULL;
}
