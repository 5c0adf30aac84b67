/* SPDX-License-Identifier: ISC */
/* The file that says which process to signal, and that there is but one. */
#include "config.h"

#include <sys/file.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/pidfile.h"

/* A process, or nothing yet. -1: the file holds something else. */
static int
read_owner(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size, 0);

	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == -1 || n == (ssize_t)size)
		return -1;
	text[n] = '\0';
	return strspn(text, "0123456789") == (size_t)n ? 0 : -1;
}

/* The lock goes with the process, however it dies. */
static int
take(int fd, struct err *err)
{
	bool held = flock(fd, LOCK_EX | LOCK_NB) == -1;
	char owner[16];

	if (held && errno != EWOULDBLOCK)
		return err_sys(err, "lock");
	/* The path may be a mistake: nothing but a number is overwritten. */
	if (read_owner(fd, owner, sizeof(owner)) == -1)
		return err_set(err, "is not a pid file");
	if (held)
		return err_set(err, "process %s is running", owner);
	if (ftruncate(fd, 0) == -1 || dprintf(fd, "%ld\n", (long)getpid()) < 0)
		return err_sys(err, "write");
	return 0;
}

int
pidfile_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	struct err why;

	if (fd == -1)
		return err_sys(err, "pid file %s", path);
	if (take(fd, &why) == -1) {
		err_set(err, "pid file %s: %s", path, why.text);
		close(fd);
		return -1;
	}
	return fd;
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
