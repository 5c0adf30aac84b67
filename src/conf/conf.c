/* SPDX-License-Identifier: ISC */
/* Loading a configuration: files through libconfuse into plain data. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "base/err.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/file.h"
#include "conf/include.h"
#include "conf/report.h"
#include "conf/schema.h"
#include "conf/section.h"
#include "conf/syntax.h"

/* libconfuse reads into its own tree, where a second section of the same
 * name replaces the first and no value knows its line. So nothing is taken
 * from the tree: callbacks see each section open, each value and each closing
 * brace as it is read, with the line. They find the load they belong to
 * through an option that no file can set. */
#define OPTION_LOAD "(load)"
#define OPTION_OPEN "(open)"

enum { ROOT, TARGET, MIRROR, RULE, NKINDS };

static const struct schema *const kinds[NKINDS] = {
	[ROOT] = &schema_root,
	[TARGET] = &schema_target,
	[MIRROR] = &schema_mirror,
	[RULE] = &schema_rule,
};

struct load {
	struct conf *conf;
	struct conf_report *report;
	struct include include;
	size_t nfiles;
	bool from_memory;
	bool failed; /* out of memory: no callback does anything any more */
	const char *file; /* being read */
	size_t file_no;
	struct conf_pos seen[SCHEMA_OPTIONS_MAX];
	struct section open[NKINDS];
	void *self; /* what OPTION_LOAD points to */
};

struct options {
	cfg_opt_t of[NKINDS][SCHEMA_OPTIONS_MAX + 3];
};

static struct load *
load_of(cfg_t *cfg)
{
	return cfg_getptr(cfg, OPTION_LOAD);
}

static size_t
kind_of(const char *name)
{
	size_t k = 0;

	while (strcmp(kinds[k]->name, name) != 0)
		k++;
	return k;
}

static void
out_of_memory(struct load *l)
{
	l->failed = true;
	conf_report_error(l->report, NULL, "out of memory");
}

/* A default value that is parsed: called when the section is made. An error
 * here would make libconfuse abort the process. */
static int
on_open(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct load *l = load_of(cfg);
	struct conf_pos pos = { l->file, (unsigned)cfg->line };
	size_t kind = kind_of(cfg_name(cfg));

	*(void **)result = NULL;
	if (!l->failed &&
	    section_open(&l->open[kind], &l->open[kind == RULE ? MIRROR : ROOT],
		kinds[kind], cfg_title(cfg), &pos, l->report) == -1)
		out_of_memory(l);
	return 0;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	struct load *l = load_of(cfg);
	struct conf_pos pos = { l->file, (unsigned)cfg->line };
	struct section *s = &l->open[kind_of(cfg_name(cfg))];

	if (!l->failed)
		section_set(s,
		    schema_find(s->schema, opt->name, strlen(opt->name)), value,
		    &pos, l->report);
	*(const char **)result = value;
	return 0;
}

/* Called at the closing brace, with the option of the outer section. The
 * section has done its service: gone, it cannot meet one of its name. */
static int
on_close(cfg_t *cfg, cfg_opt_t *opt)
{
	struct load *l = load_of(cfg);

	if (!l->failed)
		section_close(&l->open[kind_of(opt->name)]);
	return cfg_opt_rmnsec(opt, cfg_opt_size(opt) - 1);
}

static int
on_include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	struct load *l = load_of(cfg);
	struct conf_pos pos = { l->file, (unsigned)cfg->line };

	if (l->from_memory) {
		conf_report_error(l->report, &pos,
		    "include: is not possible here");
		return 0;
	}
	for (int i = 0; i < argc; i++)
		if (include_request(&l->include, argv[i], l->file_no, &pos) ==
		    -1)
			out_of_memory(l);
	return 0;
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* syntax_check leaves nothing that libconfuse complains of; should it ever,
 * its words are shown. */
static void
on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	struct load *l = load_of(cfg);
	struct conf_pos pos = { l->file, (unsigned)cfg->line };
	char text[256];

	vsnprintf(text, sizeof(text), fmt, ap);
	conf_report_error(l->report, &pos, "%s", text);
}

static cfg_opt_t
make_option(const struct schema_option *o, struct options *options)
{
	cfg_opt_t section = CFG_SEC(o->name, NULL, CFGF_MULTI | CFGF_TITLE);

	if (o->type == SCHEMA_INCLUDE)
		return (cfg_opt_t)CFG_FUNC(o->name, on_include);
	if (o->type == SCHEMA_SECTION) {
		section.subopts = options->of[kind_of(o->name)];
		section.validcb = on_close;
		return section;
	}
	if (schema_is_list(o))
		return (cfg_opt_t)CFG_STR_LIST_CB(o->name, NULL, CFGF_NODEFAULT,
		    on_value);
	return (cfg_opt_t)CFG_STR_CB(o->name, NULL, CFGF_NODEFAULT, on_value);
}

static void
make_options(struct options *options, struct load *l)
{
	static char any_value[] = "x";

	for (size_t k = 0; k < NKINDS; k++) {
		cfg_opt_t *v = options->of[k];

		*v = (cfg_opt_t)CFG_PTR_CB(OPTION_LOAD, NULL, CFGF_NODEFAULT,
		    NULL, NULL);
		(v++)->simple_value.ptr = &l->self;
		if (k != ROOT)
			*v++ = (cfg_opt_t)CFG_PTR_CB(OPTION_OPEN, any_value,
			    CFGF_NONE, on_open, NULL);
		for (size_t i = 0; i < kinds[k]->n; i++)
			*v++ = make_option(&kinds[k]->options[i], options);
		*v = (cfg_opt_t)CFG_END();
	}
}

