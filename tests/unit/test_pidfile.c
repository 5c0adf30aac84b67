/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/pidfile.h"
#include "unit.h"

static char *
holding(const char *text)
{
	return unit_tempfile(text, strlen(text));
}

static void
expect_text(const char *path, const char *want)
{
	FILE *f = fopen(path, "r");
	char text[256];

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	CU_ASSERT_STRING_EQUAL(text, want);
}

static void
expect_ours(const char *path)
{
	char want[32];

	snprintf(want, sizeof(want), "%ld\n", (long)getpid());
	expect_text(path, want);
}

static void
expect_refused(const char *path, const char *why)
{
	struct err err = { "" };
	char want[256];

	snprintf(want, sizeof(want), "pid file %s: %s", path, why);
	CU_ASSERT_EQUAL(pidfile_open(path, &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text, want);
}

/* What a file holds is replaced, and gone in the end. */
static void
expect_taken(const char *text)
{
	char *path = holding(text);
	struct err err = { "" };
	int fd = pidfile_open(path, &err);

	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	CU_ASSERT_STRING_EQUAL(err.text, "");
	expect_ours(path);
	pidfile_close(fd, path);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	free(path);
}

static void
test_new(void)
{
	char *path = holding("");
	struct stat st;
	int fd;

	unlink(path);
	fd = pidfile_open(path, NULL);
	CU_ASSERT_NOT_EQUAL_FATAL(fd, -1);
	expect_ours(path);
	CU_ASSERT_EQUAL(fstat(fd, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 022, 0);
	pidfile_close(fd, path);
	CU_ASSERT_EQUAL(access(path, F_OK), -1);
	pidfile_close(-1, path);
	free(path);
}

static void
test_stale(void)
{
	expect_taken("");
	expect_taken("\n");
	expect_taken("1");
	expect_taken("4194304\n");
	expect_taken("999999999999999\n");
}

static void
test_not_a_pid_file(void)
{
	static const char *const texts[] = {
		"user = root\n",
		"123 # a comment\n",
		"-1\n",
		" 1\n",
		"1\n\n",
		"1\ntarget ids { address = 10.9.0.1 }\n",
		"9999999999999999\n",
		"99999999999999999999999999999999999\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *path = holding(texts[i]);

		expect_refused(path, "is not a pid file");
		expect_text(path, texts[i]);
		unlink(path);
		free(path);
	}
}

static void
test_nul(void)
{
	char *path = unit_tempfile("12\0\0", 4);
	struct stat st;

	expect_refused(path, "is not a pid file");
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_size, 4);
	unlink(path);
	free(path);
}

static void
test_not_a_file(void)
{
	char *path = holding("1\n"), link[64], pipe[64];

	snprintf(link, sizeof(link), "%s.link", path);
	snprintf(pipe, sizeof(pipe), "%s.pipe", path);
	CU_ASSERT_EQUAL_FATAL(symlink(path, link), 0);
	CU_ASSERT_EQUAL_FATAL(mkfifo(pipe, 0600), 0);
	expect_refused(link, strerror(ELOOP));
	expect_text(path, "1\n");
	expect_refused(pipe, "is not a pid file");
	expect_refused("/", strerror(EISDIR));
	expect_refused("/nowhere/pid", strerror(ENOENT));
	unlink(pipe);
	unlink(link);
	unlink(path);
	free(path);
}

/* Takes path, says so, and keeps it until the test kills this process. */
static void
hold(const char *path, int said)
{
	if (pidfile_open(path, NULL) != -1 && write(said, "", 1) == 1)
		pause();
	_exit(1);
}

static void
test_held(void)
{
	char *path = holding(""), byte, want[64];
	int said[2], fd;
	pid_t pid;

	CU_ASSERT_EQUAL_FATAL(pipe(said), 0);
	CU_ASSERT_NOT_EQUAL_FATAL(pid = fork(), -1);
	if (pid == 0)
		hold(path, said[1]);
	close(said[1]);
	CU_ASSERT_EQUAL(read(said[0], &byte, 1), 1);
	close(said[0]);
	snprintf(want, sizeof(want), "process %ld is running", (long)pid);
	expect_refused(path, want);
	snprintf(want, sizeof(want), "%ld\n", (long)pid);
	expect_text(path, want);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	CU_ASSERT_NOT_EQUAL(fd = pidfile_open(path, NULL), -1);
	expect_ours(path);
	pidfile_close(fd, path);
	free(path);
}

static const struct unit_test tests[] = {
	{ "new", test_new },
	{ "stale", test_stale },
	{ "not a pid file", test_not_a_pid_file },
	{ "NUL", test_nul },
	{ "not a file", test_not_a_file },
	{ "held", test_held },
};
UNIT_MAIN("pidfile", tests)
