/* SPDX-License-Identifier: ISC */
/* Every system call and allocation on the way from one configuration to the
 * next fails once: nothing leaks, and what ran before goes on. The kernel is
 * played by /dev/null. */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/log.h"
#include "conf/conf.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"
#include "unit.h"

static unsigned fail_at; /* 0 = never */
static unsigned calls;
static long maps;

static bool
fails(int error)
{
	if (fail_at == 0 || ++calls != fail_at)
		return false;
	errno = error;
	return true;
}

int __wrap_socket(int domain, int type, int protocol);
int __wrap_setsockopt(int fd, int level, int name, const void *v, socklen_t n);
int __wrap_getsockopt(int fd, int level, int name, void *v, socklen_t *n);
int __wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len);
int __wrap_bind(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
unsigned __wrap_if_nametoindex(const char *name);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
int __wrap_munmap(void *at, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off);
int __real_munmap(void *at, size_t len);
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);

int
__wrap_socket(int domain, int type, int protocol)
{
	return fails(EMFILE) ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);
}

int
__wrap_setsockopt(int fd, int level, int name, const void *v, socklen_t n)
{
	return fails(ENOMEM) ? -1 : 0;
}

int
__wrap_getsockopt(int fd, int level, int name, void *v, socklen_t *n)
{
	if (fails(EINVAL))
		return -1;
	memset(v, 0, *n);
	return 0;
}

int
__wrap_getsockname(int fd, struct sockaddr *sa, socklen_t *len)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = 1 };

	if (fails(ENOBUFS))
		return -1;
	memcpy(sa, &ll, sizeof(ll));
	return 0;
}

int
__wrap_bind(int fd, const struct sockaddr *sa, socklen_t len)
{
	return fails(EADDRNOTAVAIL) ? -1 : 0;
}

int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	return fails(ENETUNREACH) ? -1 : 0;
}

/* The interfaces of the test are called "if" and their index. */
unsigned
__wrap_if_nametoindex(const char *name)
{
	return (unsigned)strtoul(name + 2, NULL, 10);
}

