/* SPDX-License-Identifier: ISC */
/* The frames in a saved capture. */
#ifndef TM_FRAMES_H
#define TM_FRAMES_H

#include <stdint.h>

#include "packet/packet.h"

struct err;

/* Reads a pcap or pcapng file of Ethernet frames ("-": standard input), and
 * hands over each with its time; the packet is good for the call. *nread:
 * frames read, also on error. Ends early, without an error, if each returns
 * something other than 0. Returns 0 or -1. */
int frames_read(const char *path, int (*each)(void *arg, struct packet *p),
    void *arg, uint64_t *nread, struct err *err);

#endif
