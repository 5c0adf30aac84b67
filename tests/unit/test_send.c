/* SPDX-License-Identifier: ISC */
/* The kernel's answers are scripted: it does not fail on demand. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "deliver/encap.h"
#include "deliver/send.h"
#include "packet/segment.h"
#include "unit.h"

/* Each step: how many messages are taken, or -errno. 0 ends the script: all
 * are taken from then on. */
static const int *script;
static unsigned calls, taken;
static uint32_t first_sequence;

int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *v,
    socklen_t len);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
static int connect_result, bind_result;
/* As in Linux, to let go of the peer undoes SO_BINDTODEVICE. */
static bool bound;

int
__wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags)
{
	int step = script != NULL && *script != 0 ? *script++ : (int)n;
	const uint8_t *h = v->msg_hdr.msg_iov[0].iov_base;

	calls++;
	if (v->msg_hdr.msg_iov[0].iov_len == 14)
		first_sequence = h[11];
	if (step < 0) {
		errno = -step;
		return -1;
	}
	if ((unsigned)step > n)
		step = (int)n;
	taken += (unsigned)step;
	return step;
}

int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	if (sa->sa_family == AF_UNSPEC)
		bound = false;
	errno = ENETUNREACH;
	return connect_result;
}

int
__wrap_setsockopt(int fd, int level, int option, const void *v, socklen_t len)
{
	CU_ASSERT_EQUAL(option, SO_BINDTODEVICE);
	CU_ASSERT_EQUAL(len, 4);
	CU_ASSERT_EQUAL(memcmp(v, "eth7", 4), 0);
	bound = bind_result == 0;
	errno = ENODEV;
	return bind_result;
}

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	errno = EAGAIN;
	return -1;
}

static const struct segment frame = { .head = "fr",
	.head_len = 2,
	.body = (const uint8_t *)"ame",
	.body_len = 3 };

static struct send_queue *
connected_queue(const struct encap *e)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct send_queue *q = send_queue_new(open("/dev/null",
						  O_RDWR | O_CLOEXEC),
	    e);

	connect_result = 0;
	CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), NULL), 0);
	return q;
}

static struct send_result
run(const int *steps, unsigned n, bool wait)
{
	struct send_result res = { 0 };
	struct send_queue *q;
	struct encap e;

	encap_init(&e, CONF_VXLAN, 1, false);
	q = connected_queue(&e);
	calls = taken = 0;
	script = NULL;
	for (unsigned i = 0; i < n; i++)
		CU_ASSERT_FALSE(send_queue_add(q, &frame, i));
	script = steps;
	send_queue_flush(q, wait, &res);
	CU_ASSERT_EQUAL(res.packets, taken);
	CU_ASSERT_EQUAL(res.bytes, (8 + 5) * taken);
	CU_ASSERT_EQUAL(res.packets + res.failed + res.oversize, n);
	send_queue_free(q);
	return res;
}

static void
test_all_taken(void)
{
	struct send_result res = run(NULL, 10, false);

	CU_ASSERT_EQUAL(res.packets, 10);
	CU_ASSERT_EQUAL(res.error, 0);
	CU_ASSERT_EQUAL(calls, 1);
	res = run(NULL, 0, false);
	CU_ASSERT_EQUAL(calls, 0);
}

static void
test_in_parts(void)
{
	static const int steps[] = { 3, 3, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 10);
	CU_ASSERT_EQUAL(calls, 3);
}

/* A target without listener: each refusal is the echo of an earlier copy. */
static void
test_refused(void)
{
	static const int steps[] = { -ECONNREFUSED, 3, -ECONNREFUSED,
		-ECONNREFUSED, -ECONNREFUSED, 1, -EHOSTUNREACH, 2, -EINTR, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 10);
	CU_ASSERT_EQUAL(res.failed, 0);
	CU_ASSERT_EQUAL(res.error, 0);
}

