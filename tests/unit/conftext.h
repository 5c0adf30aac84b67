/* SPDX-License-Identifier: ISC */
/* Configurations from text, and what was said about them. */
#ifndef TM_CONFTEXT_H
#define TM_CONFTEXT_H

#include <stdbool.h>

struct conf;
struct conf_report;

/* Loads text under the name "t". If it has no errors, returns the
 * configuration; what was said is in *r, or is freed if r is NULL. */
struct conf *conftext_load(const char *text, struct conf_report *r);

/* Whether loading text gives exactly these lines, ending with NULL: errors if
 * there are any, else warnings. Others are printed. */
bool conftext_says(const char *text, const char *const *lines);

/* The canonical form. The caller frees it. */
char *conftext_print(const struct conf *c);

#endif
