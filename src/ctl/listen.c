/* SPDX-License-Identifier: ISC */
/* trafmirrorctl listen: sees probes of trafmirrorctl verify arrive, and answers
 * them. A packet socket gets copies whatever else is bound to their port, as a
 * vxlan device, and before a firewall; and GRE, which has no port. */
#include "config.h"

#include <sys/socket.h>
#include <net/if.h>
#include <netinet/in.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "capture/tap.h"
#include "conf/schema.h"
#include "ctl/listen.h"
#include "packet/beacon.h"

#define SEEN_MAX   64  /* probes that are known again on another interface */
#define ANSWER_MAX 100 /* a second: who makes a source up gets no more */
#define UDP_SUM_AT 6

struct listener {
	int fd;
	bool json;
	struct beacon_copy seen[SEEN_MAX];
	size_t nseen;
	time_t second;
	unsigned answers; /* in this second */
};

static bool
same(const struct beacon_copy *a, const struct beacon_copy *b)
{
	return memcmp(a->probe.nonce, b->probe.nonce, BEACON_NONCE) == 0 &&
	    a->probe.number == b->probe.number && a->dst_port == b->dst_port &&
	    a->encap == b->encap && addr_equal(&a->dst, &b->dst);
}

/* Whether it has been seen before; it has, the next time. */
static bool
known(struct listener *l, const struct beacon_copy *c)
{
	for (size_t i = 0; i < SEEN_MAX && i < l->nseen; i++)
		if (same(&l->seen[i], c))
			return true;
	l->seen[l->nseen++ % SEEN_MAX] = *c;
	return false;
}

/* ---- answering ---------------------------------------------------------- */

static int
answer_socket(const struct beacon_copy *c)
{
	bool udp = conf_encap_has_ports(c->encap);
	int fd = socket(c->dst.family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    udp ? IPPROTO_UDP : IPPROTO_GRE);
	struct sockaddr_storage ss;
	int sum_at = UDP_SUM_AT;
	socklen_t len;

	if (fd == -1)
		return -1;
	/* Over IPv6 it is required; the kernel knows the addresses. */
	if (udp && c->dst.family == AF_INET6)
		(void)!setsockopt(fd, IPPROTO_IPV6, IPV6_CHECKSUM, &sum_at,
		    sizeof(sum_at));
	/* Where copies for others come by, too, it is not an address of
	 * ours. */
	len = addr_to_sockaddr(&c->dst, 0, &ss);
	(void)!bind(fd, (struct sockaddr *)&ss, len);
	return fd;
}

static int
answer(struct listener *l, const struct beacon_copy *c)
{
	uint8_t text[BEACON_ANSWER_MAX];
	size_t n = beacon_build_answer(text, c);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&c->src, 0, &ss);
	time_t now = time(NULL);
	int fd, rc;

	if (now != l->second)
		l->answers = 0;
	l->second = now;
	errno = EBUSY;
	if (++l->answers > ANSWER_MAX || (fd = answer_socket(c)) == -1)
		return -1;
	rc = sendto(fd, text, n, 0, (struct sockaddr *)&ss, len) == -1 ? -1 : 0;
	close(fd);
	return rc;
}

/* ---- printing ----------------------------------------------------------- */

static void
print_json(const struct beacon_copy *c, const char *interface, const char *flow,
    bool answered)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:b}",
	    "interface", interface, "source", addr_format(&c->src, src),
	    "destination", addr_format(&c->dst, dst), "encap",
	    schema_encap_name(c->encap), "port", (int)c->dst_port, "session_id",
	    (json_int_t)c->session, "flow", flow, "answered", (int)answered);

	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(j);
}

static void
print(const struct beacon_copy *c, const char *interface, const char *flow,
    const char *why)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], stamp[16];
	time_t now = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%H:%M:%S", localtime_r(&now, &tm));
	printf("%s %s: %s > %s, %s %u: %s: %s%s\n", stamp, interface,
	    addr_format(&c->src, src), addr_format(&c->dst, dst),
	    schema_encap_name(c->encap), c->session, flow,
	    why == NULL ? "answered" : "not answered: ",
	    why == NULL ? "" : why);
}

/* Returns whether it is a probe that has not been seen before. */
static bool
take(struct listener *l, const uint8_t *frame, size_t len, unsigned ifindex)
{
	char flow[BEACON_FLOW_TEXT_MAX], name[IFNAMSIZ];
	const char *why = NULL;
	struct beacon_copy c;

	if (!beacon_read_copy(&c, frame, len) || known(l, &c))
		return false;
	if (answer(l, &c) == -1)
		why = strerror(errno);
	if (if_indextoname(ifindex, name) == NULL)
		strcpy(name, "?");
	beacon_flow_format(&c.flow, flow);
	if (l->json)
		print_json(&c, name, flow, why == NULL);
	else
		print(&c, name, flow, why);
	fflush(stdout);
	return true;
}

static int
run(struct listener *l, uint64_t count)
{
	struct pollfd pfd = { .fd = l->fd, .events = POLLIN };
	uint64_t taken = 0;

	while (count == 0 || taken < count) {
		uint8_t frame[TAP_FRAME_MAX];
		struct tap_origin from;
		long n;

		if (poll(&pfd, 1, -1) == -1 && errno != EINTR)
			return -1;
		n = tap_read(l->fd, frame, &from);
		/* An interface that goes down is told here. */
		if (n == -1 && errno != ENETDOWN)
			return -1;
		if (n > 0)
			taken += take(l, frame, (size_t)n, from.ifindex);
	}
	return 0;
}

int
listen_run(uint64_t count, bool json)
{
	const struct tap_want want = { .word = BEACON_WORD,
		.first = BEACON_COPY_FIRST,
		.last = BEACON_COPY_LAST };
	struct listener l = { .json = json };
	struct err err;
	int rc;

	if ((l.fd = tap_open(&want, 1, &err)) == -1) {
		fprintf(stderr, "trafmirrorctl: listen: %s%s\n", err.text,
		    errno == EPERM ? " (be root)" : "");
		return -1;
	}
	fputs("listening for probes on all interfaces\n", stderr);
	if ((rc = run(&l, count)) == -1)
		perror("trafmirrorctl: listen");
	close(l.fd);
	return rc;
}
