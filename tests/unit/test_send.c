/* SPDX-License-Identifier: ISC */
/* The kernel's answers are scripted: it does not fail on demand. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
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
static unsigned messages, joined; /* taken: all, and those of several copies */
static uint32_t first_sequence;
/* The bodies in the order in which they were taken. */
static char order[1024];

int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t len);
int __wrap_setsockopt(int fd, int level, int option, const void *v,
    socklen_t len);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
static int connect_result, bind_result;
/* As in Linux, to let go of the peer undoes SO_BINDTODEVICE. */
static bool bound;

static size_t
length(const struct msghdr *m)
{
	size_t len = 0;

	for (size_t i = 0; i < m->msg_iovlen; i++)
		len += m->msg_iov[i].iov_len;
	return len;
}

/* How many copies a message is: one of several names the size of a segment. */
static unsigned
count_copies(const struct msghdr *m)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	uint16_t size;

	if (c == NULL)
		return 1;
	CU_ASSERT_EQUAL(c->cmsg_level, IPPROTO_UDP);
	CU_ASSERT_EQUAL(c->cmsg_len, CMSG_LEN(2));
	memcpy(&size, CMSG_DATA(c), sizeof(size));
	return (unsigned)((length(m) + size - 1) / size);
}

static void
take(const struct msghdr *m)
{
	unsigned copies = count_copies(m);

	messages++;
	joined += copies > 1;
	taken += copies;
	for (unsigned i = 0; i < copies; i++)
		strncat(order, m->msg_iov[2 * i + 1].iov_base, 1);
}

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
	for (int i = 0; i < step; i++)
		take(&v[i].msg_hdr);
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
	if (level == IPPROTO_UDP)
		return 0;
	CU_ASSERT_EQUAL(option, SO_BINDTODEVICE);
	CU_ASSERT_EQUAL(len, 4);
	CU_ASSERT_EQUAL(memcmp(v, "eth7", 4), 0);
	bound = bind_result == 0;
	errno = ENODEV;
	return bind_result;
}

