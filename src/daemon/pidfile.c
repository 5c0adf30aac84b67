/* SPDX-License-Identifier: ISC */
/* The file that says which process to signal, and that there is but one. */
#include "config.h"

#include <sys/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/pidfile.h"

static void
read_owner(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (*p == '\n')
			*p = '\0';
}

int
pidfile_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	char owner[16];

	if (fd == -1)
		return err_sys(err, "pid file %s", path);
	/* The lock goes with the process, however it dies. */
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EWOULDBLOCK) {
			read_owner(fd, owner, sizeof(owner));
			err_set(err, "pid file %s: process %s is running", path,
			    owner);
		} else {
			err_sys(err, "pid file %s", path);
		}
		goto fail;
	}
	if (ftruncate(fd, 0) == -1 ||
	    dprintf(fd, "%ld\n", (long)getpid()) < 0) {
		err_sys(err, "pid file %s", path);
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

void
pidfile_close(int fd, const char *path)
{
	if (fd == -1)
		return;
	(void)!ftruncate(fd, 0);
	unlink(path);
	close(fd);
}
