/* SPDX-License-Identifier: ISC */
/* The file that says which process to signal, and that there is but one. */
#ifndef TM_PIDFILE_H
#define TM_PIDFILE_H

struct err;

/* Creates and locks path and writes the process id. Fails if another live
 * process holds it; one left by a process that was killed is taken over. A
 * file that holds anything but a number, or is a symbolic link, is refused.
 * Returns a descriptor to keep open, or -1. */
int pidfile_open(const char *path, struct err *err);

/* Empties the file, and removes it where the user we became still may. */
void pidfile_close(int fd, const char *path);

#endif
