/* SPDX-License-Identifier: ISC */
/* Frames that end within their headers. */
#ifndef TM_WHOLE_H
#define TM_WHOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a frame has all fields that its headers announce and rules read. If
 * not, a program rejects it at the first look behind its end, and the
 * classifier goes on with the next rule. */
bool whole_frame(const uint8_t *p, size_t len);

#endif
