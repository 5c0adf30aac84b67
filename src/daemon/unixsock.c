/* SPDX-License-Identifier: ISC */
/* The path that a Unix socket listens at. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/unixsock.h"

#define UNIXSOCK_BACKLOG 64

static int
new_socket(struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd != -1 ? fd : err_sys(err, "socket");
}

/* Says who listens, as the kernel noted it at listen(2). */
static int
refuse_second(int fd, struct err *err)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return err_set(err,
	    "process %ld listens there: stop it, or give this daemon a "
	    "control-socket of its own",
	    (long)peer.pid);
}

/* Makes way at the path, unless it is in use. */
static int
remove_stale(const struct sockaddr_un *un, struct err *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(un->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : err_sys(err, "look");
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, "is there already, and is no socket");
	if ((fd = new_socket(err)) == -1)
		return -1;
	rc = connect(fd, (const struct sockaddr *)un, sizeof(*un));
	if (rc == 0 || errno == EAGAIN)
		rc = refuse_second(fd, err);
	else if (errno != ECONNREFUSED)
		rc = err_sys(err, "try who listens there");
	else if (unlink(un->sun_path) == -1)
		rc = err_sys(err, "remove what a dead daemon left");
	else
		rc = 0;
	close(fd);
	return rc;
}

static int
bind_path(struct unixsock *s, const struct sockaddr_un *un, uid_t uid,
    gid_t gid, mode_t mode, struct err *err)
{
	struct stat st;

	/* The file takes its mode from the socket: nobody ever sees another
	 * one. Before listen(2) nobody can connect. */
	if (fchmod(s->fd, mode) == -1 ||
	    bind(s->fd, (const struct sockaddr *)un, sizeof(*un)) == -1)
		return err_sys(err, "bind");
	if (lchown(s->path, uid, gid) == -1)
		return err_sys(err, "change owner and group");
	if (listen(s->fd, UNIXSOCK_BACKLOG) == -1 || lstat(s->path, &st) == -1)
		return err_sys(err, "listen");
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

int
unixsock_open(struct unixsock *s, const char *path, uid_t uid, gid_t gid,
    mode_t mode, struct err *err)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct err why;
	mode_t mask;
	int rc;

	s->fd = -1;
	s->path = path;
	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(err, "%s: is too long", path);
	strcpy(un.sun_path, path);
	if (remove_stale(&un, &why) == -1 || (s->fd = new_socket(&why)) == -1)
		return err_set(err, "%s: %s", path, why.text);
	mask = umask(0);
	rc = bind_path(s, &un, uid, gid, mode, &why);
	umask(mask);
	if (rc == 0)
		return 0;
	close(s->fd);
	s->fd = -1;
	return err_set(err, "%s: %s", path, why.text);
}

void
unixsock_close(struct unixsock *s)
{
	struct stat st;

	if (s->fd == -1)
		return;
	if (lstat(s->path, &st) == 0 && st.st_dev == s->dev &&
	    st.st_ino == s->ino)
		unlink(s->path);
	close(s->fd);
	s->fd = -1;
}
