/* SPDX-License-Identifier: ISC */
/* Sends numbered UDP datagrams as QUIC servers do: many in one UDP_SEGMENT
 * send, the last of each shorter than the others. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/num.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define SEQ_LEN	     15 /* "seq=%010u\n" */
#define SEND_MAX     65000
#define SEGMENTS_MAX 64
#define GAP_NS	     2000000 /* between two sends */

struct gsosend {
	int fd;
	uint64_t first;	 /* number of the first datagram */
	uint64_t count;	 /* datagrams */
	uint64_t size;	 /* payload of all but the last of a send */
	uint64_t last;	 /* payload of the last */
	uint64_t joined; /* datagrams in a send */
	char data[SEND_MAX];
};

static void
usage(void)
{
	fputs("usage: gsosend -d address -p port -n datagrams -s size\n"
	      "               [-f first number] [-l size of the last of a "
	      "send]\n",
	    stderr);
	exit(2);
}

static void
die(const char *what)
{
	fprintf(stderr, "gsosend: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
number(uint64_t min, uint64_t max)
{
	uint64_t v;

	if (num_parse(&v, optarg, min, max) != 0)
		usage();
	return v;
}

static void
open_socket(struct gsosend *g, const struct addr *dst, uint64_t port)
{
	int size = (int)g->size;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(dst, (uint16_t)port, &ss);

	g->fd = socket(dst->family, SOCK_DGRAM, 0);
	if (g->fd == -1)
		die("socket");
	if (setsockopt(g->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size)) ==
	    -1)
		die("UDP_SEGMENT");
	if (connect(g->fd, (struct sockaddr *)&ss, len) == -1)
		die("connect");
}

/* Numbers the datagrams of one send; returns its bytes. */
static size_t
fill(struct gsosend *g, uint64_t first, uint64_t n)
{
	char seq[SEQ_LEN + 1];

	memset(g->data, 'x', sizeof(g->data));
	for (uint64_t i = 0; i < n; i++) {
		snprintf(seq, sizeof(seq), "seq=%010u\n",
		    (unsigned)(first + i));
		memcpy(g->data + i * g->size, seq, SEQ_LEN);
	}
	return (n - 1) * g->size + g->last;
}

/* An ICMP error about an earlier datagram surfaces at a later send and sends
 * nothing: once more, then. */
static void
send_joined(struct gsosend *g, size_t len)
{
	static const struct timespec gap = { .tv_nsec = GAP_NS };

	if (send(g->fd, g->data, len, 0) == -1 &&
	    (errno != ECONNREFUSED || send(g->fd, g->data, len, 0) == -1))
		die("send");
	nanosleep(&gap, NULL);
}

static void
parse(struct gsosend *g, struct addr *dst, uint64_t *port, int argc,
    char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "d:p:n:s:f:l:")) != -1) {
		if (c == 'd' && addr_parse(dst, optarg) == 0)
			continue;
		else if (c == 'p')
			*port = number(1, UINT16_MAX);
		else if (c == 'n')
			g->count = number(1, UINT32_MAX);
		else if (c == 's')
			g->size = number(SEQ_LEN, SEND_MAX);
		else if (c == 'f')
			g->first = number(0, UINT32_MAX);
		else if (c == 'l')
			g->last = number(SEQ_LEN, SEND_MAX);
		else
			usage();
	}
	if (optind != argc || dst->family == 0 || *port == 0 || g->count == 0 ||
	    g->size == 0 || g->last > g->size)
		usage();
}

/* Prints how many datagrams were of the full size, and how many were not. */
int
main(int argc, char **argv)
{
	static struct gsosend g;
	struct addr dst = { 0 };
	uint64_t port = 0, sends = 0, n;

	parse(&g, &dst, &port, argc, argv);
	if (g.last == 0)
		g.last = g.size;
	g.joined = SEND_MAX / g.size;
	if (g.joined > SEGMENTS_MAX)
		g.joined = SEGMENTS_MAX;
	open_socket(&g, &dst, port);
	for (uint64_t done = 0; done < g.count; done += n, sends++) {
		n = g.count - done < g.joined ? g.count - done : g.joined;
		send_joined(&g, fill(&g, g.first + done, n));
	}
	if (g.last == g.size)
		sends = 0;
	printf("%" PRIu64 " %" PRIu64 "\n", g.count - sends, sends);
	return 0;
}
