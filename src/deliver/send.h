/* SPDX-License-Identifier: ISC */
/* Copies on their way into one socket, many with one system call. */
#ifndef TM_SEND_H
#define TM_SEND_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

struct encap;
struct segment;
struct send_queue;

/* Takes fd, a non-blocking datagram or raw socket, on success. Borrows the
 * encapsulation. NULL without memory. */
struct send_queue *send_queue_new(int fd, const struct encap *e);

/* Closes the socket too. NULL is allowed. */
void send_queue_free(struct send_queue *q);

/* Connects the socket anew, so that route, source address and, unless
 * interface is NULL, the interface of that name are looked up again. Returns
 * 0; -1 with errno when there is no route or no such interface. */
int send_queue_connect(struct send_queue *q, const struct sockaddr_storage *ss,
    socklen_t len, const char *interface);

/* Queues the encapsulation header and the frame: its head is copied, its
 * body borrowed until the flush. Returns whether the queue is full now and must
 * be flushed before the next. */
bool send_queue_add(struct send_queue *q, const struct segment *frame,
    uint32_t sequence);

struct send_result {
	uint64_t packets; /* sent */
	uint64_t bytes;	  /* of the headers and frames handed over */
	uint64_t failed;
	uint64_t oversize; /* larger than a datagram can be */
	int error;	   /* errno of the last failure, 0 = none */
};

/* Sends what is queued, in order, and adds to *res what became of it. An
 * ICMP error that an earlier copy caused costs no copy. wait: sleep while
 * the socket buffer is full, instead of dropping. */
void send_queue_flush(struct send_queue *q, bool wait, struct send_result *res);

#endif
