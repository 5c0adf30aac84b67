/* SPDX-License-Identifier: ISC */
/* A look at the few packets of all interfaces that hold a certain word, and
 * the sending of a frame as it is: what trafmirrorctl verify and listen need
 * beside a ring. */
#ifndef TM_TAP_H
#define TM_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define TAP_FRAME_MAX 512 /* bytes that are kept of a frame */

/* What is wanted: the word at any of the offsets first, first + 4 .. last from
 * the IP header on. */
struct tap_want {
	bool outgoing; /* only what this host sends, or only what it gets */
	uint32_t mark; /* only what has this mark; 0: whatever it has */
	uint32_t word;
	uint32_t first, last;
};

struct tap_origin {
	bool outgoing;
	unsigned ifindex;
};

/* Returns a non-blocking descriptor, or -1. It takes CAP_NET_RAW. At most one
 * wish each for outgoing and other packets. */
int tap_open(const struct tap_want *w, size_t n, struct err *err);

/* The next frame, with an Ethernet header of which only the EtherType means
 * anything. Returns its length, 0 if there is none yet, -1 with errno. */
long tap_read(int fd, uint8_t frame[static TAP_FRAME_MAX],
    struct tap_origin *o);

/* Sends an Ethernet frame by an interface, from the address of that, whatever
 * the frame says; seen by its rings as all that goes out. */
int tap_send(int fd, unsigned ifindex, const uint8_t *frame, size_t len,
    struct err *err);

#endif
