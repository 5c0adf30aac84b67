/* SPDX-License-Identifier: ISC */
/* A TCP socket that listens. */
#ifndef TM_TCPSOCK_H
#define TM_TCPSOCK_H

struct addr_port;
struct err;

/* Listens there; on [::] for IPv4 as well. Returns a descriptor that does not
 * block, or -1 with errno. */
int tcpsock_listen(const struct addr_port *at, struct err *err);

#endif
