/* SPDX-License-Identifier: ISC */
/* The sockets of a target. */
#ifndef TM_TARGET_SOCKET_H
#define TM_TARGET_SOCKET_H

#include <sys/socket.h>

struct conf_target;
struct err;
struct target_use;

/* Opens the socket number i to a place of that family: not connected, with
 * everything set that copies need. protocol: IPPROTO_UDP or an IP protocol.
 * Returns the file descriptor, or -1. */
int target_socket(int protocol, sa_family_t family,
    const struct conf_target *ct, const struct target_use *u, unsigned i,
    struct err *err);

#endif
