/* SPDX-License-Identifier: ISC */
/* Explaining a configuration that does not run. */
#ifndef TM_OFFLINE_H
#define TM_OFFLINE_H

struct conf;
struct err;

struct offline_question {
	const char *mirror;   /* NULL: all of them */
	const char *text;     /* of the flow or, with savefile, of the way */
	const char *savefile; /* NULL: none */
};

/* Prints what a daemon with the configuration would make of it. Opens no
 * interface and no socket of a target, and needs no rights. */
int offline_explain(const struct conf *c, const struct offline_question *q,
    struct err *err);

#endif
