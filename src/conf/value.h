/* SPDX-License-Identifier: ISC */
/* One value of one option: from text into the configuration. */
#ifndef TM_VALUE_H
#define TM_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

/* What value_is_tag allows, in words. */
#define VALUE_TAG                                                        \
	"\"key=value\" with a key of 1-60 characters, printable UTF-8, " \
	"at most 255 bytes"

struct schema_option;

struct value {
	const struct schema_option *option;
	const char *text;
	struct conf_pos pos;
	const char *where; /* what the option stands in, as "mirror "a": " */
	size_t nth;	   /* values of this option before this one */
	bool any;	   /* one of them was the word any */
	struct conf_report *report;
};

/* Reads the value into the field its option has in self; lists grow.
 * Returns 0, or -1 after reporting what is wrong with it. */
int value_set(const struct value *v, void *self);

/* Reports "WHERE: OPTION: ...". Returns -1. */
int value_fail(const struct value *v, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The same as "TEXT is not allowed (ALLOWED)", the common case. */
int value_refuse(const struct value *v, const char *allowed);

/* Reads the address of one host. Returns 0, or -1 after reporting what is
 * wrong with it. */
int value_get_host(const struct value *v, struct addr *a);

/* The kinds that are stored in lists (value_list.c). */
int value_add_tag(const struct value *v, struct conf_words *w);
int value_add_source(const struct value *v, struct conf_words *w);
int value_add_name(const struct value *v, struct conf_words *w);
int value_add_host(const struct value *v, struct addr **list, size_t *n);
int value_add_prefix(const struct value *v, struct addr_prefix **list,
    size_t *n);
int value_add_rung(const struct value *v, struct conf_rung **list, size_t *n);
int value_add_ports(const struct value *v, struct conf_ports **list, size_t *n);

/* Whether it is "key=value" as the option tags takes it. */
bool value_is_tag(const char *text);

/* Whether a packet can be sent to or from the address of one host: not 0.0.0.0
 * or ::, and no group of hosts. */
bool value_is_host(const struct addr *a);

/* Whether the kernel would take it as the name of an interface. */
bool value_is_interface(const char *text);

#endif
