/* SPDX-License-Identifier: ISC */
/* Echo requests (RFC 792, RFC 4443) and the answers to them. */
#ifndef TM_PING_H
#define TM_PING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "daemon/probe_way.h"

struct ev_loop;
struct pings;

typedef void ping_cb(void *arg);

/* Asks one host, one request at a time; its owner keeps it. */
struct ping {
	struct addr to;
	struct probe_way way;
	ping_cb *cb; /* called once if a request is answered */
	void *arg;
	/* Of ping.c; zero at first. */
	struct ping_socket *socket;
	struct ping *next; /* of those that wait for an answer */
	bool waits;
	uint16_t sequence;
	uint64_t cookie;
};

/* All that go one way share a raw socket. NULL without memory. */
struct pings *pings_new(struct ev_loop *loop);

/* There must be no ping any more. NULL is allowed. */
void pings_free(struct pings *s);

/* Sends a request. Whoever answers has to be who was asked, and to send back
 * a number that only he can know. Returns 0, or -1 with errno. */
int ping_send(struct pings *s, struct ping *p);

/* No answer is waited for any more, if one was. */
void ping_forget(struct ping *p);

/* The same, and its socket is closed unless others use it. */
void ping_fini(struct pings *s, struct ping *p);

#endif