void *
__wrap_mmap(void *at, size_t len, int prot, int flags, int fd, off_t off)
{
	if (fails(ENOMEM))
		return MAP_FAILED;
	maps++;
	return __real_mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

int
__wrap_munmap(void *at, size_t len)
{
	maps--;
	return __real_munmap(at, len);
}

void *
__wrap_malloc(size_t size)
{
	return fails(ENOMEM) ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails(ENOMEM) ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails(ENOMEM) ? NULL : __real_realloc(p, size);
}

char *
__wrap_strdup(const char *s)
{
	return fails(ENOMEM) ? NULL : __real_strdup(s);
}

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	if (d == NULL)
		return 0;
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

#define TARGETS                                                    \
	"target a { address = 10.9.0.1 source-ports = 2 }\n"       \
	"target b { address = \"fd09::2\" encap = gre "            \
	"interface = if7 }\n"                                      \
	"target c { address = 10.9.0.3 source-address = 10.9.0.9 " \
	"source-ports = 1 }\n"

/* first and second keep, change, open and close one of everything. */
static const char first[] = TARGETS
    "mirror keep { sources = { if1, if2 } targets = { a, b } "
    "session-id = 1 }\n"
    "mirror change { sources = { if1, if2 } targets = { a } "
    "session-id = 2 ring-size = 1MiB }\n"
    "mirror leave { sources = { if3 } targets = { c } session-id = 3 }\n";
static const char second[] = TARGETS
    "mirror keep { sources = { if1, if2 } targets = { a, b } "
    "session-id = 1 }\n"
    "mirror change { sources = { if2, if3 } targets = { a, c } "
    "session-id = 2 ring-size = 1MiB bpf = udp promiscuous = true }\n"
    "mirror come { sources = { if1 } targets = { b } session-id = 3 }\n";

static struct iface_list ifaces;

static struct conf *
load(const char *text)
{
	struct conf_report r = { 0 };
	struct conf *c = conf_load_text(text, strlen(text), "t", &r);

	for (size_t i = 0; i < r.nerrors; i++)
		printf("%s\n", r.errors[i]);
	conf_report_fini(&r);
	if (c == NULL)
		abort();
	return c;
}

/* Goes from old (or NULL) to the configuration, call number n failing.
 * Returns the new generation, or NULL with the old one untouched. */
static struct generation *
go(struct generation *old, const char *text, unsigned n)
{
	struct conf *c = load(text);
	struct generation *g = NULL;
	struct err err = { "" };
	int rc;

	calls = 0;
	fail_at = n;
	rc = reload_prepare(&g, &c, old, &ifaces, &err);
	if (rc == 0)
		reload_commit(g, old);
	fail_at = 0;
	CU_ASSERT_EQUAL(rc == 0, c == NULL);
	CU_ASSERT_EQUAL(rc == 0, err.text[0] == '\0');
	conf_free(c);
	return rc == 0 ? g : NULL;
}

static size_t
rings(const struct generation *g)
{
	size_t n = 0;

	for (size_t i = 0; i < g->nmirrors; i++)
		n += mirror_nsources(g->mirrors[i]);
	return n;
}

static void
use(struct generation *g)
{
	struct mirror_stats st;

	for (size_t i = 0; i < g->nmirrors; i++) {
		for (size_t j = 0; j < mirror_nsources(g->mirrors[i]); j++)
			mirror_run(mirror_source(g->mirrors[i], j), 1);
		mirror_poll(g->mirrors[i]);
		mirror_stats(g->mirrors[i], &st);
		CU_ASSERT_EQUAL(st.captured_packets, 0);
	}
}

static void
test_start(void)
{
	unsigned fds = count_fds(), refused = 0, n = 0;
	struct generation *g;

	do {
		g = go(NULL, first, ++n);
		if (g == NULL)
			refused++;
		else
			use(g);
		generation_free(g);
		CU_ASSERT_EQUAL(count_fds(), fds);
		CU_ASSERT_EQUAL(maps, 0);
	} while (calls >= n);
	CU_ASSERT(refused > 50);
	CU_ASSERT(n > refused);
}

static void
test_reload(void)
{
	unsigned fds = count_fds(), refused = 0, n = 0;
	struct generation *old, *g;

	do {
		unsigned open_fds;

		old = go(NULL, first, 0);
		CU_ASSERT_PTR_NOT_NULL_FATAL(old);
		CU_ASSERT_EQUAL(rings(old), 5);
		open_fds = count_fds();
		g = go(old, second, ++n);
		if (g == NULL) {
			unsigned failed = calls;

			refused++;
			CU_ASSERT_EQUAL(rings(old), 5);
			CU_ASSERT_EQUAL(maps, 5);
			CU_ASSERT_EQUAL(count_fds(), open_fds);
			use(old);
			g = go(old, second, 0);
			calls = failed;
		}
		CU_ASSERT_PTR_NOT_NULL_FATAL(g);
		use(g);
		generation_free(g);
		CU_ASSERT_EQUAL(count_fds(), fds);
		CU_ASSERT_EQUAL(maps, 0);
	} while (calls >= n);
	CU_ASSERT(refused > 50);
	g = go(go(NULL, first, 0), second, 0);
	CU_ASSERT_EQUAL(rings(g), 5);
	generation_free(g);
}

static void
make_ifaces(void)
{
	static struct iface v[3];

	for (unsigned i = 0; i < 3; i++) {
		v[i] = (struct iface) { .index = i + 1,
			.up = true,
			.ethernet = true,
			.mtu = 1500 };
		snprintf(v[i].name, sizeof(v[i].name), "if%u", i + 1);
	}
	ifaces.v = v;
	ifaces.n = 3;
}

static const struct unit_test tests[] = {
	{ "start", test_start },
	{ "reload", test_reload },
};

int
main(int argc, char **argv)
{
	make_ifaces();
	log_set_level(LOG_LEVEL_ERROR);
	return unit_main(argc, argv, "reload", tests, 2);
}
