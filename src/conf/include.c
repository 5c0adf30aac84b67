/* SPDX-License-Identifier: ISC */
/* Which files are still to be read, and which have been. */
#include "config.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "conf/file.h"
#include "conf/include.h"
#include "conf/report.h"

#define WILDCARDS "*?["

int
include_request(struct include *in, const char *pattern, size_t from,
    const struct conf_pos *pos)
{
	struct include_request *v = reallocarray(in->requests,
	    in->nrequests + 1, sizeof(*v));
	char *copy = strdup(pattern);

	if (v != NULL)
		in->requests = v;
	if (v == NULL || copy == NULL) {
		free(copy);
		return -1;
	}
	v += in->nrequests++;
	v->pattern = copy;
	v->pos = *pos;
	v->from = from;
	return 0;
}

/* The pattern seen from where the daemon stands. Wildcards in the name of
 * the directory that the including file lies in mean themselves. */
static char *
join(const char *file, const char *pattern, bool escape)
{
	const char *slash = strrchr(file, '/');
	size_t dir = slash == NULL || pattern[0] == '/' ?
	    0 :
	    (size_t)(slash - file) + 1;
	char *path = malloc(2 * dir + strlen(pattern) + 1), *p = path;

	if (path == NULL)
		return NULL;
	for (size_t i = 0; i < dir; i++) {
		if (escape && strchr(WILDCARDS "\\", file[i]) != NULL)
			*p++ = '\\';
		*p++ = file[i];
	}
	memcpy(p, pattern, strlen(pattern) + 1);
	return path;
}

/* A directory that is not there holds no match; one that cannot be read may
 * hold some. */
static int
refuse_unreadable(const char *path, int errnum)
{
	return errnum != ENOENT && errnum != ENOTDIR;
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Copies the paths and sorts them by their bytes, not as the locale would. */
static char **
copy_paths(const glob_t *g)
{
	char **paths = calloc(g->gl_pathc + 1, sizeof(*paths));

	for (size_t i = 0; paths != NULL && i < g->gl_pathc; i++)
		if ((paths[i] = strdup(g->gl_pathv[i])) == NULL) {
			include_free_paths(paths);
			return NULL;
		}
	if (paths != NULL)
		qsort(paths, g->gl_pathc, sizeof(*paths), compare_paths);
	return paths;
}

/* Returns NULL with the reason in errno. */
static char **
match(const char *pattern)
{
	char **paths = NULL;
	glob_t g = { 0 };
	int error = glob(pattern, GLOB_NOSORT, refuse_unreadable, &g);
	int saved = error == GLOB_ABORTED ? errno : ENOMEM;

	if (error == 0 || error == GLOB_NOMATCH)
		paths = copy_paths(&g);
	globfree(&g);
	errno = saved;
	return paths;
}

/* A name without wildcards stands for itself, whether it exists or not. */
static char **
single(char *path)
{
	char **paths = path == NULL ? NULL : calloc(2, sizeof(*paths));

	if (paths == NULL)
		free(path);
	else
		paths[0] = path;
	return paths;
}

char **
include_expand(const struct include *in, const struct include_request *rq,
    struct conf_report *r)
{
	bool is_glob = strpbrk(rq->pattern, WILDCARDS) != NULL;
	char *path = join(in->files[rq->from].name, rq->pattern, is_glob);
	char q[REPORT_QUOTE_MAX];
	char **paths;

	errno = ENOMEM;
	if (is_glob) {
		paths = path == NULL ? NULL : match(path);
		free(path);
	} else {
		paths = single(path);
	}
	if (paths == NULL)
		conf_report_error(r, &rq->pos,
		    "include: %s cannot be read: "
		    "%s",
		    report_quote(q, rq->pattern), strerror(errno));
	return paths;
}

void
include_free_paths(char **paths)
{
	for (size_t i = 0; paths != NULL && paths[i] != NULL; i++)
		free(paths[i]);
	free(paths);
}

size_t
include_find(const struct include *in, const struct file *f)
{
	for (size_t i = 0; i < in->nfiles; i++)
		if (in->files[i].dev == f->dev && in->files[i].ino == f->ino)
			return i;
	return INCLUDE_NONE;
}

bool
include_is_above(const struct include *in, size_t file, size_t from)
{
	while (from != file && from != INCLUDE_NONE)
		from = in->files[from].from;
	return from == file;
}

int
include_add(struct include *in, const struct file *f, const char *name,
    size_t from)
{
	struct include_file *v = reallocarray(in->files, in->nfiles + 1,
	    sizeof(*v));

	if (v == NULL)
		return -1;
	in->files = v;
	v += in->nfiles++;
	v->name = name;
	v->dev = f->dev;
	v->ino = f->ino;
	v->from = from;
	return 0;
}

void
include_fini(struct include *in)
{
	for (size_t i = 0; i < in->nrequests; i++)
		free(in->requests[i].pattern);
	free(in->requests);
	free(in->files);
	memset(in, 0, sizeof(*in));
}
