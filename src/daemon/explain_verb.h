/* SPDX-License-Identifier: ISC */
/* The command explain of the control socket. */
#ifndef TM_EXPLAIN_VERB_H
#define TM_EXPLAIN_VERB_H

#include <jansson.h>
#include <stddef.h>

struct mirror;

/* Answers a request about a flow, or about packets: of these about as many as
 * take a few milliseconds, and at least one. */
json_t *explain_verb(const json_t *request, struct mirror *const *mirrors,
    size_t n);

#endif
