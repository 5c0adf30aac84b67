/* SPDX-License-Identifier: ISC */
/* Into the background, with the foreground waiting for the outcome. */
#ifndef TM_DETACH_H
#define TM_DETACH_H

struct err;

/* Forks. The parent waits and exits: 0 once the child calls detach_ready, 1
 * if the child exits before. The child goes on in a session of its own, its
 * stderr still the caller's. Returns a descriptor for detach_ready, or -1 if
 * it cannot fork. */
int detach_start(struct err *err);

/* Lets the foreground process exit with 0 and turns stdin, stdout and stderr
 * to /dev/null. Takes ready_fd; does nothing if it is -1. */
void detach_ready(int ready_fd);

#endif
