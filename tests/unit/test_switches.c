/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "conftext.h"
#include "daemon/switches.h"
#include "unit.h"

static const char text[] =
    "target a { address = 192.0.2.1 weight = 3 }\n"
    "target b { address = 192.0.2.2 weight = 0 }\n"
    "mirror m { sources = eth0 targets = { a, b } tags = { \"k=v\" } }\n"
    "mirror n { sources = eth0 targets = b collect = false session-id = 2 }\n";

static int fail_rename, fail_fsync;

int __real_renameat(int from, const char *a, int to, const char *b);
int __wrap_renameat(int from, const char *a, int to, const char *b);
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int
__wrap_renameat(int from, const char *a, int to, const char *b)
{
	errno = EIO;
	return fail_rename ? -1 : __real_renameat(from, a, to, b);
}

int
__wrap_fsync(int fd)
{
	errno = ENOSPC;
	return fail_fsync ? -1 : __real_fsync(fd);
}

static json_t *
some(void)
{
	return json_pack("{s:i, s:{s:{s:b, s:{s:s, s:n}}, s:{s:b}, s:{s:b}},"
			 " s:{s:{s:b}, s:{s:b}}}",
	    "version", 1, "mirrors", "m", "collect", 0, "tags", "t", "x=y", "k",
	    "n", "collect", 1, "gone", "collect", 1, "targets", "a", "drained",
	    1, "b", "drained", 0);
}

static void
test_apply(void)
{
	struct conf *base = conftext_load(text, NULL), *c;
	char *before = conftext_print(base), *after;
	json_t *sw = some();

	CU_ASSERT_PTR_NOT_NULL_FATAL(c = overlay_new(base));
	CU_ASSERT_EQUAL(switches_apply(sw, c), 0);
	CU_ASSERT_FALSE(c->mirrors[0].collect);
	CU_ASSERT_TRUE(c->mirrors[1].collect);
	CU_ASSERT_EQUAL(c->targets[0].weight, 0);
	CU_ASSERT_EQUAL(c->targets[1].weight, 1);
	CU_ASSERT_PTR_EQUAL(c->mirrors[0].targets[0], &c->targets[0]);
	CU_ASSERT_PTR_EQUAL(c->mirrors[1].targets[0], &c->targets[1]);
	CU_ASSERT_EQUAL_FATAL(c->mirrors[0].tags.n, 1);
	CU_ASSERT_STRING_EQUAL(c->mirrors[0].tags.v[0].text, "t=x=y");
	after = conftext_print(base);
	CU_ASSERT_STRING_EQUAL(after, before);
	/* In any order: each has its share. */
	conf_free(base);
	CU_ASSERT_STRING_EQUAL(c->mirrors[0].name, "m");
	conf_free(overlay_new(c->base));
	conf_free(c);
	json_decref(sw);
	free(before);
	free(after);
}

static char *
new_folder(void)
{
	char *dir = strdup("/tmp/unit.XXXXXX");

	if (mkdtemp(dir) == NULL)
		abort();
	return dir;
}

static void
remove_folder(char *dir)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/" SWITCHES_FILE, dir);
	unlink(path);
	CU_ASSERT_EQUAL(rmdir(dir), 0); /* nothing else is left */
	free(dir);
}

static void
test_save(void)
{
	char *dir = new_folder();
	json_t *sw = some(), *got;
	struct err err = { "" };

	CU_ASSERT_PTR_NOT_NULL_FATAL(got = switches_load(dir, &err));
	CU_ASSERT_EQUAL(json_object_size(json_object_get(got, "mirrors")), 0);
	json_decref(got);
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), 0);
	got = switches_load(dir, &err);
	CU_ASSERT(json_equal(got, sw));
	json_decref(got);

	/* Whatever fails, what was there stays. */
	switches_set(sw, "mirrors", "m", "collect", json_true());
	fail_rename = 1;
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "Input/output error"));
	fail_rename = 0;
	fail_fsync = 1;
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "No space left"));
	fail_fsync = 0;
	got = switches_load(dir, &err);
	CU_ASSERT_FALSE(json_is_true(
	    json_object_get(switches_get(got, "mirrors", "m"), "collect")));
	json_decref(got);
	CU_ASSERT_EQUAL(switches_save(sw, "/nowhere", &err), -1);
	json_decref(sw);
	remove_folder(dir);
}

static void
test_damaged(void)
{
	static const char *const texts[] = { "", "{", "[]", "{}",
		"{\"version\":2,\"mirrors\":{},\"targets\":{}}",
		"{\"version\":1,\"mirrors\":[],\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{},\"targets\":{},\"x\":1}",
		"{\"version\":1,\"mirrors\":{\"m\":1},\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{\"m\":{\"collect\":1}},"
		"\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{\"m\":{\"tags\":{\"a\":1}}},"
		"\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{},\"targets\":{\"a\":{}}}",
		"{\"version\":1,\"mirrors\":{\"m\":{\"tags\":{\"\":\"\"}}},"
		"\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{\"m\":{\"tags\":{\"a=b\":null}}},"
		"\"targets\":{}}",
		"{\"version\":1,\"mirrors\":{\"m\":{\"tags\":{\"a\":\"\\u001b\"}}},"
		"\"targets\":{}}" };
	char *dir = new_folder(), path[128];

	snprintf(path, sizeof(path), "%s/" SWITCHES_FILE, dir);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *f = fopen(path, "w");
		struct err err = { "" };

		fputs(texts[i], f);
		fclose(f);
		CU_ASSERT_PTR_NULL(switches_load(dir, &err));
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is damaged"));
	}
	remove_folder(dir);
}

/* Keys and values as long as they like, and more of them than there may be: a
 * daemon that read them would have nowhere to put them. */
static void
test_large(void)
{
	char *dir = new_folder(), *key = calloc(1, 100001);
	json_t *sw = some(), *tags = json_object();
	struct err err = { "" };

	memset(key, 'k', 100000);
	json_object_set_new(tags, key, json_string("v"));
	switches_set(sw, "mirrors", "m", "tags", tags);
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), 0);
	CU_ASSERT_PTR_NULL(switches_load(dir, &err));
	json_object_clear(tags);
	for (int i = 0; i <= SWITCHES_TAGS; i++) {
		snprintf(key, 100001, "k%d", i);
		json_object_set_new(tags, key, json_string("v"));
	}
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), 0);
	CU_ASSERT_PTR_NULL(switches_load(dir, &err));
	json_object_del(tags, key);
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), 0);
	json_decref(sw);
	CU_ASSERT_PTR_NOT_NULL_FATAL(sw = switches_load(dir, &err));

	/* What could not be read again is not written. */
	for (int i = 0; i < 40000; i++) {
		snprintf(key, 100001, "a mirror of some name %d", i);
		switches_set(sw, "mirrors", key, "collect", json_false());
	}
	CU_ASSERT_EQUAL(switches_save(sw, dir, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "more is switched"));
	json_decref(sw);
	CU_ASSERT_PTR_NOT_NULL(sw = switches_load(dir, &err));
	json_decref(sw);
	free(key);
	remove_folder(dir);
}

static const struct unit_test tests[] = {
	{ "apply", test_apply },
	{ "save", test_save },
	{ "damaged", test_damaged },
	{ "large", test_large },
};
UNIT_MAIN("switches", tests)
