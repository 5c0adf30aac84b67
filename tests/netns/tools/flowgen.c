/* SPDX-License-Identifier: ISC */
/* Sends paced, numbered UDP datagrams over many flows. */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/num.h"

#define SOURCES_MAX 100
#define PORTS_MAX   100
#define SEQ_LEN	    15 /* "seq=%010u\n" */
#define PAYLOAD_MAX 65000

/* Flow f leaves source socket f % nsources for destination port
 * first_dst_port + f / nsources. The ports are fixed, so that two runs send
 * the same flows. */
struct flowgen {
	int family;
	struct addr dst;
	uint64_t flows;
	uint64_t packets;
	uint64_t rate; /* packets per second, 0 = as fast as possible */
	uint64_t first_dst_port;
	uint64_t first_src_port;
	uint64_t len;
	int fds[SOURCES_MAX];
	uint64_t nsources;
	char payload[PAYLOAD_MAX];
};

static void
usage(void)
{
	fputs("usage: flowgen -4|-6 -d address -f flows -n packets -r rate\n"
	      "               [-s first destination port] [-p first source "
	      "port] [-l payload]\n",
	    stderr);
	exit(2);
}

static void
die(const char *what)
{
	fprintf(stderr, "flowgen: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
number(const char *text, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (num_parse(&v, text, min, max) != 0) {
		fprintf(stderr,
		    "flowgen: %s: not a number from %" PRIu64 " to %" PRIu64
		    "\n",
		    text, min, max);
		exit(2);
	}
	return v;
}

static void
parse_option(struct flowgen *g, int c)
{
	switch (c) {
	case '4':
	case '6':
		g->family = c == '4' ? AF_INET : AF_INET6;
		break;
	case 'd':
		if (addr_parse(&g->dst, optarg) == -1)
			usage();
		break;
	case 'f':
		g->flows = number(optarg, 1, SOURCES_MAX * PORTS_MAX);
		break;
	case 'n':
		g->packets = number(optarg, 1, UINT32_MAX);
		break;
	case 'r':
		g->rate = number(optarg, 0, 1000000000);
		break;
	case 's':
		g->first_dst_port = number(optarg, 1, 65536 - PORTS_MAX);
		break;
	case 'p':
		g->first_src_port = number(optarg, 1, 65536 - SOURCES_MAX);
		break;
	case 'l':
		g->len = number(optarg, SEQ_LEN, PAYLOAD_MAX);
		break;
	default:
		usage();
	}
}

static void
open_sources(struct flowgen *g)
{
	struct addr any = { .family = g->dst.family };
	struct sockaddr_storage ss;
	socklen_t len;

	g->nsources = g->flows < SOURCES_MAX ? g->flows : SOURCES_MAX;
	for (uint64_t i = 0; i < g->nsources; i++) {
		g->fds[i] = socket(g->dst.family, SOCK_DGRAM, 0);
		if (g->fds[i] == -1)
			die("socket");
		len = addr_to_sockaddr(&any, g->first_src_port + i, &ss);
		if (bind(g->fds[i], (struct sockaddr *)&ss, len) == -1)
			die("bind");
	}
}

static void
wait_turn(const struct flowgen *g, const struct timespec *start, uint64_t n)
{
	struct timespec t = *start;

	if (g->rate == 0)
		return;
	t.tv_sec += n / g->rate;
	t.tv_nsec += n % g->rate * 1000000000 / g->rate;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		continue;
}

/* An ICMP error about an earlier datagram surfaces at a later send and sends
 * nothing: once more, then. */
static void
send_one(struct flowgen *g, uint64_t n)
{
	uint64_t flow = n % g->flows;
	int fd = g->fds[flow % g->nsources];
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&g->dst,
	    g->first_dst_port + flow / g->nsources, &ss);
	char seq[SEQ_LEN + 1];

	snprintf(seq, sizeof(seq), "seq=%010u\n", (unsigned)n);
	memcpy(g->payload, seq, SEQ_LEN);
	if (sendto(fd, g->payload, g->len, 0, (struct sockaddr *)&ss, len) ==
		-1 &&
	    sendto(fd, g->payload, g->len, 0, (struct sockaddr *)&ss, len) ==
		-1)
		die("send");
}

int
main(int argc, char **argv)
{
	static struct flowgen g = { .rate = UINT64_MAX,
		.first_dst_port = 10000,
		.first_src_port = 20000,
		.len = SEQ_LEN };
	struct timespec start;
	int c;

	while ((c = getopt(argc, argv, "46d:f:n:r:s:p:l:")) != -1)
		parse_option(&g, c);
	if (optind != argc || g.family == 0 || g.family != g.dst.family ||
	    g.flows == 0 || g.packets == 0 || g.rate == UINT64_MAX)
		usage();
	memset(g.payload, 'x', g.len);
	open_sources(&g);
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (uint64_t n = 0; n < g.packets; n++) {
		wait_turn(&g, &start, n);
		send_one(&g, n);
	}
	printf("%" PRIu64 "\n", g.packets);
	return 0;
}
