/* SPDX-License-Identifier: ISC */
/* A look at the few packets of all interfaces that hold a certain word. */
#include "config.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "capture/tap.h"

#define INSTRUCTIONS_MAX 128
#define ETH_TYPE_AT	 12
#define ETH_LEN		 14

struct code {
	struct sock_filter v[INSTRUCTIONS_MAX];
	unsigned short n;
};

static void
add(struct code *c, struct sock_filter insn)
{
	if (c->n < INSTRUCTIONS_MAX)
		c->v[c->n++] = insn;
}

static void
load_metadata(struct code *c, int ad)
{
	add(c,
	    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		(uint32_t)(SKF_AD_OFF + ad)));
}

/* Accepts if the accumulator is k; else goes on. */
static void
accept_if(struct code *c, uint32_t k)
{
	add(c,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1));
	add(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, TAP_FRAME_MAX));
}

/* A load behind the end of a packet rejects it, and so all that is looked for
 * behind that. */
static void
add_want(struct code *c, const struct tap_want *w)
{
	unsigned from;

	load_metadata(c, SKF_AD_PKTTYPE);
	from = c->n;
	add(c,
	    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
		PACKET_OUTGOING, 0, 0));
	if (w->mark != 0) {
		load_metadata(c, SKF_AD_MARK);
		add(c,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			w->mark, 1, 0));
		add(c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	}
	for (uint32_t at = w->first; at <= w->last; at += 4) {
		add(c,
		    (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at));
		accept_if(c, w->word);
	}
	if (w->outgoing)
		c->v[from].jf = (uint8_t)(c->n - from - 1);
	else
		c->v[from].jt = (uint8_t)(c->n - from - 1);
}

static int
attach(int fd, const struct tap_want *w, size_t n, struct err *err)
{
	struct sock_fprog prog;
	struct code c = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		add_want(&c, &w[i]);
	add(&c, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0));
	prog.len = c.n;
	prog.filter = c.v;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ==
	    -1)
		return err_sys(err, "packet socket: filter");
	return 0;
}

int
tap_open(const struct tap_want *w, size_t n, struct err *err)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL) };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);

	if (fd == -1)
		return err_sys(err, "packet socket");
	if (attach(fd, w, n, err) == -1) {
		close(fd);
		return -1;
	}
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)) == -1) {
		err_sys(err, "packet socket: bind");
		close(fd);
		return -1;
	}
	return fd;
}

long
tap_read(int fd, uint8_t frame[static TAP_FRAME_MAX], struct tap_origin *o)
{
	struct sockaddr_ll ll = { 0 };
	socklen_t len = sizeof(ll);
	ssize_t n = recvfrom(fd, frame + ETH_LEN, TAP_FRAME_MAX - ETH_LEN, 0,
	    (struct sockaddr *)&ll, &len);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	memset(frame, 0, ETH_LEN);
	bytes_put16(frame + ETH_TYPE_AT, ntohs(ll.sll_protocol));
	o->outgoing = ll.sll_pkttype == PACKET_OUTGOING;
	o->ifindex = (unsigned)ll.sll_ifindex;
	return n + ETH_LEN;
}

int
tap_send(int fd, unsigned ifindex, const uint8_t *frame, size_t len,
    struct err *err)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(bytes_get16(frame + ETH_TYPE_AT)),
		.sll_ifindex = (int)ifindex,
		.sll_halen = ETH_ALEN };

	memcpy(ll.sll_addr, frame, ETH_ALEN);
	if (sendto(fd, frame + ETH_LEN, len - ETH_LEN, 0,
		(struct sockaddr *)&ll, sizeof(ll)) == -1)
		return err_sys(err, "send");
	return 0;
}
