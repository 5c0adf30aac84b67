/* SPDX-License-Identifier: ISC */
/* The sockets of a target. */
#ifndef TM_TARGET_SOCKET_H
#define TM_TARGET_SOCKET_H

#include <sys/socket.h>

#include <stdint.h>

struct conf_place;
struct conf_target;
struct err;
struct target_plan;
struct target_use;

/* Where the search for a free source port begins, for the first socket to that
 * place; for the next one it is one more. It depends on the place and the
 * session alone, so that a restart finds the same ports and receivers keep
 * their queues; and differs from place to place, so that thousands of sockets
 * are not all looking in the same part of the range. */
unsigned target_socket_start(const struct target_use *u,
    const struct conf_place *place);

/* Opens a socket to a place of that family: not connected, with everything set
 * that copies need. protocol: IPPROTO_UDP or an IP protocol. Returns the file
 * descriptor, or -1. */
int target_socket(int protocol, sa_family_t family,
    const struct conf_target *ct, const struct target_use *u, unsigned start,
    struct err *err);

/* Which ports a daemon that starts with a configuration takes. NULL without
 * memory. */
struct target_plan *target_plan_new(void);
void target_plan_free(struct target_plan *p);

/* Takes the port that target_socket would bind, if no other program has it.
 * Returns it; 0 without memory. */
uint16_t target_plan_port(struct target_plan *p, const struct conf_target *ct,
    unsigned start);

#endif
