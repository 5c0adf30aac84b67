/* SPDX-License-Identifier: ISC */
/* Reading a configuration file into memory. */
#ifndef TM_FILE_H
#define TM_FILE_H

#include <sys/types.h>

#include <stddef.h>

#define FILE_SIZE_MAX (1 << 20)

struct err;

struct file {
	char *text; /* owned, no NUL behind it */
	size_t len;
	dev_t dev; /* the two together: which file it is */
	ino_t ino;
};

/* Reads a regular file of at most FILE_SIZE_MAX bytes. Returns 0 or -1; the
 * reason reads well behind the name of the file. */
int file_read(struct file *f, const char *path, struct err *err);
void file_fini(struct file *f);

#endif
