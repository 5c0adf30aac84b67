/* SPDX-License-Identifier: ISC */
/* Copies on their way into one socket, many with one system call. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/encap.h"
#include "deliver/runs.h"
#include "deliver/send.h"
#include "packet/segment.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* Linux 4.18, linux/udp.h */
#endif

#define SEND_WAIT_MS 1
#define REPORT_SPACE 256  /* bytes of what the kernel says of an error */
#define REPORTS	     1024 /* at a time, before copies have their turn */
#define SEND_TRIES   4	  /* of one message, before a failure is its own */

/* Linux took 64 segments before 6.9, and before 5.16 it counted the headers in
 * front of them, 48 bytes at the most, as payload: so one less, and none
 * shorter than these. A datagram cannot be longer than IPv4 allows. */
#define JOIN_COPIES_MAX 63
#define JOIN_LEN_MIN	48
#define JOIN_TOTAL_MAX	65507u

struct send_queue {
	int fd;
	bool connected;
	const struct encap *encap;
	struct runs_limits limits;
	struct runs runs;
	/* Of the encapsulation and of the frame, as far as it has new ones. */
	uint8_t headers[RUNS_COPIES][ENCAP_HEADER_MAX + SEGMENT_HEAD_MAX];
};

union control {
	char bytes[CMSG_SPACE(sizeof(uint16_t))];
	struct cmsghdr align;
};

/* The messages of a flush, and what each holds. */
struct batch {
	unsigned n;
	unsigned done;
	struct mmsghdr msgs[RUNS_COPIES];
	struct iovec iov[RUNS_COPIES][2]; /* of messages of several copies */
	unsigned niov;
	union control control[RUNS_COPIES];
	uint16_t run[RUNS_COPIES];
	uint16_t copies[RUNS_COPIES];
	uint32_t bytes[RUNS_COPIES];
};

struct send_queue *
send_queue_new(int fd, const struct encap *e)
{
	struct send_queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->fd = fd;
	q->encap = e;
	for (unsigned i = 0; i < RUNS_COPIES; i++)
		memcpy(q->headers[i], e->header, e->len);
	send_queue_join(q, 0);
	runs_clear(&q->runs);
	return q;
}

void
send_queue_free(struct send_queue *q)
{
	if (q == NULL)
		return;
	close(q->fd);
	free(q);
}

int
send_queue_connect(struct send_queue *q, const struct sockaddr_storage *ss,
    socklen_t len, const char *interface)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };

	/* A connected socket keeps its source address until it is let go; that
	 * lets go of its interface too. */
	if (q->connected)
		(void)!connect(q->fd, &none, sizeof(none));
	q->connected = false;
	if (interface != NULL &&
	    setsockopt(q->fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		(socklen_t)strlen(interface)) == -1)
		return -1;
	if (connect(q->fd, (const struct sockaddr *)ss, len) == -1)
		return -1;
	q->connected = true;
	return 0;
}

void
send_queue_refresh(struct send_queue *q, const struct sockaddr_storage *ss,
    socklen_t len)
{
	if (q->connected)
		(void)!connect(q->fd, (const struct sockaddr *)ss, len);
}

int
send_queue_fd(const struct send_queue *q)
{
	return q->fd;
}

bool
send_queue_can_join(const struct send_queue *q)
{
	int none = 0;

	return q->encap->protocol == IPPROTO_UDP &&
	    setsockopt(q->fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof(none)) ==
	    0;
}

void
send_queue_join(struct send_queue *q, uint32_t len)
{
	q->limits = (struct runs_limits) {
		.copies = len == 0 ? 1 : JOIN_COPIES_MAX,
		.least = JOIN_LEN_MIN,
		.len = len,
		.total = JOIN_TOTAL_MAX,
	};
}

bool
send_queue_add(struct send_queue *q, uint64_t flow, const struct segment *frame,
    uint32_t sequence)
{
	const struct encap *e = q->encap;
	uint8_t *header = q->headers[q->runs.ncopies];
	struct iovec iov[2] = { { header, e->len + frame->head_len },
		{ (void *)(uintptr_t)frame->body, frame->body_len } };

	if (e->put != NULL)
		e->put(header, frame, sequence);
	memcpy(header + e->len, frame->head, frame->head_len);
	runs_add(&q->runs, &q->limits, flow, iov);
	return runs_full(&q->runs);
}

