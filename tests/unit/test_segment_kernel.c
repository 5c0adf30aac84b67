/* SPDX-License-Identifier: ISC */
/* Random superframes, cut by the module and, on the way out of a tap device
 * without offloads, by the kernel: the same frames, byte for byte. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/segment.h"
#include "unit.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

#define FRAME_MAX 66000

static int tap, sock;

/* A superframe behind its virtio header, as PACKET_VNET_HDR takes it. */
struct super {
	struct virtio_net_hdr vh;
	uint8_t b[FRAME_MAX];
	uint32_t len;
};

static unsigned
pick(unsigned n)
{
	return (unsigned)(unit_random() % n);
}

static int
open_tap(struct ifreq *ifr)
{
	tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tap == -1)
		return -1;
	memset(ifr, 0, sizeof(*ifr));
	ifr->ifr_flags = IFF_TAP | IFF_NO_PI;
	return ioctl(tap, TUNSETIFF, ifr);
}

/* A device of our own, up, in a namespace of our own. */
static int
open_kernel(void)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET };
	struct ifreq ifr;
	int one = 1;

	if (unshare(geteuid() == 0 ? CLONE_NEWNET :
				     CLONE_NEWUSER | CLONE_NEWNET) == -1 ||
	    open_tap(&ifr) == -1)
		return -1;
	sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (sock == -1 || ioctl(sock, SIOCGIFFLAGS, &ifr) == -1)
		return -1;
	ifr.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &ifr) == -1)
		return -1;
	sll.sll_ifindex = (int)if_nametoindex(ifr.ifr_name);
	if (bind(sock, (struct sockaddr *)&sll, sizeof(sll)) == -1)
		return -1;
	return setsockopt(sock, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one));
}

/* Returns the protocol's place. */
static uint32_t
put_ip(struct super *f, bool v4, uint8_t proto, uint32_t l4_len)
{
	uint8_t *ip = f->b + 14;
	uint32_t hlen = v4 ? 20 + pick(4) * 4 : 40;

	bytes_put16(ip - 2, v4 ? ETH_P_IP : ETH_P_IPV6);
	ip[0] = (uint8_t)(v4 ? 0x40 | hlen / 4 : 0x60);
	if (v4) {
		bytes_put16(ip + 2, (uint16_t)(hlen + l4_len));
		bytes_put16(ip + 6, 0x4000);
		ip[9] = proto;
		memset(ip + 20, 1, hlen - 20);
		return 14 + hlen;
	}
	bytes_put16(ip + 4, (uint16_t)l4_len);
	ip[6] = proto;
	if (pick(2) == 0)
		return 14 + hlen;
	bytes_put16(ip + 4, (uint16_t)(l4_len + 8));
	ip[6] = pick(2) == 0 ? IPPROTO_DSTOPTS : IPPROTO_ROUTING;
	ip[40] = proto;
	ip[41] = 0;
	bytes_put16(ip + 42, 0x0104);
	return 14 + hlen + 8;
}

static void
put_field(struct super *f, bool v4, uint8_t proto, uint32_t l4)
{
	uint64_t sum = checksum_word(proto);
	uint16_t field;

	sum += checksum_word((uint16_t)(f->len - l4));
	sum = checksum_add(sum, f->b + (v4 ? 26 : 22), v4 ? 8 : 32);
	field = (uint16_t)~checksum_finish(sum);
	memcpy(f->b + l4 + f->vh.csum_offset, &field, sizeof(field));
}

/* UDP_L4 takes no more than 64 segments on older kernels; and no kernel
 * takes a superframe of one. */
static void
build(struct super *f)
{
	static const uint8_t to[6] = { 2, 0xaa, 0xbb, 0xcc, 0xdd, 1 };
	bool v4 = pick(2) == 0, tcp = pick(2) == 0;
	uint8_t proto = tcp ? IPPROTO_TCP : IPPROTO_UDP;
	uint32_t thlen = tcp ? 20 + pick(11) * 4 : 8, l4;
	uint32_t size = 1 + pick(1300), payload = size + 1 + pick(40 * size);

	if (payload > 60000)
		payload = 60000;
	for (uint32_t i = 0; i < FRAME_MAX; i++)
		f->b[i] = (uint8_t)unit_random();
	memcpy(f->b, to, sizeof(to));
	f->b[6] = 2;
	l4 = put_ip(f, v4, proto, thlen + payload);
	f->len = l4 + thlen + payload;
	memset(&f->vh, 0, sizeof(f->vh));
	f->vh.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	f->vh.gso_type = !tcp ? VIRTIO_NET_HDR_GSO_UDP_L4 :
	    v4		      ? VIRTIO_NET_HDR_GSO_TCPV4 :
				VIRTIO_NET_HDR_GSO_TCPV6;
	f->vh.gso_size = (uint16_t)size;
	f->vh.csum_start = (uint16_t)l4;
	f->vh.csum_offset = tcp ? 16 : 6;
	f->vh.hdr_len = (uint16_t)(l4 + thlen);
	if (tcp) {
		f->b[l4 + 12] = (uint8_t)(thlen << 2 | (f->b[l4 + 12] & 15));
		if (f->b[l4 + 13] & 0x80)
			f->vh.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	} else {
		bytes_put16(f->b + l4 + 4, (uint16_t)(8 + payload));
	}
	/* Any other sum is cut with, too. */
	if (pick(4) != 0)
		put_field(f, v4, proto, l4);
}

