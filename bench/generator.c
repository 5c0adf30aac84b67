/* SPDX-License-Identifier: ISC */
/* Sends UDP frames of 256 flows out of one interface, paced or as fast as it
 * can, and says what that cost. */
#include "config.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "packet/checksum.h"

#define FLOWS	     256
#define SIZES_MAX    3
#define PATTERN_MAX  12
#define FRAME_MAX    1514
#define BATCH	     64
#define BEHIND_NS    10000000 /* what is later than this is not made up for */
#define NS	     1000000000
#define RATE_MAX     100000000
#define MS_MAX	     60000
#define GRACE_S	     10
#define PORT_FIRST   20000
#define PORT_SERVICE 443

/* Which of the sizes each frame has, in turn. */
struct mix {
	const char *name;
	size_t sizes[SIZES_MAX];
	size_t nsizes;
	uint8_t pattern[PATTERN_MAX];
	size_t npattern;
};

static const struct mix mixes[] = {
	{ "60", { 60 }, 1, { 0 }, 1 },
	{ "imix", { 60, 590, 1514 }, 3, { 0, 1, 0, 1, 0, 2, 0, 1, 0, 1, 0, 0 },
	    12 },
	{ "1514", { 1514 }, 1, { 0 }, 1 },
};

struct generator {
	const struct mix *mix;
	struct sockaddr_ll to;
	struct ether_addr mac;
	uint64_t rate; /* frames per second, 0 = as fast as possible */
	uint64_t ms;
	uint64_t sent;
	int fd;
	uint8_t frames[FLOWS][SIZES_MAX][FRAME_MAX];
};

static void
usage(void)
{
	fputs("usage: generator -i interface -m MAC -t milliseconds\n"
	      "                 [-r frames per second] [-s 60|imix|1514]\n"
	      "It prints the number of frames, and the nanoseconds that it\n"
	      "took and that it was on a CPU.\n",
	    stderr);
	exit(2);
}

static void
die(const char *what)
{
	fprintf(stderr, "generator: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
nanoseconds(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) == -1)
		die("clock");
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static uint64_t
number(const char *text, uint64_t max)
{
	uint64_t v;

	if (num_parse(&v, text, 1, max) != 0)
		usage();
	return v;
}

static const struct mix *
mix_get(const char *name)
{
	for (size_t i = 0; i < sizeof(mixes) / sizeof(mixes[0]); i++)
		if (strcmp(mixes[i].name, name) == 0)
			return &mixes[i];
	usage();
	return NULL;
}

static void
parse_option(struct generator *g, int c)
{
	switch (c) {
	case 'i':
		g->to.sll_ifindex = (int)if_nametoindex(optarg);
		if (g->to.sll_ifindex == 0)
			die(optarg);
		break;
	case 'm':
		if (ether_aton_r(optarg, &g->mac) == NULL)
			usage();
		break;
	case 't':
		g->ms = number(optarg, MS_MAX);
		break;
	case 'r':
		g->rate = number(optarg, RATE_MAX);
		break;
	case 's':
		g->mix = mix_get(optarg);
		break;
	default:
		usage();
	}
}

/* All clients are in 10.0.0.0/24, and there are FLOWS of them. */
static void
frame_build(struct generator *g, unsigned flow, uint8_t *frame, size_t len)
{
	struct ether_header eth = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = { .version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP };
	struct udphdr udp = { .uh_dport = htons(PORT_SERVICE) };
	size_t ip_len = len - sizeof(eth);

	memcpy(eth.ether_dhost, &g->mac, sizeof(eth.ether_dhost));
	eth.ether_shost[0] = 0x02;
	ip.tot_len = htons((uint16_t)ip_len);
	ip.saddr = htonl(0x0a000000 | flow);
	ip.daddr = htonl(0x0a010001);
	ip.check = checksum_finish(
	    checksum_add(0, (const uint8_t *)&ip, sizeof(ip)));
	udp.uh_sport = htons((uint16_t)(PORT_FIRST + flow));
	udp.uh_ulen = htons((uint16_t)(ip_len - sizeof(ip)));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
}

static void
generator_open(struct generator *g)
{
	for (unsigned flow = 0; flow < FLOWS; flow++)
		for (size_t i = 0; i < g->mix->nsizes; i++)
			frame_build(g, flow, g->frames[flow][i],
			    g->mix->sizes[i]);
	g->to.sll_family = AF_PACKET;
	if ((g->fd = socket(AF_PACKET, SOCK_RAW, 0)) == -1 ||
	    bind(g->fd, (struct sockaddr *)&g->to, sizeof(g->to)) == -1)
		die("packet socket");
}

static void
send_batch(struct generator *g, unsigned n)
{
	struct mmsghdr msgs[BATCH] = { 0 };
	struct iovec iov[BATCH];
	unsigned which;
	int done;

	for (unsigned i = 0; i < n; i++) {
		which = g->mix->pattern[(g->sent + i) % g->mix->npattern];
		iov[i].iov_base = g->frames[(g->sent + i) % FLOWS][which];
		iov[i].iov_len = g->mix->sizes[which];
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	for (unsigned at = 0; at < n; at += (unsigned)done) {
		done = sendmmsg(g->fd, msgs + at, n - at, 0);
		if (done == -1 && errno != ENOBUFS)
			die("send");
		if (done == -1)
			done = 0;
	}
	g->sent += n;
}

static void
generator_run(struct generator *g, uint64_t start)
{
	uint64_t end = start + g->ms * (NS / 1000), from = start, base = 0;
	uint64_t now, due;

	while ((now = nanoseconds(CLOCK_MONOTONIC)) < end) {
		if (g->rate == 0) {
			send_batch(g, BATCH);
			continue;
		}
		due = base + (now - from) * g->rate / NS;
		if (due > g->sent + BATCH + g->rate * BEHIND_NS / NS) {
			from = now;
			base = g->sent;
		} else if (due > g->sent) {
			send_batch(g,
			    due - g->sent < BATCH ? (unsigned)(due - g->sent) :
						    BATCH);
		}
	}
}

int
main(int argc, char **argv)
{
	static struct generator g;
	uint64_t start, cpu;
	int c;

	g.mix = &mixes[0];
	while ((c = getopt(argc, argv, "i:m:r:s:t:")) != -1)
		parse_option(&g, c);
	if (optind != argc || g.to.sll_ifindex == 0 || g.ms == 0)
		usage();
	alarm((unsigned)(g.ms / 1000) + GRACE_S);
	generator_open(&g);
	start = nanoseconds(CLOCK_MONOTONIC);
	cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
	generator_run(&g, start);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", g.sent,
	    nanoseconds(CLOCK_MONOTONIC) - start,
	    nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	return 0;
}
