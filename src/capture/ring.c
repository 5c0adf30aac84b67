/* SPDX-License-Identifier: ISC */
/* The capture ring of one interface: TPACKET_V3 with PACKET_VNET_HDR. */
#include "config.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/virtio_net.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/err.h"
#include "capture/filter.h"
#include "capture/hops.h"
#include "capture/ring.h"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif
#ifndef VIRTIO_NET_HDR_GSO_ACCECN
#define VIRTIO_NET_HDR_GSO_ACCECN 0x10 /* after Linux 6.18 */
#endif
#define GSO_ECN_FLAGS (VIRTIO_NET_HDR_GSO_ECN | VIRTIO_NET_HDR_GSO_ACCECN)

/* A block must hold the largest frame: BIG TCP ends at 512 KiB. */
#define RING_BLOCK_SIZE (1u << 20)
#define RING_FRAME_SIZE 2048 /* TPACKET_V3 only checks that it divides */

#define ETH_ADDRESSES ((size_t)2 * ETH_ALEN)
#define VLAN_TAG      4

#define RING_FDS_LEFT 16

/* Packets in flight while a filter is swapped still see the old one. */
#define RING_SWAP_NS 1000000000u

struct ring {
	int fd;
	uint8_t *map;
	size_t map_len;
	unsigned nblocks;
	unsigned next; /* the block the kernel fills next */
	bool loopback;
	bool shares_time;
	const struct filter *filter;
	struct hops hops;
	struct hops former;	   /* of frames that are matched again */
	uint64_t recheck_until_ns; /* frames up to here: match in userspace */
	bool stopped;
	uint64_t handled; /* frames given to ring_run's handler or rejected */
	uint64_t stored;  /* frames the kernel put into the ring */
	uint64_t dropped;
};

static int
set_option(int fd, int option, const void *v, size_t len, const char *what,
    struct err *err)
{
	if (setsockopt(fd, SOL_PACKET, option, v, (socklen_t)len) == -1)
		return err_sys(err, "%s", what);
	return 0;
}

static int
set_int(int fd, int option, int v, const char *what, struct err *err)
{
	return set_option(fd, option, &v, sizeof(v), what, err);
}

void
ring_share_time(struct ring *r, bool on)
{
	int flags = on ? SOF_TIMESTAMPING_RX_SOFTWARE : 0;

	if (on != r->shares_time &&
	    setsockopt(r->fd, SOL_SOCKET, SO_TIMESTAMPING, &flags,
		sizeof(flags)) == 0)
		r->shares_time = on;
}

/* Whether it is one of the last, which looking at interfaces, reading files
 * and answering take: without them no ring could be closed again. */
static bool
is_reserved(int fd)
{
	struct rlimit l;

	return getrlimit(RLIMIT_NOFILE, &l) == 0 &&
	    (rlim_t)fd + RING_FDS_LEFT >= l.rlim_cur;
}

static int
ring_socket(struct ring *r, struct err *err)
{
	r->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (r->fd == -1)
		return err_sys(err, "packet socket");
	if (is_reserved(r->fd)) {
		errno = EMFILE;
		return err_sys(err, "packet socket");
	}
	ring_share_time(r, true);
	if (set_int(r->fd, PACKET_VERSION, TPACKET_V3, "TPACKET_V3", err) == -1)
		return -1;
	return set_int(r->fd, PACKET_VNET_HDR, 1, "PACKET_VNET_HDR", err);
}

static int
ring_map(struct ring *r, const struct ring_options *o, struct err *err)
{
	struct tpacket_req3 req = { 0 };
	void *map;

	r->nblocks = (unsigned)(o->size / RING_BLOCK_SIZE);
	req.tp_block_size = RING_BLOCK_SIZE;
	req.tp_block_nr = r->nblocks;
	req.tp_frame_size = RING_FRAME_SIZE;
	req.tp_frame_nr = r->nblocks * (RING_BLOCK_SIZE / RING_FRAME_SIZE);
	req.tp_retire_blk_tov = o->latency_ms;
	if (set_option(r->fd, PACKET_RX_RING, &req, sizeof(req), "ring", err) ==
	    -1)
		return -1;
	r->map_len = (size_t)r->nblocks * RING_BLOCK_SIZE;
	map = mmap(NULL, r->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
	    0);
	if (map == MAP_FAILED)
		return err_sys(err, "ring: map");
	r->map = map;
	return 0;
}

static int
ring_bind(struct ring *r, const struct ring_options *o, struct err *err)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)o->ifindex };
	struct packet_mreq mreq = { .mr_ifindex = (int)o->ifindex,
		.mr_type = PACKET_MR_PROMISC };

	if (o->promiscuous &&
	    set_option(r->fd, PACKET_ADD_MEMBERSHIP, &mreq, sizeof(mreq),
		"promiscuous", err) == -1)
		return -1;
	if (bind(r->fd, (struct sockaddr *)&ll, sizeof(ll)) == -1)
		return err_sys(err, "bind");
	return 0;
}

