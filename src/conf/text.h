/* SPDX-License-Identifier: ISC */
/* Printable UTF-8. */
#ifndef TM_TEXT_H
#define TM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether text is valid UTF-8 without control characters, line separators,
 * marks that change the direction of writing, and what cannot be seen. */
bool text_is_printable(const char *text, size_t len);

/* The bytes of the printable character that text begins with; 0 if it begins
 * with none. */
size_t text_step(const char *text, size_t len);

/* Prints it; what is not printable as \xNN. */
void text_put(FILE *f, const char *text);

/* How many characters the len bytes of printable text are. */
size_t text_length(const char *text, size_t len);

#endif
