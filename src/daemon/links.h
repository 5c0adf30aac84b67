/* SPDX-License-Identifier: ISC */
/* What the kernel tells of interfaces, addresses and routes as they change
 * (rtnetlink(7)). */
#ifndef TM_LINKS_H
#define TM_LINKS_H

struct err;
struct ev_loop;
struct links;

enum links_change {
	LINKS_INTERFACES = 1, /* also their addresses, MTU and carrier */
	LINKS_ROUTES = 2      /* also the rules that choose a table */
};

/* what: one or both; what changes interfaces changes routes too. */
typedef void links_cb(void *arg, unsigned what);

/* Calls cb in the loop, 50 ms after the first change: once for all that has
 * changed by then. If that takes cb long, the next call waits nine times as
 * much as cb had of the CPU, up to half a second, so that a host whose
 * containers come and go by the thousand pays for a tenth of the time. When
 * the kernel has lost messages, everything has changed. No privileges are
 * needed. */
int links_open(struct links **out, struct ev_loop *loop, links_cb *cb,
    void *arg, struct err *err);

/* NULL is allowed. */
void links_close(struct links *l);

#endif