int
ring_open(struct ring **out, const struct ring_options *o,
    const struct filter *f, struct err *err)
{
	struct ring *r = calloc(1, sizeof(*r));
	struct err why;

	if (r == NULL)
		return err_sys(err, "%s", o->name);
	r->fd = -1;
	r->filter = f;
	r->hops = *o->hops;
	r->loopback = o->loopback;
	if (ring_socket(r, &why) == -1 ||
	    filter_attach(f, &r->hops, r->fd, o->loopback, &why) == -1 ||
	    ring_map(r, o, &why) == -1 || ring_bind(r, o, &why) == -1)
		goto fail;
	*out = r;
	return 0;
fail:
	ring_close(r);
	return err_set(err, "%s: %s", o->name, why.text);
}

void
ring_close(struct ring *r)
{
	if (r == NULL)
		return;
	if (r->map != NULL)
		munmap(r->map, r->map_len);
	if (r->fd != -1)
		close(r->fd);
	free(r);
}

int
ring_fd(const struct ring *r)
{
	return r->fd;
}

bool
ring_is_bound(const struct ring *r)
{
	struct sockaddr_ll ll = { 0 };
	socklen_t len = sizeof(ll);

	/* The kernel writes -1 there when the interface goes. */
	return getsockname(r->fd, (struct sockaddr *)&ll, &len) == 0 &&
	    ll.sll_ifindex > 0;
}

/* Block i, if it is ours. */
static struct tpacket_block_desc *
block_at(const struct ring *r, unsigned i)
{
	uint8_t *at = r->map + (size_t)i * RING_BLOCK_SIZE;
	struct tpacket_block_desc *b = (struct tpacket_block_desc *)(void *)at;
	uint32_t status = __atomic_load_n(&b->hdr.bh1.block_status,
	    __ATOMIC_ACQUIRE);

	return status & TP_STATUS_USER ? b : NULL;
}

static void
block_give(struct ring *r, struct tpacket_block_desc *b)
{
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL,
	    __ATOMIC_RELEASE);
	if (++r->next == r->nblocks)
		r->next = 0;
}

/* Puts the tag that the kernel (or the NIC) took out back in front of the
 * EtherType: the addresses move into the 10 bytes of virtio_net_hdr. */
static uint8_t *
insert_vlan_tag(uint8_t *frame, const struct tpacket3_hdr *h)
{
	uint16_t tpid = h->tp_status & TP_STATUS_VLAN_TPID_VALID ?
	    h->hv1.tp_vlan_tpid :
	    ETH_P_8021Q;

	memmove(frame - VLAN_TAG, frame, ETH_ADDRESSES);
	frame -= VLAN_TAG;
	bytes_put16(frame + ETH_ADDRESSES, tpid);
	bytes_put16(frame + ETH_ADDRESSES + 2, (uint16_t)h->hv1.tp_vlan_tci);
	return frame;
}

/* What the kernel says of offloads lies right in front of the frame, 10
 * bytes even where the ring keeps 12 free. csum_start counts from the frame
 * as it is there, without its VLAN tag. */
static void
read_offloads(struct packet *p, const uint8_t *frame)
{
	static const enum packet_gso kinds[] = {
		[VIRTIO_NET_HDR_GSO_TCPV4] = PACKET_GSO_TCP,
		[VIRTIO_NET_HDR_GSO_TCPV6] = PACKET_GSO_TCP,
		[VIRTIO_NET_HDR_GSO_UDP_L4] = PACKET_GSO_UDP,
	};
	struct virtio_net_hdr vh;
	uint8_t type;

	memcpy(&vh, frame - sizeof(vh), sizeof(vh));
	p->csum_partial = vh.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->csum_start = vh.csum_start;
	p->csum_offset = vh.csum_offset;
	p->gso_ecn = (vh.gso_type & GSO_ECN_FLAGS) == VIRTIO_NET_HDR_GSO_ECN;
	type = vh.gso_type & (uint8_t)~GSO_ECN_FLAGS;
	if (type == VIRTIO_NET_HDR_GSO_NONE)
		return;
	p->gso = type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] :
							   PACKET_GSO_NONE;
	if (p->gso == PACKET_GSO_NONE)
		p->gso = PACKET_GSO_OTHER;
	p->gso_size = vh.gso_size;
}

static bool
goes_there(const struct ring *r, const struct packet *p)
{
	return filter_match_hops(r->filter, &r->hops, p->data, p->caplen) ||
	    filter_match_hops(r->filter, &r->former, p->data, p->caplen);
}

