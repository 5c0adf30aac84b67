/* SPDX-License-Identifier: ISC */
/* What explain_json.h says, for people to read; also in trafmirrorctl. */
#ifndef TM_EXPLAIN_TEXT_H
#define TM_EXPLAIN_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* A flow: a table for each mirror. A packet with a number: a line for each
 * mirror. Whatever is in it, nothing but printable characters and newlines
 * goes out. */
void explain_text(FILE *f, const json_t *packet);

#endif
