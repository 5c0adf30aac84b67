/* SPDX-License-Identifier: ISC */
/* Bytes as text: base64 (RFC 4648, section 4), with its padding. */
#ifndef TM_BASE64_H
#define TM_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Characters for len bytes, without a NUL. */
#define BASE64_LEN(len) (((len) + 2) / 3 * 4)

/* Writes BASE64_LEN(len) characters and a NUL. */
void base64_encode(char *text, const uint8_t *p, size_t len);

/* Decodes at most room bytes. Returns 0; -1 if that is no base64, or is
 * longer. */
int base64_decode(uint8_t *p, size_t room, size_t *len, const char *text);

#endif
