/* SPDX-License-Identifier: ISC */
/* Every option there is: where it may stand, what it may be, where it goes.
 * Reading, checking and printing all follow these tables. */
#ifndef TM_SCHEMA_H
#define TM_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define SCHEMA_OPTIONS_MAX 32	    /* in one section */
#define SCHEMA_LIST_MAX	   4096	    /* values of one option */
#define SCHEMA_NOWHERE	   SIZE_MAX /* offset of what is checked, not stored */

enum schema_type {
	SCHEMA_WORD,   /* one of words */
	SCHEMA_NUMBER, /* min-max */
	SCHEMA_MARK,   /* the same, printed in hexadecimal */
	SCHEMA_SIZE,   /* bytes with unit, min-max, a multiple of min if > 0 */
	SCHEMA_RATE,
	SCHEMA_TIME,
	SCHEMA_TEXT,	   /* printable, min-max bytes */
	SCHEMA_EXPRESSION, /* for libpcap: anything but blank */
	SCHEMA_INTERFACE,
	SCHEMA_ADDRESS,
	SCHEMA_HOST,	 /* address, or name of DNS */
	SCHEMA_ENDPOINT, /* ADDRESS:PORT, or empty */
	SCHEMA_PROTOCOL,
	SCHEMA_TAGS, /* from here on: lists */
	SCHEMA_SOURCES,
	SCHEMA_NAMES,
	SCHEMA_ADDRESSES,
	SCHEMA_PREFIXES,
	SCHEMA_PORTS,
	SCHEMA_RUNGS,
	SCHEMA_SECTION, /* from here on: no values */
	SCHEMA_INCLUDE,
};

struct schema_word {
	const char *name; /* the first name of a value is the canonical one */
	int value;
};

struct schema_option {
	const char *name;
	enum schema_type type;
	size_t offset;
	size_t width; /* of a word or number */
	size_t count; /* offset of the length, where a list is an array */
	size_t pos;   /* offset of the place to keep, 0: none */
	uint64_t min, max;
	bool or_zero; /* 0 is good whatever min says */
	const struct schema_word *words;
	const struct schema *section;
	bool required;
};

struct schema {
	const char *name; /* of the section; "root" for the top */
	const struct schema_option *options;
	size_t n;
};

extern const struct schema schema_root;
extern const struct schema schema_target;
extern const struct schema schema_mirror;
extern const struct schema schema_rule;

/* NULL if there is none. */
const struct schema_option *schema_find(const struct schema *s,
    const char *name, size_t len);

bool schema_is_list(const struct schema_option *o);

/* The option whose name is most like this one, which may be what was
 * meant; NULL if none is much like it. */
const struct schema_option *schema_nearest(const struct schema *s,
    const char *name, size_t len);

/* The canonical name of a word's value. */
const char *schema_word_name(const struct schema_word *words, int value);

/* As written in a configuration. */
const char *schema_encap_name(enum conf_encap encap);
const char *schema_direction_name(enum conf_direction direction);
const char *schema_balance_name(enum conf_balance balance);
const char *schema_check_name(enum conf_check_kind kind);

/* The protocols that have a name; the value is the IP protocol number. */
extern const struct schema_word schema_protocols[];

#endif
