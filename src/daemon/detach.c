/* SPDX-License-Identifier: ISC */
/* Into the background, with the foreground waiting for the outcome. */
#include "config.h"

#include <sys/types.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/detach.h"

static void
wait_for_child(int fd)
{
	char byte;
	ssize_t n;

	do
		n = read(fd, &byte, 1);
	while (n == -1 && errno == EINTR);
	_exit(n == 1 ? 0 : 1);
}

int
detach_start(struct err *err)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(err, "pipe");
	if ((pid = fork()) == -1) {
		close(fds[0]);
		close(fds[1]);
		return err_sys(err, "fork");
	}
	if (pid > 0) {
		close(fds[1]);
		wait_for_child(fds[0]);
	}
	close(fds[0]);
	setsid();
	if (chdir("/") == -1) {
		close(fds[1]);
		return err_sys(err, "/");
	}
	return fds[1]; /* closed unwritten if we die */
}

void
detach_ready(int ready_fd)
{
	int null;

	if (ready_fd == -1)
		return;
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) != -1) {
		dup2(null, STDIN_FILENO);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	}
	(void)!write(ready_fd, "", 1);
	close(ready_fd);
}
