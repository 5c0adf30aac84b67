/* SPDX-License-Identifier: ISC */
/* Saved captures as a source of frames. */
#ifndef TM_SAVEFILE_H
#define TM_SAVEFILE_H

#include <stdint.h>

#include "packet/packet.h"

struct err;
struct filter;

/* Reads a pcap or pcapng file of Ethernet frames and hands those that the
 * filter matches to h, each followed by block_end. Direction and mark are
 * not in such files and not asked for. *nread: frames read, also on error.
 * Returns 0 or -1. */
int savefile_run(const char *path, const struct filter *f,
    const struct packet_handler *h, uint64_t *nread, struct err *err);

#endif
