/* SPDX-License-Identifier: ISC */
/* Folders of the daemon's own, made where they are missing. */
#ifndef TM_FOLDER_H
#define TM_FOLDER_H

#include <sys/types.h>

struct err;

/* Opens the folder path, and makes it and those above it where they are
 * missing. Returns a descriptor, or -1. */
int folder_open(const char *path, struct err *err);

/* Makes the folder another user's, if we are root and it holds nothing but
 * the file own, or nothing at all: one that others use stays theirs. */
void folder_give(int fd, const char *own, uid_t uid, gid_t gid);

#endif
