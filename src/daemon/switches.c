/* SPDX-License-Identifier: ISC */
/* What the operator has switched by trafmirrorctl, kept in state-dir. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "conf/value.h"
#include "daemon/switches.h"

#define SWITCHES_MAX	 (1 << 20) /* bytes of the file */
#define SWITCHES_VERSION 1

static json_t *
switches_new(void)
{
	return json_pack("{s:i, s:{}, s:{}}", "version", SWITCHES_VERSION,
	    "mirrors", "targets");
}

/* null: the tag of the configuration is gone. */
static bool
is_tag(const char *key, const json_t *value)
{
	const char *text = json_is_null(value) ? "" : json_string_value(value);
	char tag[512];

	if (text == NULL || strchr(key, '=') != NULL ||
	    (size_t)snprintf(tag, sizeof(tag), "%s=%s", key, text) >=
		sizeof(tag))
		return false;
	return value_is_tag(tag);
}

static bool
is_mirror(json_t *m)
{
	json_t *collect = NULL, *tags = NULL, *value;
	const char *key;

	if (json_unpack(m, "{s?o, s?o!}", "collect", &collect, "tags", &tags) ==
		-1 ||
	    (collect != NULL && !json_is_boolean(collect)) ||
	    (tags != NULL && !json_is_object(tags)))
		return false;
	if (json_object_size(tags) > SWITCHES_TAGS)
		return false;
	json_object_foreach(tags, key, value)
		if (!is_tag(key, value))
			return false;
	return true;
}

static bool
is_good(json_t *sw)
{
	json_t *mirrors, *targets, *one;
	const char *name;
	int version, drained;

	if (json_unpack(sw, "{s:i, s:o, s:o!}", "version", &version, "mirrors",
		&mirrors, "targets", &targets) == -1 ||
	    version != SWITCHES_VERSION || !json_is_object(mirrors) ||
	    !json_is_object(targets))
		return false;
	json_object_foreach(mirrors, name, one)
		if (!is_mirror(one))
			return false;
	json_object_foreach(targets, name, one)
		if (json_unpack(one, "{s:b!}", "drained", &drained) == -1)
			return false;
	return true;
}

static json_t *
read_file(int fd, const char *path, struct err *err)
{
	struct stat st;
	json_t *sw = NULL;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= SWITCHES_MAX)
		sw = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	if (sw != NULL && is_good(sw))
		return sw;
	json_decref(sw);
	err_set(err,
	    "%s: is damaged: put it right, or remove it to start as the "
	    "configuration says",
	    path);
	return NULL;
}

json_t *
switches_load(const char *dir, struct err *err)
{
	char path[PATH_MAX];
	json_t *sw;
	int fd;

	snprintf(path, sizeof(path), "%s/" SWITCHES_FILE, dir);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd != -1) {
		sw = read_file(fd, path, err);
		close(fd);
	} else if (errno == ENOENT || errno == ENOTDIR) {
		if ((sw = switches_new()) == NULL)
			err_set(err, "out of memory");
	} else {
		err_sys(err, "%s", path);
		sw = NULL;
	}
	return sw;
}

/* ---- writing ------------------------------------------------------------- */

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd);
}

static int
replace_file(int dir, const char *text, struct err *err)
{
	static const char tmp[] = SWITCHES_FILE ".new";
	int fd, rc;

	/* A file left half-written by a process that was killed goes. */
	(void)unlinkat(dir, tmp, 0);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return err_sys(err, "cannot write " SWITCHES_FILE);
	rc = write_all(fd, text, strlen(text));
	if (rc == 0)
		rc = renameat(dir, tmp, dir, SWITCHES_FILE);
	if (rc == -1)
		err_sys(err, "cannot write " SWITCHES_FILE);
	close(fd);
	if (rc == -1)
		(void)unlinkat(dir, tmp, 0);
	else if (fsync(dir) == -1)
		log_warn("state-dir: " SWITCHES_FILE ": sync");
	return rc;
}

int
switches_save(const json_t *sw, const char *dir, struct err *err)
{
	char *text = json_dumps(sw, JSON_INDENT(2) | JSON_SORT_KEYS);
	struct err why;
	int fd, rc;

	if (text == NULL)
		return err_set(err, "out of memory");
	if (strlen(text) > SWITCHES_MAX) {
		free(text);
		return err_set(err,
		    "more is switched than %s may hold (%d bytes): reset what "
		    "need not be",
		    SWITCHES_FILE, SWITCHES_MAX);
	}
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1) {
		free(text);
		return err_sys(err, "state-dir %s", dir);
	}
	if ((rc = replace_file(fd, text, &why)) == -1)
		err_set(err, "state-dir %s: %s", dir, why.text);
	close(fd);
	free(text);
	return rc;
}

/* ---- looking and changing ------------------------------------------------ */

json_t *
switches_get(const json_t *sw, const char *kind, const char *name)
{
	return json_object_get(json_object_get(sw, kind), name);
}

int
switches_set(json_t *sw, const char *kind, const char *name, const char *what,
    json_t *value)
{
	json_t *one = switches_get(sw, kind, name);

	if (one == NULL) {
		one = json_object();
		if (json_object_set_new(json_object_get(sw, kind), name, one) ==
		    -1) {
			json_decref(value);
			return -1;
		}
	}
	return json_object_set_new(one, what, value);
}

static int
apply_mirror(const json_t *one, struct conf *c, struct conf_mirror *m)
{
	json_t *collect = json_object_get(one, "collect");
	json_t *tags = json_object_get(one, "tags"), *value;
	const char *key;

	if (collect != NULL)
		m->collect = json_is_true(collect);
	json_object_foreach(tags, key, value)
		if (overlay_set_tag(c, m, key, json_string_value(value)) == -1)
			return -1;
	return 0;
}

/* A target that the configuration drains, and the operator does not, has no
 * weight of its own. */
static void
apply_target(const json_t *one, struct conf_target *t)
{
	if (json_is_true(json_object_get(one, "drained")))
		t->weight = 0;
	else if (one != NULL && t->weight == 0)
		t->weight = 1;
}

int
switches_apply(const json_t *sw, struct conf *c)
{
	for (size_t i = 0; i < c->ntargets; i++)
		apply_target(switches_get(sw, "targets", c->targets[i].name),
		    &c->targets[i]);
	for (size_t i = 0; i < c->nmirrors; i++)
		if (apply_mirror(switches_get(sw, "mirrors",
				     c->mirrors[i].name),
			c, &c->mirrors[i]) == -1)
			return -1;
	return 0;
}