/* ---- messages ---------------------------------------------------------- */

static void
add_message(struct batch *b, unsigned run, struct iovec *iov, unsigned copies,
    uint32_t bytes)
{
	struct msghdr *m = &b->msgs[b->n].msg_hdr;

	memset(m, 0, sizeof(*m));
	m->msg_iov = iov;
	m->msg_iovlen = (size_t)2 * copies;
	b->run[b->n] = (uint16_t)run;
	b->copies[b->n] = (uint16_t)copies;
	b->bytes[b->n] = bytes;
	b->n++;
}

/* Tells the kernel where to cut the last message. Not for a single copy: some
 * kernels refuse that. */
static void
add_segment_size(struct batch *b, uint16_t len)
{
	struct msghdr *m = &b->msgs[b->n - 1].msg_hdr;
	union control *c = &b->control[b->n - 1];

	m->msg_control = c->bytes;
	m->msg_controllen = sizeof(c->bytes);
	c->align.cmsg_level = IPPROTO_UDP;
	c->align.cmsg_type = UDP_SEGMENT;
	c->align.cmsg_len = CMSG_LEN(sizeof(len));
	memcpy(CMSG_DATA(&c->align), &len, sizeof(len));
}

static void
add_singles(struct send_queue *q, struct batch *b, unsigned i)
{
	const struct run *run = &q->runs.run[i];
	uint16_t at = run->first;

	for (unsigned k = 0; k < run->copies; k++) {
		struct runs_copy *c = &q->runs.copy[at];

		add_message(b, i, c->iov, 1, run->len);
		at = c->next;
	}
}

static void
add_copy(struct batch *b, const struct runs_copy *c)
{
	memcpy(b->iov[b->niov++], c->iov, sizeof(c->iov));
}

/* Adds run i as one message, with the next run if that is its tail. */
static void
add_joined(struct send_queue *q, struct batch *b, unsigned i, bool tail)
{
	const struct run *run = &q->runs.run[i];
	struct iovec *iov = b->iov[b->niov];
	unsigned copies = run->copies;
	uint32_t bytes = run->copies * run->len;
	uint16_t at = run->first;

	for (unsigned k = 0; k < run->copies; k++) {
		add_copy(b, &q->runs.copy[at]);
		at = q->runs.copy[at].next;
	}
	if (tail) {
		add_copy(b, &q->runs.copy[run[1].first]);
		copies++;
		bytes += run[1].len;
	}
	add_message(b, i, iov, copies, bytes);
	add_segment_size(b, (uint16_t)run->len);
}

/* Makes messages of all runs from the given one on. */
static void
make_messages(struct send_queue *q, struct batch *b, unsigned i)
{
	b->n = b->done = b->niov = 0;
	for (; i < q->runs.nruns; i++) {
		const struct run *run = &q->runs.run[i];
		bool join = q->limits.copies > 1 && !run->split;
		bool tail = join && runs_has_tail(&q->runs, i, &q->limits);

		if (join && (run->copies > 1 || tail))
			add_joined(q, b, i, tail);
		else
			add_singles(q, b, i);
		i += tail;
	}
}

/* ---- sending ----------------------------------------------------------- */

/* A port or protocol that nobody listens to was reached: raw readers need
 * no more. What the kernel says by itself, it said when it refused a copy. */
static void
note_report(const struct sock_extended_err *e, struct send_result *res)
{
	if (e->ee_origin == SO_EE_ORIGIN_LOCAL || e->ee_errno == ECONNREFUSED ||
	    e->ee_errno == ENOPROTOOPT)
		return;
	res->undelivered++;
	res->undelivered_error = (int)e->ee_errno;
}

/* Takes ICMP errors that earlier copies caused off the socket. Those of an
 * address that nobody answers for (ARP, neighbour discovery) come from our own
 * kernel. */
