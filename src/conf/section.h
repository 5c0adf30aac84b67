/* SPDX-License-Identifier: ISC */
/* A section being read: from its title to its closing brace. */
#ifndef TM_SECTION_H
#define TM_SECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"
#include "conf/report.h"
#include "conf/schema.h"

/* Two titles, each in quotes and with the word before it. */
#define SECTION_WHERE_MAX 512

struct section {
	const struct schema *schema;
	void *self; /* the struct conf, conf_target, ... that is filled */
	bool *faulty;
	size_t count[SCHEMA_OPTIONS_MAX]; /* values of each option so far */
	bool any[SCHEMA_OPTIONS_MAX];	  /* one of them was the word any */
	char where[SECTION_WHERE_MAX];	  /* "mirror "a": " */
};

/* The top of the configuration, with the defaults of its options. Returns 0,
 * or -1 without memory. */
int section_open_root(struct section *s, struct conf *c);

/* A section of the kind schema inside up. It is added to what up fills, with
 * the defaults of its options; a bad name is reported. Returns 0, or -1
 * without memory. */
int section_open(struct section *s, const struct section *up,
    const struct schema *schema, const char *title, const struct conf_pos *pos,
    struct conf_report *r);

/* A value of one of its options. */
void section_set(struct section *s, const struct schema_option *o,
    const char *text, const struct conf_pos *pos, struct conf_report *r);

/* Its end: defaults that depend on other options. */
void section_close(struct section *s);

#endif