/* What is in the error queue, from the last to the first. */
static struct sock_extended_err reports[8];
static int report_level, report_type;
static unsigned nreports;

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	struct cmsghdr *c;

	CU_ASSERT_EQUAL(flags, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (nreports == 0) {
		errno = EAGAIN;
		return -1;
	}
	nreports--;
	CU_ASSERT_TRUE_FATAL(m->msg_controllen >= CMSG_SPACE(sizeof(*reports)));
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = report_level;
	c->cmsg_type = report_type;
	c->cmsg_len = CMSG_LEN(sizeof(*reports));
	memcpy(CMSG_DATA(c), &reports[nreports], sizeof(*reports));
	m->msg_controllen = CMSG_SPACE(sizeof(*reports));
	return 0;
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
		CU_ASSERT_FALSE(send_queue_add(q, i, &frame, i));
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
add_report(uint8_t origin, int error)
{
	reports[nreports++] = (struct sock_extended_err) { .ee_origin = origin,
		.ee_errno = (uint32_t)error };
}

/* Losses count apart; a closed port is none, nor is what a send was refused
 * for. */
static void
test_reports(void)
{
	static const int steps[] = { -EHOSTUNREACH, 3, -ECONNREFUSED, 0 };
	struct send_result res;

	report_level = IPPROTO_IP;
	report_type = IP_RECVERR;
	add_report(SO_EE_ORIGIN_LOCAL, EMSGSIZE);
	add_report(SO_EE_ORIGIN_ICMP, ENOPROTOOPT);
	add_report(SO_EE_ORIGIN_ICMP, ECONNREFUSED);
	add_report(SO_EE_ORIGIN_ICMP, ENETUNREACH);
	add_report(SO_EE_ORIGIN_ICMP, EHOSTUNREACH);
	res = run(steps, 10, false);
	CU_ASSERT_EQUAL(nreports, 0);
	CU_ASSERT_EQUAL(res.packets, 10);
	CU_ASSERT_EQUAL(res.error, 0);
	CU_ASSERT_EQUAL(res.undelivered, 2);
	CU_ASSERT_EQUAL(res.undelivered_error, ENETUNREACH);
}

static void
test_listen(void)
{
	struct send_result res = { 0 };
	struct send_queue *q;
	struct encap e;

	encap_init(&e, CONF_VXLAN, 1, false);
	q = connected_queue(&e);
	report_level = IPPROTO_IPV6;
	report_type = IPV6_RECVERR;
	add_report(SO_EE_ORIGIN_ICMP6, EHOSTUNREACH);
	send_queue_listen(q, &res);
	CU_ASSERT_EQUAL(res.undelivered, 1);
	send_queue_listen(q, &res);
	CU_ASSERT_EQUAL(res.undelivered, 1);
	/* What is no report is left alone. */
	report_type = IPV6_PKTINFO;
	add_report(SO_EE_ORIGIN_ICMP6, EHOSTUNREACH);
	send_queue_listen(q, &res);
	CU_ASSERT_EQUAL(res.undelivered, 1);
	send_queue_free(q);
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
	send_queue_add(q, 0, &frame, 1);
	calls = 0;
	script = NULL;
	send_queue_flush(q, false, &res);
	CU_ASSERT_EQUAL(calls, 0);
	CU_ASSERT_EQUAL(res.failed, 1);
	CU_ASSERT_EQUAL(res.error, ENETUNREACH);
	connect_result = 0;
	CU_ASSERT_EQUAL(send_queue_connect(q, &ss, sizeof(ss), NULL), 0);
	send_queue_add(q, 0, &frame, 7);
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
	while (!send_queue_add(q, 0, &frame, 0))
		n++;
	send_queue_flush(q, false, &res);
	CU_ASSERT_EQUAL(res.packets, n);
	CU_ASSERT_FALSE(send_queue_add(q, 0, &frame, 0));
	send_queue_free(q);
}

/* ---- joined copies ----------------------------------------------------- */

static struct send_queue *gso_queue;
static struct send_result gso_result;
static struct encap vxlan;

static void
gso_begin(uint32_t len)
{
	encap_init(&vxlan, CONF_VXLAN, 1, false);
	gso_queue = connected_queue(&vxlan);
	CU_ASSERT_TRUE(send_queue_can_join(gso_queue));
	send_queue_join(gso_queue, len);
	memset(&gso_result, 0, sizeof(gso_result));
	calls = taken = messages = joined = 0;
	order[0] = '\0';
	script = NULL;
}

/* A frame of the flow with that number of bytes; its first byte is name. */
static void
gso_add(const char *name, uint64_t flow, uint32_t len)
{
	struct segment f = { .head_len = 0,
		.body = (const uint8_t *)name,
		.body_len = len };

	send_queue_add(gso_queue, flow, &f, 0);
}

static void
gso_end(const int *steps)
{
	script = steps;
	send_queue_flush(gso_queue, false, &gso_result);
	CU_ASSERT_EQUAL(gso_result.packets, taken);
}

static void
add_ten(void)
{
	for (unsigned i = 0; i < 10; i++)
		gso_add(&"abcdefghij"[i], i, 60);
}

static void
test_joined(void)
{
	gso_begin(1422);
	add_ten();
	gso_add("k", 3, 50);
	gso_end(NULL);
	CU_ASSERT_EQUAL(messages, 1);
	CU_ASSERT_EQUAL(gso_result.packets, 11);
	CU_ASSERT_EQUAL(gso_result.bytes, 10 * 68 + 58);
	CU_ASSERT_STRING_EQUAL(order, "abcdefghijk");
	send_queue_free(gso_queue);
}

/* Too long to be joined: the kernel fragments them. */
static void
test_not_joined(void)
{
	gso_begin(67);
	add_ten();
	gso_end(NULL);
	CU_ASSERT_EQUAL(messages, 10);
	CU_ASSERT_EQUAL(joined, 0);
	send_queue_free(gso_queue);
}

static void
refused(int error)
{
	const int steps[] = { 2, -error, -error, -error, -error, 0 };

	gso_begin(1422);
	gso_add("x", 1, 200);
	gso_add("y", 1, 300);
	add_ten();
	gso_end(steps);
	CU_ASSERT_EQUAL(gso_result.packets, 12);
	CU_ASSERT_EQUAL(gso_result.failed, 0);
	CU_ASSERT_EQUAL(gso_result.error, 0);
	CU_ASSERT_EQUAL(joined, 0);
	CU_ASSERT_STRING_EQUAL(order, "xyabcdefghij");
}

static void
test_cannot_cut(void)
{
	static const int errors[] = { EIO, EINVAL };

	for (int i = 0; i < 2; i++) {
		refused(errors[i]);
		CU_ASSERT_EQUAL(gso_result.join_error, errors[i]);
		/* Not again. */
		add_ten();
		gso_end(NULL);
		CU_ASSERT_EQUAL(joined, 0);
		CU_ASSERT_EQUAL(taken, 22);
		send_queue_free(gso_queue);
	}
}

/* Too long for the path: that run alone goes one by one. */
static void
test_mtu_changed(void)
{
	refused(EMSGSIZE);
	CU_ASSERT_EQUAL(gso_result.join_error, 0);
	CU_ASSERT_TRUE(gso_result.mtu_changed);
	CU_ASSERT_EQUAL(gso_result.oversize, 0);
	add_ten();
	gso_end(NULL);
	CU_ASSERT_EQUAL(joined, 1);
	send_queue_free(gso_queue);
}

static void
test_joined_and_full(void)
{
	static const int steps[] = { 1, -ENOBUFS, 0 };

	gso_begin(1422);
	gso_add("x", 1, 100);
	gso_add("y", 1, 200);
	add_ten();
	gso_end(steps);
	CU_ASSERT_EQUAL(gso_result.packets, 1);
	CU_ASSERT_EQUAL(gso_result.failed, 11);
	send_queue_free(gso_queue);
}

static const struct unit_test tests[] = {
	{ "all taken", test_all_taken },
	{ "in parts", test_in_parts },
	{ "refused", test_refused },
	{ "reports", test_reports },
	{ "listen", test_listen },
	{ "no route", test_no_route },
	{ "firewall", test_firewall },
	{ "oversize", test_oversize },
	{ "buffer full", test_buffer_full },
	{ "unconnected", test_unconnected },
	{ "interface", test_interface },
	{ "full queue", test_full_queue },
	{ "joined", test_joined },
	{ "not joined", test_not_joined },
	{ "cannot cut", test_cannot_cut },
	{ "mtu changed", test_mtu_changed },
	{ "joined and full", test_joined_and_full },
};
UNIT_MAIN("send", tests)
