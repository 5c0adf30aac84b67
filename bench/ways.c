/* SPDX-License-Identifier: ISC */
/* Sends GRE copies in each way that Linux has, and says what a copy costs:
 * which way suits an encapsulation that UDP_SEGMENT is not for. */
#include "config.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "packet/checksum.h"

#define BATCH		    64
#define COPIES		    200000
#define GRE_LEN		    8
#define FRAME_MAX	    1514
#define OUTER_LEN	    (ETHER_HDR_LEN + sizeof(struct iphdr))
#define PACKET_QDISC_BYPASS 20
#define SOL_PACKET_LEVEL    263

struct ways {
	const char *interface;
	struct ether_addr mac;
	struct in_addr source, target;
	size_t frame_len;
	/* Ethernet, IP, GRE and the copied frame: a raw socket sends what is
	 * behind IP. */
	uint8_t copy[OUTER_LEN + GRE_LEN + FRAME_MAX];
};

static void
die(const char *what)
{
	fprintf(stderr, "ways: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
fill(struct ways *w)
{
	struct iphdr ip = { .version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_GRE,
		.saddr = w->source.s_addr,
		.daddr = w->target.s_addr };

	ip.tot_len = htons((uint16_t)(sizeof(ip) + GRE_LEN + w->frame_len));
	ip.check = checksum_finish(
	    checksum_add(0, (const uint8_t *)&ip, sizeof(ip)));
	memcpy(w->copy, &w->mac, ETHER_ADDR_LEN);
	bytes_put16(w->copy + 12, ETHERTYPE_IP);
	memcpy(w->copy + ETHER_HDR_LEN, &ip, sizeof(ip));
	bytes_put32(w->copy + OUTER_LEN, 0x20006558);
}

static int
raw_socket(const struct ways *w, int own_header)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr = w->target };
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_GRE);

	if (fd == -1 ||
	    setsockopt(fd, IPPROTO_IP, IP_HDRINCL, &own_header,
		sizeof(own_header)) == -1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		die("raw socket");
	return fd;
}

static int
packet_socket(const struct ways *w, int bypass)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(w->interface) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd == -1 ||
	    setsockopt(fd, SOL_PACKET_LEVEL, PACKET_QDISC_BYPASS, &bypass,
		sizeof(bypass)) == -1 ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)) == -1)
		die("packet socket");
	return fd;
}

static uint64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Header and frame in two pieces, as the daemon has them. */
static void
measure(const char *name, int fd, uint8_t *header, size_t header_len,
    size_t frame_len, unsigned batch)
{
	struct iovec iov[2] = { { header, header_len },
		{ header + header_len, frame_len } };
	struct mmsghdr msgs[BATCH] = { 0 };
	uint64_t start = cpu_ns(), done = 0;

	for (unsigned i = 0; i < batch; i++) {
		msgs[i].msg_hdr.msg_iov = iov;
		msgs[i].msg_hdr.msg_iovlen = 2;
	}
	while (done < COPIES) {
		int n = sendmmsg(fd, msgs, batch, 0);

		if (n == -1 && errno != ENOBUFS && errno != EAGAIN)
			die(name);
		done += n > 0 ? (uint64_t)n : 0;
	}
	printf("%s\t%" PRIu64 "\n", name, (cpu_ns() - start) / done);
	close(fd);
}

int
main(int argc, char **argv)
{
	static struct ways w;
	uint8_t *gre = w.copy + OUTER_LEN;
	const struct ether_addr *mac;

	if (argc != 6 || (mac = ether_aton(argv[2])) == NULL ||
	    inet_pton(AF_INET, argv[3], &w.source) != 1 ||
	    inet_pton(AF_INET, argv[4], &w.target) != 1 ||
	    (w.frame_len = strtoul(argv[5], NULL, 10)) > FRAME_MAX) {
		fputs("usage: ways interface MAC source target bytes\n"
		      "It prints nanoseconds per copy.\n",
		    stderr);
		return 2;
	}
	w.interface = argv[1];
	w.mac = *mac;
	fill(&w);
	measure("raw socket, one by one", raw_socket(&w, 0), gre, GRE_LEN,
	    w.frame_len, 1);
	measure("raw socket (as trafmirrord)", raw_socket(&w, 0), gre, GRE_LEN,
	    w.frame_len, BATCH);
	measure("raw socket, own IP header", raw_socket(&w, 1),
	    w.copy + ETHER_HDR_LEN, sizeof(struct iphdr) + GRE_LEN, w.frame_len,
	    BATCH);
	measure("packet socket", packet_socket(&w, 0), w.copy,
	    OUTER_LEN + GRE_LEN, w.frame_len, BATCH);
	measure("packet socket without qdisc", packet_socket(&w, 1), w.copy,
	    OUTER_LEN + GRE_LEN, w.frame_len, BATCH);
	return 0;
}
