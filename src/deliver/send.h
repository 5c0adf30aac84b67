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

/* Makes the kernel look up the route of a connected socket again, which it
 * would do at the next send only: until then it tells the path MTU of the old
 * one. */
void send_queue_refresh(struct send_queue *q, const struct sockaddr_storage *ss,
    socklen_t len);

int send_queue_fd(const struct send_queue *q);

/* Whether the kernel has UDP_SEGMENT for this socket (since Linux 4.18). */
bool send_queue_can_join(const struct send_queue *q);

/* Lets copies of one size leave as one send (UDP_SEGMENT, net/ipv4/udp.c) if
 * they have at most len bytes, encapsulation included; 0: none. */
void send_queue_join(struct send_queue *q, uint32_t len);

/* Queues the encapsulation header and the frame: its head is copied, its
 * body borrowed until the flush. flow: copies of one flow keep their order.
 * Returns whether the queue is full now and must be flushed before the next. */
bool send_queue_add(struct send_queue *q, uint64_t flow,
    const struct segment *frame, uint32_t sequence);

struct send_result {
	uint64_t packets; /* sent */
	uint64_t bytes;	  /* of the headers and frames handed over */
	uint64_t failed;
	uint64_t congested; /* of these, for want of room in the kernel */
	uint64_t oversize;  /* larger than a datagram can be, or may be */
	/* Reports that copies sent before did not arrive: at least so many did
	 * not. */
	uint64_t undelivered;
	int undelivered_error; /* errno of the last of them */
	int error;	       /* errno of the last failure, 0 = none */
	int join_error;	   /* errno if the kernel refused to take copies as one;
			    * they went one by one, as all do until
			    * send_queue_join */
	uint32_t join_len; /* of each of them */
	bool mtu_changed;  /* the kernel found some too large for the path */
};

/* Takes the reports of what became of earlier copies, and adds them to
 * *res. */
void send_queue_listen(struct send_queue *q, struct send_result *res);

/* Sends what is queued, and adds to *res what became of it. An ICMP error that
 * an earlier copy caused costs no copy. wait: sleep while the socket buffer is
 * full, instead of dropping. */
void send_queue_flush(struct send_queue *q, bool wait, struct send_result *res);

#endif