static bool
kernel_send(struct super *f)
{
	struct iovec iov[2] = { { &f->vh, sizeof(f->vh) }, { f->b, f->len } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	return sendmsg(sock, &m, 0) == (ssize_t)(sizeof(f->vh) + f->len);
}

/* The next frame out of the device that is not the kernel's own. */
static uint32_t
kernel_next(uint8_t *frame, const struct super *f)
{
	struct pollfd pfd = { .fd = tap, .events = POLLIN };
	ssize_t n;

	for (int i = 0; i < 100; i++) {
		while ((n = read(tap, frame, FRAME_MAX)) > 0)
			if (memcmp(frame, f->b, 12) == 0)
				return (uint32_t)n;
		if (poll(&pfd, 1, 1000) != 1)
			break;
	}
	return 0;
}

static void
compare(const struct super *f)
{
	static uint8_t kernel[FRAME_MAX];
	bool tcp = f->vh.csum_offset == 16;
	struct packet p = { .data = f->b,
		.caplen = f->len,
		.len = f->len,
		.gso = tcp ? PACKET_GSO_TCP : PACKET_GSO_UDP,
		.gso_size = f->vh.gso_size,
		.gso_ecn = f->vh.gso_type & VIRTIO_NET_HDR_GSO_ECN,
		.csum_partial = true,
		.csum_start = f->vh.csum_start,
		.csum_offset = f->vh.csum_offset };
	struct segmenter s;
	struct segment g;

	CU_ASSERT_EQUAL(segment_begin(&s, &p), SEGMENT_CUT);
	while (segment_next(&s, &g)) {
		CU_ASSERT_EQUAL_FATAL(kernel_next(kernel, f),
		    g.head_len + g.body_len);
		CU_ASSERT_EQUAL(memcmp(kernel, g.head, g.head_len), 0);
		CU_ASSERT_EQUAL(memcmp(kernel + g.head_len, g.body, g.body_len),
		    0);
	}
}

static void
test_same(void)
{
	static struct super f;

	for (int i = 0; i < 300; i++) {
		build(&f);
		CU_ASSERT_TRUE_FATAL(kernel_send(&f));
		compare(&f);
	}
}

/* A single frame whose checksum the kernel completes. */
static void
test_same_single(void)
{
	static uint8_t kernel[FRAME_MAX];
	static struct super f;
	struct segmenter s;
	struct segment g;

	for (int i = 0; i < 300; i++) {
		struct packet p = { .data = f.b, .csum_partial = true };

		do
			build(&f);
		while (f.len > 1514);
		f.vh.gso_type = VIRTIO_NET_HDR_GSO_NONE;
		f.vh.gso_size = 0;
		p.caplen = p.len = f.len;
		p.csum_start = f.vh.csum_start;
		p.csum_offset = f.vh.csum_offset;
		CU_ASSERT_TRUE_FATAL(kernel_send(&f));
		CU_ASSERT_EQUAL(segment_begin(&s, &p), SEGMENT_CHECKSUM);
		CU_ASSERT_TRUE(segment_next(&s, &g));
		CU_ASSERT_EQUAL_FATAL(kernel_next(kernel, &f), f.len);
		CU_ASSERT_EQUAL(memcmp(kernel, g.head, g.head_len), 0);
		CU_ASSERT_EQUAL(memcmp(kernel + g.head_len, g.body, g.body_len),
		    0);
	}
}

static const struct unit_test tests[] = {
	{ "superframes", test_same },
	{ "unfinished checksums", test_same_single },
};

int
main(int argc, char **argv)
{
	if (open_kernel() == -1) {
		perror("no device to compare with");
		return 77;
	}
	return unit_main(argc, argv, "segment-kernel", tests, 2);
}
