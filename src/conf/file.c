/* SPDX-License-Identifier: ISC */
/* Reading a configuration file into memory. */
#include "config.h"

#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/file.h"

static int
check_kind(const struct stat *st, struct err *err)
{
	if (S_ISDIR(st->st_mode))
		return err_set(err, "is a directory");
	if (!S_ISREG(st->st_mode))
		return err_set(err, "is not a regular file");
	return 0;
}

/* Reads up to one byte more than is allowed. */
static ssize_t
read_all(int fd, char *buf)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(fd, buf + len, FILE_SIZE_MAX + 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == -1 ? -1 : (ssize_t)len;
}

int
file_read(struct file *f, const char *path, struct err *err)
{
	struct file tmp = { 0 };
	struct stat st;
	ssize_t len;
	/* Opening a FIFO must not wait for someone to write to it. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return err_sys(err, "cannot be opened");
	if (fstat(fd, &st) == -1) {
		err_sys(err, "cannot be read");
		goto fail;
	}
	if (check_kind(&st, err) == -1)
		goto fail;
	if ((tmp.text = malloc(FILE_SIZE_MAX + 1)) == NULL ||
	    (len = read_all(fd, tmp.text)) == -1) {
		err_sys(err, "cannot be read");
		goto fail;
	}
	if (len > FILE_SIZE_MAX) {
		err_set(err, "is larger than 1 MiB");
		goto fail;
	}
	tmp.len = (size_t)len;
	tmp.dev = st.st_dev;
	tmp.ino = st.st_ino;
	close(fd);
	*f = tmp;
	return 0;
fail:
	free(tmp.text);
	close(fd);
	return -1;
}

void
file_fini(struct file *f)
{
	free(f->text);
	memset(f, 0, sizeof(*f));
}
