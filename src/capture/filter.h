/* SPDX-License-Identifier: ISC */
/* A mirror's conditions, in the kernel and here. */
#ifndef TM_FILTER_H
#define TM_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/packet.h"

struct conf;
struct conf_mirror;
struct copy_memory;
struct err;
struct filter;
struct hops;

/* Where packets are told apart. */
enum filter_place {
	FILTER_KERNEL,	     /* all of it in the kernel */
	FILTER_USER_RULES,   /* the rules here, where so many of them cost less;
			      * the rest in the kernel */
	FILTER_USER_TOO_BIG, /* the kernel refused it: instructions or memory */
	FILTER_USER_VLAN,    /* bpf looks at VLAN tags, which the kernel
			      * keeps outside the frame */
};

/* Compiles direction, exclude-targets, bpf and rules of m with libpcap, and
 * tries the program on a scratch socket. What the kernel refuses, and rules
 * that are too many for it, are looked at in userspace behind a coarser kernel
 * filter (filter_place tells). The filter borrows nothing. */
int filter_new(struct filter **out, const struct conf *c,
    const struct conf_mirror *m, struct err *err);
void filter_free(struct filter *f);

enum filter_place filter_place(const struct filter *f);

/* Puts the kernel's part on a packet socket. It replaces the one before at
 * once or, because the kernel charges a socket for both at that moment
 * (net/core/filter.c, sk_filter_charge), after one that looks at direction,
 * next-hop and mark alone: match again what arrives meanwhile. loopback: the
 * interface sees each frame twice, outgoing ones are left out unless the
 * direction asks for them alone. h: where frames have to go, if m has a
 * next-hop. */
int filter_attach(const struct filter *f, const struct hops *h, int fd,
    bool loopback, struct err *err);

/* All conditions but direction, next-hop and mark, on a frame with its VLAN
 * tags in place. *rule: see classifier.h. */
bool filter_match(const struct filter *f, const uint8_t *frame, uint32_t caplen,
    uint32_t len, uint32_t *rule);

/* The same conditions one by one, whatever the others say. */
struct filter_parts {
	bool exclude; /* it is not to or from a target, and no copy to one */
	bool bpf;     /* also if there is none */
	bool rules;
	uint32_t rule;
};
void filter_ask(const struct filter *f, const struct packet *p,
    struct filter_parts *parts);

/* See classifier_lacks. */
void filter_lacks(const struct filter *f, const struct packet *p,
    uint32_t *lacks);

/* What is left to do with a frame that the kernel's part accepted: whether it
 * matches, and p->rule. inserted: bytes of a VLAN tag in p that the kernel's
 * part had not in front of it. */
bool filter_finish(const struct filter *f, struct packet *p, uint32_t inserted);

/* Whether a frame that all conditions let pass is a copy to or from a target
 * all the same; if not, p->like_copy: see copy_look. Later fragments are what
 * the first was, so that each frame is to be asked for once, and in order. */
bool filter_is_copy(const struct filter *f, struct packet *p);

/* The same without a trace in f: fragments are remembered in m. */
bool filter_is_copy_apart(const struct filter *f, struct copy_memory *m,
    struct packet *p);

/* The direction, as the kernel's part asks for it; with a next-hop, out. */
bool filter_match_direction(const struct filter *f,
    enum packet_direction direction, bool loopback);

/* Where the frame goes, likewise: always true without a next-hop. */
bool filter_match_hops(const struct filter *f, const struct hops *h,
    const uint8_t *frame, uint32_t caplen);

bool filter_equal(const struct filter *a, const struct filter *b);

#endif
