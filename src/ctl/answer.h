/* SPDX-License-Identifier: ISC */
/* Members of an answer, whatever they turn out to be. */
#ifndef TM_ANSWER_H
#define TM_ANSWER_H

#include <stdint.h>

#include <jansson.h>

/* "?" if there is no such text; borrowed from j. */
const char *answer_text(const json_t *j, const char *name);

/* 0 if there is no such number. */
uint64_t answer_number(const json_t *j, const char *name);

#endif
