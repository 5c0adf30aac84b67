/* SPDX-License-Identifier: ISC */
/* The lines of a report: quoting what was written, and their order. */
#ifndef TM_REPORT_H
#define TM_REPORT_H

#define REPORT_QUOTE_MAX 136

struct conf_report;

/* Writes text in double quotes, shortened if it is long. Returns buf. */
const char *report_quote(char buf[static REPORT_QUOTE_MAX], const char *text);

/* Orders the lines by file, in the order of files (NULL-terminated), and
 * by line; those of one line stay in the order they were added. */
void report_sort(struct conf_report *r, char *const *files);

#endif