static void
drain_error_queue(int fd, struct send_result *res)
{
	union {
		char bytes[REPORT_SPACE];
		struct cmsghdr align;
	} control;
	struct msghdr m = { .msg_control = control.bytes };

	for (unsigned i = 0; i < REPORTS; i++) {
		struct cmsghdr *c;

		m.msg_controllen = sizeof(control.bytes);
		if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		c = CMSG_FIRSTHDR(&m);
		while (c != NULL &&
		    !(c->cmsg_level == IPPROTO_IP &&
			c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 &&
			c->cmsg_type == IPV6_RECVERR))
			c = CMSG_NXTHDR(&m, c);
		if (c != NULL)
			note_report((const void *)CMSG_DATA(c), res);
	}
}

void
send_queue_listen(struct send_queue *q, struct send_result *res)
{
	drain_error_queue(q->fd, res);
}

static void
count_sent(struct batch *b, unsigned n, struct send_result *res)
{
	for (; n > 0; n--, b->done++) {
		res->packets += b->copies[b->done];
		res->bytes += b->bytes[b->done];
	}
}

static bool
buffer_full(int error)
{
	return error == EAGAIN || error == ENOBUFS;
}

static void
count_failed(struct batch *b, unsigned n, int error, struct send_result *res)
{
	for (; n > 0; n--, b->done++) {
		res->failed += b->copies[b->done];
		res->congested += buffer_full(error) ? b->copies[b->done] : 0;
	}
}

/* Whether the message that failed is to be tried again. A failure may be the
 * late report of an ICMP error that an earlier copy caused, and another such
 * error may come in while we look. */
static bool
try_again(struct send_queue *q, int error, bool wait, unsigned *failures,
    struct send_result *res)
{
	struct pollfd pfd = { .fd = q->fd, .events = POLLOUT };

	if (error == EINTR)
		return true;
	if (buffer_full(error)) {
		/* A full device queue does not keep the socket from being
		 * writable. */
		if (wait)
			poll(&pfd, error == EAGAIN ? 1 : 0, SEND_WAIT_MS);
		return wait;
	}
	if (++*failures == SEND_TRIES)
		return false;
	drain_error_queue(q->fd, res);
	return true;
}

/* Whether the kernel would take the copies of the message one by one: EIO and
 * EINVAL (also older kernels' word for too long) for a device or route that
 * cannot cut, EMSGSIZE for a size that it would have to fragment. */
static bool
split(struct send_queue *q, struct batch *b, int error, struct send_result *res)
{
	unsigned i = b->run[b->done];

	if (b->copies[b->done] == 1)
		return false;
	if (error == EMSGSIZE) {
		q->runs.run[i].split = true;
		res->mtu_changed = true;
	} else if (error == EIO || error == EINVAL) {
		res->join_error = error;
		res->join_len = q->runs.run[i].len;
		send_queue_join(q, 0);
	} else {
		return false;
	}
	make_messages(q, b, i);
	return true;
}

/* What becomes of the message that cannot be sent. */
static void
give_up(struct send_queue *q, struct batch *b, int error,
    struct send_result *res)
{
	if (split(q, b, error, res))
		return;
	if (error == EMSGSIZE) {
		res->mtu_changed |= b->bytes[b->done] <= JOIN_TOTAL_MAX;
		res->oversize++;
		b->done++;
		return;
	}
	res->error = error;
	/* A firewall judges each message by itself; the rest would meet the
	 * same obstacle. */
	count_failed(b, error == EPERM ? 1 : b->n - b->done, error, res);
}

static void
send_all(struct send_queue *q, bool wait, struct send_result *res)
{
	unsigned failures = 0;
	struct batch b;

	make_messages(q, &b, 0);
	while (b.done < b.n) {
		int n = sendmmsg(q->fd, b.msgs + b.done, b.n - b.done, 0);
		int error = errno;

		if (n <= 0 && try_again(q, error, wait, &failures, res))
			continue;
		failures = 0;
		if (n > 0)
			count_sent(&b, (unsigned)n, res);
		else
			give_up(q, &b, error, res);
	}
}

void
send_queue_flush(struct send_queue *q, bool wait, struct send_result *res)
{
	if (q->connected) {
		send_all(q, wait, res);
	} else {
		res->failed += q->runs.ncopies;
		res->error = ENETUNREACH;
	}
	runs_clear(&q->runs);
}
