/* SPDX-License-Identifier: ISC */
/* A configuration read, checked by itself, against the host and libpcap. */
#ifndef TM_LOAD_H
#define TM_LOAD_H

struct conf;
struct conf_report;
struct resolve;

/* All that is wrong is added to r. known: what names of DNS stand for, or NULL;
 * what is not known is not checked, and nobody is asked. Returns NULL if there
 * are errors. */
struct conf *load_conf(const char *path, const struct resolve *known,
    struct conf_report *r);

/* Logs what was found. */
void load_log(const struct conf_report *r);

#endif