/* What the kernel left to us, or whether a frame that passed the filter before
 * passes this one. */
static bool
passes(const struct ring *r, struct packet *p, uint32_t inserted)
{
	if (p->time_ns >= r->recheck_until_ns)
		return filter_finish(r->filter, p, inserted);
	return filter_match_direction(r->filter, p->direction, r->loopback) &&
	    goes_there(r, p) &&
	    filter_match(r->filter, p->data, p->caplen, p->len, &p->rule);
}

static void
frame_run(struct ring *r, struct tpacket3_hdr *h,
    const struct packet_handler *rh)
{
	const struct sockaddr_ll *ll =
	    (const struct sockaddr_ll *)(const void *)((uint8_t *)h +
		TPACKET_ALIGN(sizeof(*h)));
	uint8_t *frame = (uint8_t *)h + h->tp_mac;
	struct packet p = { .caplen = h->tp_snaplen,
		.len = h->tp_len,
		.time_ns = h->tp_sec * UINT64_C(1000000000) + h->tp_nsec,
		.direction = ll->sll_pkttype == PACKET_OUTGOING ? PACKET_OUT :
								  PACKET_IN };
	uint32_t inserted = 0;

	read_offloads(&p, frame);
	if (h->tp_status & TP_STATUS_VLAN_VALID && p.caplen >= ETH_HLEN) {
		frame = insert_vlan_tag(frame, h);
		inserted = VLAN_TAG;
	}
	p.data = frame;
	p.caplen += inserted;
	p.len += inserted;
	p.csum_start += inserted;
	if (passes(r, &p, inserted) && !filter_is_copy(r->filter, &p))
		rh->packet(rh->arg, &p);
}

unsigned
ring_run(struct ring *r, unsigned budget, const struct packet_handler *h)
{
	struct tpacket_block_desc *b;
	unsigned done = 0;

	while (done < budget && (b = block_at(r, r->next)) != NULL) {
		uint8_t *at = (uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;

		for (uint32_t n = b->hdr.bh1.num_pkts; n > 0; n--) {
			struct tpacket3_hdr *hdr =
			    (struct tpacket3_hdr *)(void *)at;

			at += hdr->tp_next_offset;
			__builtin_prefetch(at + hdr->tp_mac);
			frame_run(r, hdr, h);
		}
		r->handled += b->hdr.bh1.num_pkts;
		h->block_end(h->arg);
		block_give(r, b);
		done++;
	}
	if (done == 0) {
		int error;
		socklen_t len = sizeof(error);

		/* Link changes wake us as an error: take it off. */
		getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	}
	return done;
}

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) +
	    (uint64_t)now.tv_nsec;
}

int
ring_set_filter(struct ring *r, const struct filter *f, const struct hops *h,
    struct err *err)
{
	if (filter_attach(f, h, r->fd, r->loopback, err) == -1)
		return -1;
	r->filter = f;
	r->hops = *h;
	r->former.n = 0;
	r->stopped = false;
	r->recheck_until_ns = now_ns() + RING_SWAP_NS;
	return 0;
}

int
ring_set_hops(struct ring *r, const struct hops *h, struct err *err)
{
	if (hops_equal(&r->hops, h))
		return 0;
	if (now_ns() >= r->recheck_until_ns)
		r->former.n = 0;
	for (size_t i = 0; i < r->hops.n; i++)
		hops_add(&r->former, r->hops.mac[i]);
	r->hops = *h;
	if (r->stopped)
		return 0;
	if (filter_attach(r->filter, h, r->fd, r->loopback, err) == -1) {
		/* Whatever is attached now may let too much pass. */
		r->recheck_until_ns = UINT64_MAX;
		return -1;
	}
	r->recheck_until_ns = now_ns() + RING_SWAP_NS;
	return 0;
}

void
ring_stop(struct ring *r)
{
	struct sock_filter reject = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &reject };

	setsockopt(r->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	r->stopped = true;
}

/* Reading resets the kernel's counters. */
static void
count(struct ring *r)
{
	struct tpacket_stats_v3 st = { 0 };
	socklen_t len = sizeof(st);

	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len) == -1)
		return;
	r->stored += st.tp_packets - st.tp_drops;
	r->dropped += st.tp_drops;
}

bool
ring_is_empty(struct ring *r)
{
	count(r);
	return r->handled >= r->stored;
}

uint64_t
ring_dropped(struct ring *r)
{
	count(r);
	return r->dropped;
}

unsigned
ring_fill(const struct ring *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->nblocks; i++)
		n += block_at(r, i) != NULL;
	return n == 0 ? 0 : (n - 1) * 100 / r->nblocks;
}
