/* SPDX-License-Identifier: ISC */
/* The path that a Unix socket listens at. */
#ifndef TM_UNIXSOCK_H
#define TM_UNIXSOCK_H

#include <sys/types.h>

struct err;

struct unixsock {
	int fd;		  /* listens, does not block; -1: closed */
	const char *path; /* borrowed */
	dev_t dev;	  /* of the file at path, to know it again */
	ino_t ino;
};

/* Listens at path, which gets these owners and this mode. A file left by a
 * process that is gone is replaced. Fails if somebody listens there, and if
 * the file is no socket. */
int unixsock_open(struct unixsock *s, const char *path, uid_t uid, gid_t gid,
    mode_t mode, struct err *err);

/* Removes the file, too, where the user we became may, and if it is still the
 * one that was opened. */
void unixsock_close(struct unixsock *s);

#endif
