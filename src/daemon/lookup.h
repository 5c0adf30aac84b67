/* SPDX-License-Identifier: ISC */
/* What a name of DNS stands for, asked once (c-ares). */
#ifndef TM_LOOKUP_H
#define TM_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#define LOOKUP_PLACES_MAX 64

/* Kinds of addresses. */
enum lookup_kind { LOOKUP_IPV4, LOOKUP_IPV6, LOOKUP_KINDS };

struct conf_place;
struct ev_loop;
struct lookup;

struct lookup_answer {
	const char *error;	    /* why there is none, or NULL; then: */
	const struct conf_place *v; /* port 0: the name says nothing of it */
	size_t n;		    /* 1-LOOKUP_PLACES_MAX, tidy */
	size_t left_out;	    /* more than that */
	uint32_t ttl;		    /* seconds, the least of all records */
	/* Why nobody knows whether a host has addresses of this kind, too, or
	 * NULL. */
	const char *unknown[LOOKUP_KINDS];
};

/* Called once, from the loop. *a is good for the call; lookup_free may be
 * called in it, and is to be called at some time. */
typedef void lookup_cb(void *arg, const struct lookup_answer *a);

/* Asks the name servers of resolv.conf(5), as they are now, and hosts(5) for
 * the A and AAAA records of name; if it begins with "_", for its SRV records of
 * the lowest priority, and for the addresses of what they name. NULL without
 * memory. */
struct lookup *lookup_new(struct ev_loop *loop, const char *name, lookup_cb *cb,
    void *arg);
void lookup_free(struct lookup *l);

#endif
