/* SPDX-License-Identifier: ISC */
/* What the control socket answers: JSON objects, one a line. */
#ifndef TM_REPLY_H
#define TM_REPLY_H

#include <jansson.h>

#define REPLY_PROTOCOL 1 /* raised when old clients would misread answers */

/* {"protocol":1,"ok":true}. All of these return NULL without memory. */
json_t *reply_ok(void);

/* The same with false, and an array "errors" of this one text. */
json_t *reply_refuse(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* A JSON string; what is no printable UTF-8 becomes \xNN. */
json_t *reply_string(const char *text);

/* The same of n texts. */
json_t *reply_strings(char *const *texts, size_t n);

/* The line with its newline, to be freed. Takes j. */
char *reply_line(json_t *j);

#endif
