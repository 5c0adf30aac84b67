/* SPDX-License-Identifier: ISC */
/* The capture ring of one interface: TPACKET_V3 with PACKET_VNET_HDR
 * (Documentation/networking/packet_mmap.rst, net/packet/af_packet.c). */
#ifndef TM_RING_H
#define TM_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

struct err;
struct filter;
struct hops;
struct ring;

struct ring_options {
	const char *name; /* of the interface; borrowed for the call */
	unsigned ifindex;
	bool loopback;
	uint64_t size;	     /* bytes, a multiple of 1 MiB */
	uint32_t latency_ms; /* a block is handed over at least this often */
	bool promiscuous;
	const struct hops *hops; /* as ring_set_filter; borrowed likewise */
};

/* Opens and fills in this order: socket without protocol, options, filter,
 * ring, bind last, so that no unfiltered frame can enter. Borrows f until
 * the next ring_set_filter or ring_close. */
int ring_open(struct ring **out, const struct ring_options *o,
    const struct filter *f, struct err *err);
void ring_close(struct ring *r);

/* Whether the kernel stamps a frame when it arrives, instead of each ring when
 * it gets it: then two rings of one interface agree on its time. As all traffic
 * of the host then pays for a look at the clock, only while one ring takes over
 * from another. On after ring_open. */
void ring_share_time(struct ring *r, bool on);

/* Readable when a block is filled, or the interface changed. */
int ring_fd(const struct ring *r);

/* Whether the ring still belongs to its interface. One that has left the
 * network namespace is lost for good, also if it returns under the same name
 * and index. */
bool ring_is_bound(const struct ring *r);

/* Handles filled blocks, at most budget; each goes back to the kernel after
 * block_end. Returns how many. */
unsigned ring_run(struct ring *r, unsigned budget,
    const struct packet_handler *h);

/* Swaps the filter of the live ring. Frames already in the ring passed the
 * old one; they are matched again in userspace. After an error the ring is
 * good for ring_close only. h: where frames have to go, if f asks for it. */
int ring_set_filter(struct ring *r, const struct filter *f,
    const struct hops *h, struct err *err);

/* Swaps h alone, unless it is the same. Frames already in the ring went where
 * they had to when they were sent. After an error it may still be the old one
 * that is in force. */
int ring_set_hops(struct ring *r, const struct hops *h, struct err *err);

/* No frame enters any more, until ring_set_filter; what is in the ring can
 * still be run. */
void ring_stop(struct ring *r);

/* Whether all frames that entered have been run, those of a block included
 * that the kernel has not handed over yet. */
bool ring_is_empty(struct ring *r);

/* How much of it waits to be run behind the next block, which may just have
 * been filled; per cent. Looks at every block. */
unsigned ring_fill(const struct ring *r);

/* Frames the kernel found no room for, since the ring was opened. */
uint64_t ring_dropped(struct ring *r);

#endif
