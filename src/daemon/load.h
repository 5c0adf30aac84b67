/* SPDX-License-Identifier: ISC */
/* A configuration read, checked by itself, against the host and libpcap. */
#ifndef TM_LOAD_H
#define TM_LOAD_H

struct conf;
struct conf_report;

/* All that is wrong is added to r. Returns NULL if there are errors. */
struct conf *load_conf(const char *path, struct conf_report *r);

#endif
