/* SPDX-License-Identifier: ISC */
/* Numbers as people write them in a configuration. */
#ifndef TM_NUM_H
#define TM_NUM_H

#include <stdint.h>

#define NUM_TEXT_MAX 32 /* longest printed number with unit, with its NUL */

/* What makes a noun after the number n a plural. */
#define NUM_S(n) ((n) == 1 ? "" : "s")

/* All parsers: the whole text must be a number of that kind within
 * [min, max]. Return 0; -1 if it is no such number; -2 if it is out of
 * range. *v is written on success only. */

/* Decimal, or hexadecimal with 0x. No sign, no space. */
int num_parse(uint64_t *v, const char *text, uint64_t min, uint64_t max);

/* Bytes: 64, 64K, 32M, 1G (also KiB, MiB, GiB, KB...): powers of 1024. */
int num_parse_size(uint64_t *v, const char *text, uint64_t min, uint64_t max);

/* Bits per second: 100, 64k, 10M, 1G: powers of 1000. */
int num_parse_rate(uint64_t *v, const char *text, uint64_t min, uint64_t max);

/* Time with its unit, ms, s or m, into milliseconds. */
int num_parse_time(uint64_t *ms, const char *text, uint64_t min, uint64_t max);

/* Print with the largest unit that divides v; what is printed parses to v.
 * Return buf. */
const char *num_format_size(uint64_t v, char buf[static NUM_TEXT_MAX]);
const char *num_format_rate(uint64_t v, char buf[static NUM_TEXT_MAX]);
const char *num_format_time(uint64_t ms, char buf[static NUM_TEXT_MAX]);

#endif