/* Hands text, which ends in a newline, to libconfuse. */
static void
run_parser(struct load *l, char *text, size_t len)
{
	size_t nerrors = l->report->nerrors;
	struct options options;
	cfg_t *cfg;
	FILE *f;

	make_options(&options, l);
	f = fmemopen(text, len, "r");
	cfg = cfg_init(options.of[ROOT], CFGF_NONE);
	if (f == NULL || cfg == NULL) {
		out_of_memory(l);
	} else {
		cfg_set_error_function(cfg, on_error);
		if (cfg_parse_fp(cfg, f) != CFG_SUCCESS) {
			l->conf->incomplete = true;
			if (l->report->nerrors == nerrors)
				out_of_memory(l);
		}
	}
	if (cfg != NULL)
		cfg_free(cfg);
	if (f != NULL)
		fclose(f);
}

static void
parse_text(struct load *l, const char *text, size_t len)
{
	struct syntax s = { .file = l->file,
		.len = len,
		.seen = l->seen,
		.report = l->report };
	const char *nul = memchr(text, '\0', len);
	struct conf_pos pos = { l->file, 1 };

	if (nul != NULL) {
		for (const char *p = text; p < nul; p++)
			pos.line += *p == '\n';
		conf_report_error(l->report, &pos,
		    "a NUL byte: this is no text file");
		l->conf->incomplete = true;
		return;
	}
	if ((s.text = malloc(len + SYNTAX_SPARE)) == NULL) {
		out_of_memory(l);
		return;
	}
	memcpy(s.text, text, len);
	syntax_check(&s);
	l->conf->incomplete |= s.incomplete;
	run_parser(l, s.text, s.len);
	free(s.text);
}

/* Keeps the name for as long as the configuration lives. */
static const char *
keep_name(struct load *l, const char *name)
{
	struct conf *c = l->conf;
	char **v = reallocarray(c->files, l->nfiles + 2, sizeof(*v));
	char *copy = strdup(name);

	if (v != NULL) {
		c->files = v;
		v[l->nfiles] = NULL;
	}
	if (v == NULL || copy == NULL) {
		free(copy);
		return NULL;
	}
	v[l->nfiles++] = copy;
	v[l->nfiles] = NULL;
	return copy;
}

/* Reads the file unless it has been read. rq is NULL for the first one. */
static void
load_file(struct load *l, const char *path, const struct include_request *rq)
{
	size_t from = rq == NULL ? INCLUDE_NONE : rq->from, known;
	struct conf_pos pos = { path, 0 };
	struct file file = { 0 };
	struct err err;

	if (file_read(&file, path, &err) == -1) {
		if (rq == NULL)
			conf_report_error(l->report, &pos, "%s", err.text);
		else
			conf_report_error(l->report, &rq->pos,
			    "include: \"%s\" %s", path, err.text);
		l->conf->incomplete = true;
		return;
	}
	known = include_find(&l->include, &file);
	if (known == INCLUDE_NONE) {
		l->file_no = l->include.nfiles;
		if ((l->file = keep_name(l, path)) == NULL ||
		    include_add(&l->include, &file, l->file, from) == -1)
			out_of_memory(l);
		else
			parse_text(l, file.text, file.len);
	} else if (rq != NULL && include_is_above(&l->include, known, from)) {
		conf_report_error(l->report, &rq->pos,
		    known == from ?
			"include: \"%s\" includes itself" :
			"include: \"%s\" and \"%s\" include each other",
		    l->include.files[known].name, rq->pos.file);
	}
	file_fini(&file);
}

/* Requests grow while the files they name are read. */
static void
load_includes(struct load *l)
{
	for (size_t i = 0; i < l->include.nrequests; i++) {
		struct include_request rq = l->include.requests[i];
		char **paths = include_expand(&l->include, &rq, l->report);

		for (size_t j = 0; paths != NULL && paths[j] != NULL; j++)
			load_file(l, paths[j], &rq);
		l->conf->incomplete |= paths == NULL;
		include_free_paths(paths);
	}
}

static int
load_start(struct load *l, const char *name, struct conf_report *r)
{
	l->report = r;
	l->self = l;
	l->conf = calloc(1, sizeof(*l->conf));
	if (l->conf == NULL || (l->conf->path = strdup(name)) == NULL ||
	    section_open_root(&l->open[ROOT], l->conf) == -1) {
		out_of_memory(l);
		return -1;
	}
	return 0;
}

/* What comes after all is read. */
static struct conf *
load_finish(struct load *l)
{
	struct conf_report *r = l->report;
	char *none[] = { NULL };

	if (l->conf != NULL) {
		conf_check(l->conf, r);
		report_sort(r, l->conf->files == NULL ? none : l->conf->files);
	}
	include_fini(&l->include);
	if (r->nerrors == 0 && !r->lost)
		return l->conf;
	conf_free(l->conf);
	return NULL;
}

struct conf *
conf_load(const char *path, struct conf_report *r)
{
	struct load l = { 0 };

	if (load_start(&l, path, r) == 0) {
		load_file(&l, path, NULL);
		load_includes(&l);
	}
	return load_finish(&l);
}

struct conf *
conf_load_text(const char *text, size_t len, const char *name,
    struct conf_report *r)
{
	struct load l = { .from_memory = true };

	if (load_start(&l, name, r) == 0) {
		if ((l.file = keep_name(&l, name)) == NULL)
			out_of_memory(&l);
		else
			parse_text(&l, text, len);
	}
	return load_finish(&l);
}
