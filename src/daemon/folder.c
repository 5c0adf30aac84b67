/* SPDX-License-Identifier: ISC */
/* Folders of the daemon's own, made where they are missing. */
#include "config.h"

#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/folder.h"

#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

/* Every folder in front of a slash, from the top. */
static void
make_parents(char *path)
{
	for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL;
	     slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
}

int
folder_open(const char *path, struct err *err)
{
	char copy[PATH_MAX];
	int fd = open(path, FOLDER_FLAGS);

	if (fd != -1 || errno != ENOENT)
		return fd != -1 ? fd : err_sys(err, "%s", path);
	snprintf(copy, sizeof(copy), "%s", path);
	make_parents(copy);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		return err_sys(err, "%s: make", path);
	if ((fd = open(path, FOLDER_FLAGS)) == -1)
		return err_sys(err, "%s", path);
	return fd;
}

/* . and .. count as nothing. */
static bool
holds_only(int fd, const char *own)
{
	int copy = openat(fd, ".", FOLDER_FLAGS);
	DIR *dir = copy == -1 ? NULL : fdopendir(copy);
	const struct dirent *e;
	bool only = dir != NULL;

	while (only && (e = readdir(dir)) != NULL)
		only = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strncmp(e->d_name, own, strlen(own)) == 0;
	if (dir != NULL)
		closedir(dir);
	else if (copy != -1)
		close(copy);
	return only;
}

void
folder_give(int fd, const char *own, uid_t uid, gid_t gid)
{
	if (geteuid() == 0 && holds_only(fd, own))
		(void)!fchown(fd, uid, gid);
}
