/* SPDX-License-Identifier: ISC */
/* Error text handed up to the caller that knows where to show it. */
#ifndef TM_ERR_H
#define TM_ERR_H

struct err {
	char text[512];
};

/* Formats the reason into err (longer text is cut). Returns -1, so that a
 * failing function is "return err_set(...)". err may be NULL. */
int err_set(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Like err_set, with ": " and the text of errno behind it. Keeps errno. */
int err_sys(struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
