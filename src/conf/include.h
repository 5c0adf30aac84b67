/* SPDX-License-Identifier: ISC */
/* Which files are still to be read, and which have been. */
#ifndef TM_INCLUDE_H
#define TM_INCLUDE_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define INCLUDE_NONE SIZE_MAX

struct file;

struct include_file {
	const char *name; /* borrowed */
	dev_t dev;
	ino_t ino;
	size_t from; /* the file that includes it, or INCLUDE_NONE */
};

struct include_request {
	char *pattern;
	struct conf_pos pos;
	size_t from;
};

struct include {
	struct include_file *files;
	size_t nfiles;
	struct include_request *requests;
	size_t nrequests;
};

/* Remembers that the file number from asks for pattern. Returns 0, or -1
 * without memory. */
int include_request(struct include *in, const char *pattern, size_t from,
    const struct conf_pos *pos);

/* The files a request names, sorted; NULL-terminated, in memory of the
 * caller, who frees it with include_free_paths. What goes wrong is reported,
 * the result is NULL then. */
char **include_expand(const struct include *in,
    const struct include_request *rq, struct conf_report *r);
void include_free_paths(char **paths);

/* The number of a file that was read before, or INCLUDE_NONE. */
size_t include_find(const struct include *in, const struct file *f);

/* Whether file is from, or includes it, directly or not. */
bool include_is_above(const struct include *in, size_t file, size_t from);

/* Remembers a file. Returns 0, or -1 without memory. */
int include_add(struct include *in, const struct file *f, const char *name,
    size_t from);

void include_fini(struct include *in);

#endif
