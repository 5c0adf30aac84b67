/* SPDX-License-Identifier: ISC */
/* Answers of the daemon, for people to read. Whatever the answer holds,
 * nothing but printable characters and newlines goes out. */
#ifndef TM_SHOW_H
#define TM_SHOW_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

/* The columns of the one printable character of n bytes. */
int show_columns(const char *text, size_t n);

/* A text, what is not printable as \xNN, and cut to width columns, to which it
 * is filled up with blanks; 0: as long as it is. */
void show_text(FILE *f, const char *text, int width);

/* 1d 02:03:04. */
void show_uptime(FILE *f, uint64_t s);

/* The texts of an array, a line each, after prefix. */
void show_lines(FILE *f, const char *prefix, const json_t *texts);

void show_status(const json_t *answer);
void show_mirror(const json_t *answer); /* all there is about one */
void show_metrics(const json_t *answer);
void show_reload(const json_t *answer);
void show_version(const json_t *answer);
void show_message(const json_t *answer);
void show_verify(const json_t *answer);

#endif
