/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/notify.h"
#include "unit.h"

/* A socket of that name, '@' for the abstract name space, that is also what
 * NOTIFY_SOCKET says. */
static int
manager(const char *name)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, name, len);
	if (name[0] == '@')
		un.sun_path[0] = '\0';
	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&un,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) ==
		-1)
		abort();
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *
heard(int fd)
{
	static char text[1024];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
expect_heard(const char *name)
{
	int fd = manager(name);

	notify_send("READY=1\nMAINPID=%d\n", 42);
	CU_ASSERT_STRING_EQUAL(heard(fd), "READY=1\nMAINPID=42\n");
	notify_send("WATCHDOG=1\n");
	CU_ASSERT_STRING_EQUAL(heard(fd), "WATCHDOG=1\n");
	CU_ASSERT_STRING_EQUAL(heard(fd), "");
	close(fd);
	notify_send("nobody listens\n");
}

static void
test_path(void)
{
	char *path = unit_tempfile("", 0);

	unlink(path);
	expect_heard(path);
	notify_send("nobody listens\n");
	unlink(path);
	notify_send("there is no such socket\n");
	free(path);
}

static void
test_abstract(void)
{
	char name[108];

	snprintf(name, sizeof(name), "@trafmirrord-test-%ld", (long)getpid());
	expect_heard(name);
}

/* The longest name there is room for. */
static void
test_long(void)
{
	char name[108] = "@";

	snprintf(name, sizeof(name), "@%0106ld", (long)getpid());
	CU_ASSERT_EQUAL(strlen(name), 107);
	expect_heard(name);
}

/* Nothing is sent, and nothing breaks. */
static void
test_absurd(void)
{
	static const char *const names[] = { "", "@", "relative", "/",
		"vsock:2:1234", "/dev/null" };
	char longer[4096];

	unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv("NOTIFY_SOCKET", names[i], 1);
		notify_send("READY=1\n");
	}
	memset(longer, 'a', sizeof(longer));
	longer[0] = '@';
	for (size_t len = sizeof(longer) - 1; len >= 108; len /= 2) {
		longer[len] = '\0';
		setenv("NOTIFY_SOCKET", longer, 1);
		notify_send("READY=1\n");
	}
	unsetenv("NOTIFY_SOCKET");
}

/* What is too long for one datagram of ours is cut. */
static void
test_cut(void)
{
	char *path = unit_tempfile("", 0), text[2000];
	int fd;

	unlink(path);
	fd = manager(path);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	notify_send("STATUS=%s", text);
	CU_ASSERT_EQUAL(strlen(heard(fd)), 511);
	close(fd);
	unlink(path);
	free(path);
}

static void
test_reloading(void)
{
	char *path = unit_tempfile("", 0), end;
	unsigned long long usec = 0;
	int fd;

	unlink(path);
	fd = manager(path);
	notify_reloading();
	CU_ASSERT_EQUAL(sscanf(heard(fd), "RELOADING=1\nMONOTONIC_USEC=%llu%c",
			    &usec, &end),
	    2);
	CU_ASSERT_TRUE(usec > 0);
	CU_ASSERT_EQUAL(end, '\n');
	close(fd);
	unlink(path);
	free(path);
}

/* NULL: not in the environment. */
static double
interval(const char *usec, const char *pid)
{
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	if (usec != NULL)
		setenv("WATCHDOG_USEC", usec, 1);
	if (pid != NULL)
		setenv("WATCHDOG_PID", pid, 1);
	return notify_watchdog_interval();
}

static void
test_watchdog(void)
{
	char us[32], other[32], more[32];

	snprintf(us, sizeof(us), "%ld", (long)getpid());
	snprintf(other, sizeof(other), "%ld", (long)getppid());
	snprintf(more, sizeof(more), "%ldx", (long)getpid());
	CU_ASSERT_EQUAL(interval(NULL, NULL), 0);
	CU_ASSERT_EQUAL(interval(NULL, us), 0);
	CU_ASSERT_EQUAL(interval("30000000", NULL), 15);
	CU_ASSERT_EQUAL(interval("30000000", us), 15);
	CU_ASSERT_EQUAL(interval("1000000", us), 0.5);
	CU_ASSERT_EQUAL(interval("30000000", other), 0);
	CU_ASSERT_EQUAL(interval("30000000", more), 0);
	CU_ASSERT_EQUAL(interval("30000000", ""), 0);
	CU_ASSERT_EQUAL(interval("30000000", "me"), 0);
	CU_ASSERT_EQUAL(interval("", us), 0);
	CU_ASSERT_EQUAL(interval("0", us), 0);
	CU_ASSERT_EQUAL(interval("-1", us), 0);
	CU_ASSERT_EQUAL(interval("30s", us), 0);
	CU_ASSERT_EQUAL(interval("99999999999999999999", us), 0);
	CU_ASSERT_TRUE(interval("18446744073709551615", us) > 0);
}

static const struct unit_test tests[] = {
	{ "path", test_path },
	{ "abstract", test_abstract },
	{ "long", test_long },
	{ "absurd", test_absurd },
	{ "cut", test_cut },
	{ "reloading", test_reloading },
	{ "watchdog", test_watchdog },
};
UNIT_MAIN("notify", tests)
