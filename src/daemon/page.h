/* SPDX-License-Identifier: ISC */
/* The state of the daemon as a page for a browser. */
#ifndef TM_PAGE_H
#define TM_PAGE_H

#include <stdio.h>

struct daemon_view;

/* Writes HTML that needs no script and nothing else. */
void page_write(FILE *f, const struct daemon_view *v);

/* Text as it stands between tags or in quotes; what is no printable UTF-8
 * becomes \xNN. */
void page_text(FILE *f, const char *text);

#endif
