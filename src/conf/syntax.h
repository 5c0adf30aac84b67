/* SPDX-License-Identifier: ISC */
/* The grammar: finds what libconfuse would stop at, or pass over. */
#ifndef TM_SYNTAX_H
#define TM_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define SYNTAX_SPARE 8 /* bytes of room behind the text */

struct syntax {
	const char *file;
	char *text; /* len bytes without NUL, then SYNTAX_SPARE of room */
	size_t len;
	/* Where each option of the top was set, over all files. */
	struct conf_pos *seen;
	struct conf_report *report;
	/* Out: the file could not be understood as a whole. */
	bool incomplete;
};

/* Reports unknown options, options set twice or not at all, and everything
 * that is no sentence of the grammar. Behind a sign in the wrong place
 * nothing is read. What was reported is cut out of the text, and open
 * sections are closed, so that libconfuse can read the rest without an
 * error; lines keep their numbers. */
void syntax_check(struct syntax *s);

#endif
