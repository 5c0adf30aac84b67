/* SPDX-License-Identifier: ISC */
/* Classic BPF programs, put together from pieces. */
#ifndef TM_PROGRAM_H
#define TM_PROGRAM_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Depths of VLAN tags in a frame that a program sees through: none, one and
 * two tags. */
#define PROGRAM_LEVELS 3

struct hops;

/* All zero is the empty program. What is appended after no_memory is lost. */
struct program {
	struct sock_filter *v;
	size_t n;
	bool no_memory;
};

/* Where a step goes once its expression has matched or not. */
enum program_go { PROGRAM_NEXT, PROGRAM_ACCEPT, PROGRAM_REJECT };

void program_fini(struct program *p);
bool program_equal(const struct program *a, const struct program *b);

/* Appends another program as it is. */
void program_add(struct program *p, const struct program *more);

void program_add_accept(struct program *p);
void program_add_reject(struct program *p);

/* Appends a program of n instructions with its returns replaced: those that
 * accept by match, the others by miss. */
void program_add_step(struct program *p, const struct sock_filter *v, size_t n,
    enum program_go match, enum program_go miss);

/* Appends a condition on a 32-bit word of metadata (SKF_AD_*, Linux' socket
 * filters only): rejects if it equals value, or if it does not. */
void program_add_reject_if(struct program *p, int ad, uint32_t value,
    bool equal);

/* Appends a condition on the destination: rejects what goes to none of h. */
void program_add_hops(struct program *p, const struct hops *h);

/* Appends a test that accepts frames too short to hold an EtherType behind
 * two tags: loads behind their end would reject them. */
void program_add_runt_guard(struct program *p);

/* Appends what sees through VLAN tags inside the frame: for each depth
 * exclude, then body, with offsets behind the addresses moved by the tags,
 * and a look at the EtherType to choose between depths. body ends in a
 * return. With levels below PROGRAM_LEVELS, what lies deeper is accepted. */
void program_add_levels(struct program *p,
    const struct program exclude[static PROGRAM_LEVELS],
    const struct program *body, uint32_t levels);

/* Runs a program here, without metadata. len: of the frame on the wire. */
bool program_match(const struct program *p, const uint8_t *frame,
    uint32_t caplen, uint32_t len);

#endif