static void
test_no_route(void)
{
	static const int steps[] = { 2, -ENETUNREACH, -ENETUNREACH,
		-ENETUNREACH, -ENETUNREACH, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 2);
	CU_ASSERT_EQUAL(res.failed, 8);
	CU_ASSERT_EQUAL(res.error, ENETUNREACH);
}

static void
test_firewall(void)
{
	static const int steps[] = { 2, -EPERM, -EPERM, -EPERM, -EPERM, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 9);
	CU_ASSERT_EQUAL(res.failed, 1);
	CU_ASSERT_EQUAL(res.error, EPERM);
}

static void
test_oversize(void)
{
	static const int steps[] = { 1, -EMSGSIZE, -EMSGSIZE, -EMSGSIZE,
		-EMSGSIZE, 2, -EMSGSIZE, -EMSGSIZE, -EMSGSIZE, -EMSGSIZE, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 8);
	CU_ASSERT_EQUAL(res.oversize, 2);
	CU_ASSERT_EQUAL(res.error, 0);
}

static void
test_buffer_full(void)
{
	static const int steps[] = { 4, -EAGAIN, 0 };
	static const int full[] = { 4, -ENOBUFS, -EAGAIN, -ENOBUFS, 0 };
	struct send_result res = run(steps, 10, false);

	CU_ASSERT_EQUAL(res.packets, 4);
	CU_ASSERT_EQUAL(res.failed, 6);
	CU_ASSERT_EQUAL(res.error, EAGAIN);
	res = run(full, 10, true);
	CU_ASSERT_EQUAL(res.packets, 10);
	CU_ASSERT_EQUAL(res.failed, 0);
}

static void
test_unconnected(void)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct send_result res = { 0 };
	struct send_queue *q;
	struct encap e;

	encap_init(&e, CONF_GRE, 1, true);
	q = connected_queue(&e);
	connect_result = -1;
	CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), NULL), -1);
	send_queue_add(q, &frame, 1);
	calls = 0;
	script = NULL;
	send_queue_flush(q, false, &res);
	CU_ASSERT_EQUAL(calls, 0);
	CU_ASSERT_EQUAL(res.failed, 1);
	CU_ASSERT_EQUAL(res.error, ENETUNREACH);
	connect_result = 0;
	CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), NULL), 0);
	send_queue_add(q, &frame, 7);
	send_queue_flush(q, false, &res);
	CU_ASSERT_EQUAL(calls, 1);
	CU_ASSERT_EQUAL(first_sequence, 7);
	send_queue_free(q);
	send_queue_free(NULL);
}

static void
test_interface(void)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct encap e;
	struct send_queue *q;

	encap_init(&e, CONF_VXLAN, 1, false);
	q = connected_queue(&e);
	bind_result = 0;
	for (int i = 0; i < 2; i++) {
		bound = false;
		CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), "eth7"),
		    0);
		CU_ASSERT_TRUE(bound);
	}
	bind_result = -1;
	CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), "eth7"), -1);
	CU_ASSERT_EQUAL(errno, ENODEV);
	send_queue_free(q);
}

static void
test_full_queue(void)
{
	struct send_result res = { 0 };
	struct send_queue *q;
	struct encap e;
	unsigned n = 1;

	encap_init(&e, CONF_VXLAN, 1, false);
	q = connected_queue(&e);
	while (!send_queue_add(q, &frame, 0))
		n++;
	send_queue_flush(q, false, &res);
	CU_ASSERT_EQUAL(res.packets, n);
	CU_ASSERT_FALSE(send_queue_add(q, &frame, 0));
	send_queue_free(q);
}

static const struct unit_test tests[] = {
	{ "all taken", test_all_taken },
	{ "in parts", test_in_parts },
	{ "refused", test_refused },
	{ "no route", test_no_route },
	{ "firewall", test_firewall },
	{ "oversize", test_oversize },
	{ "buffer full", test_buffer_full },
	{ "unconnected", test_unconnected },
	{ "interface", test_interface },
	{ "full queue", test_full_queue },
};
UNIT_MAIN("send", tests)
