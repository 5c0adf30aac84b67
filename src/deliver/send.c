/* SPDX-License-Identifier: ISC */
/* Copies on their way into one socket, many with one system call. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deliver/encap.h"
#include "deliver/send.h"
#include "packet/segment.h"

#define SEND_BATCH   64
#define SEND_WAIT_MS 1
#define SEND_TRIES   4 /* of one copy, before a failure is its own */

struct send_queue {
	int fd;
	bool connected;
	unsigned n;
	const struct encap *encap;
	struct mmsghdr msgs[SEND_BATCH];
	struct iovec iov[SEND_BATCH][2]; /* headers, body */
	/* Of the encapsulation and of the frame, as far as it has new ones. */
	uint8_t headers[SEND_BATCH][ENCAP_HEADER_MAX + SEGMENT_HEAD_MAX];
};

struct send_queue *
send_queue_new(int fd, const struct encap *e)
{
	struct send_queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->fd = fd;
	q->encap = e;
	for (unsigned i = 0; i < SEND_BATCH; i++) {
		q->msgs[i].msg_hdr.msg_iov = q->iov[i];
		q->msgs[i].msg_hdr.msg_iovlen = 2;
		memcpy(q->headers[i], e->header, e->len);
		q->iov[i][0].iov_base = q->headers[i];
	}
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

bool
send_queue_add(struct send_queue *q, const struct segment *frame,
    uint32_t sequence)
{
	const struct encap *e = q->encap;
	unsigned i = q->n++;

	if (e->put != NULL)
		e->put(q->headers[i], frame, sequence);
	memcpy(q->headers[i] + e->len, frame->head, frame->head_len);
	q->iov[i][0].iov_len = e->len + frame->head_len;
	q->iov[i][1].iov_base = (void *)(uintptr_t)frame->body;
	q->iov[i][1].iov_len = frame->body_len;
	return q->n == SEND_BATCH;
}

/* Takes ICMP errors that earlier copies caused off the socket. */
static void
drain_error_queue(int fd)
{
	struct msghdr m;

	do {
		memset(&m, 0, sizeof(m));
	} while (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0);
}

static void
count_sent(const struct send_queue *q, unsigned from, unsigned to,
    struct send_result *res)
{
	res->packets += to - from;
	for (unsigned i = from; i < to; i++)
		res->bytes += q->iov[i][0].iov_len + q->iov[i][1].iov_len;
}

static bool
buffer_full(int error)
{
	return error == EAGAIN || error == ENOBUFS;
}

/* Whether the copy that failed is to be tried again. A failure may be the late
 * report of an ICMP error that an earlier copy caused, and another such error
 * may come in while we look. */
static bool
try_again(struct send_queue *q, int error, bool wait, unsigned *failures)
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
	drain_error_queue(q->fd);
	return true;
}

void
send_queue_flush(struct send_queue *q, bool wait, struct send_result *res)
{
	unsigned done = 0, failures = 0;

	if (!q->connected) {
		res->failed += q->n;
		res->error = ENETUNREACH;
		done = q->n;
	}
	while (done < q->n) {
		int n = sendmmsg(q->fd, q->msgs + done, q->n - done, 0);
		int error = errno;

		if (n > 0) {
			count_sent(q, done, done + (unsigned)n, res);
			done += (unsigned)n;
			failures = 0;
		} else if (try_again(q, error, wait, &failures)) {
			continue;
		} else if (error == EMSGSIZE) {
			res->oversize++;
			done++;
			failures = 0;
		} else if (error == EPERM) {
			/* A firewall judges each copy by itself. */
			res->error = error;
			res->failed++;
			done++;
			failures = 0;
		} else {
			/* The rest would meet the same obstacle. */
			res->error = error;
			res->failed += q->n - done;
			done = q->n;
		}
	}
	q->n = 0;
}
