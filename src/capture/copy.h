/* SPDX-License-Identifier: ISC */
/* Copies among captured frames: our own where they have lost their mark, and
 * those of other hosts. */
#ifndef TM_COPY_H
#define TM_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf;
struct copy;
struct err;

/* First fragments that are remembered, a power of 2. The rest of a datagram
 * follows it at once, so few are enough. */
#define COPY_FRAGMENTS 256

enum copy_kind {
	COPY_NOT,
	COPY_LIKE, /* it may be one that has come round: see copy_look */
	COPY_OURS, /* a copy to or from a target, or an error it has caused */
};

/* What the first fragments were; all zero: none has been seen. */
struct copy_memory {
	struct copy_fragment {
		uint64_t hash;
		enum copy_kind kind;
	} v[COPY_FRAGMENTS];
};

/* What is known of copies: targets and session-ids that mirrors of c use. */
int copy_new(struct copy **out, const struct conf *c, struct err *err);
void copy_free(struct copy *c);
bool copy_equal(const struct copy *a, const struct copy *b);

/* Looks into a frame, through up to 8 tunnels.
 *
 * COPY_OURS: at any depth it goes to or comes from the address of a target,
 * and is a copy by its encapsulation: the header that any of them has, with
 * any session-id, and for UDP a port that a target or an encapsulation has by
 * default. So other hosts' copies to our targets are known, and the copies
 * that a target's host sends when it mirrors in turn. In an ICMP error's quote
 * of 8 bytes protocol and port will do. Later fragments are what the first
 * fragment was.
 *
 * COPY_LIKE: no address says so, as behind NAT or another mirror, but it
 * looks like a copy of a copy: two tunnels with an encapsulation and a
 * session-id of ours; three of any Ethernet tunnels; or one of the first or
 * two of the second around a packet without its end (truncate). That can
 * still be an overlay network inside another one.
 *
 * Remembers fragments, else c is not changed. */
enum copy_kind copy_look(struct copy *c, const uint8_t *frame, size_t len);

/* The same, but fragments are remembered in m. */
enum copy_kind copy_look_apart(const struct copy *c, struct copy_memory *m,
    const uint8_t *frame, size_t len);

#endif
