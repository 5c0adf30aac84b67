/* SPDX-License-Identifier: ISC */
/* The words and signs of a configuration file. */
#ifndef TM_SCAN_H
#define TM_SCAN_H

#include <stddef.h>

/* libconfuse drops what its lexer does not know (an unquoted *), expands
 * environment variables, miscounts lines after comments and keeps its state
 * when a string or comment has no end. So its input is read here first. */

enum scan_kind {
	SCAN_END,
	SCAN_FATAL,  /* nothing can be read behind it */
	SCAN_WORD,   /* quoted or not */
	SCAN_APPEND, /* += */
	SCAN_SIGN,   /* one of { } ( ) = , */
};

struct scan_token {
	enum scan_kind kind;
	char sign; /* of SCAN_SIGN */
	size_t start, end;
	unsigned line;
	/* What is wrong with it, NULL if nothing is. */
	const char *fault;
};

struct scan {
	char *text; /* comments are overwritten with blanks */
	size_t len;
	size_t at;
	unsigned line;
};

/* Reads the next token. */
void scan_next(struct scan *s, struct scan_token *t);

/* Overwrites [start, end) but for the ends of lines. */
void scan_blank(struct scan *s, size_t start, size_t end, char with);

#endif
