/* SPDX-License-Identifier: ISC */
/* Holds captured frames against the wire: none too long, every length and
 * checksum right, and of each TCP stream every byte once, from SYN to FIN. */
#include "config.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/num.h"
#include "pcapfile.h"

#define STREAMS_MAX 4096
#define HOLES_MAX   256
#define SHOWN_MAX   10
#define ETHER_MIN   60 /* shorter frames are padded to this */

#define TCP_FIN 0x01u
#define TCP_SYN 0x02u
#define TCP_RST 0x04u

struct hole {
	uint64_t from, to;
};

/* One direction. Sequence numbers are counted on beyond 32 bits. */
struct stream {
	uint8_t key[37]; /* version, both addresses, both ports */
	uint64_t next;
	struct hole holes[HOLES_MAX];
	unsigned nholes;
	bool syn, ended; /* its begin and its end were seen */
};

struct ip {
	unsigned version;
	uint8_t protocol;
	const uint8_t *addresses;
	size_t addresses_len;
	const uint8_t *l4;
	uint32_t l4_len;
};

enum count {
	FRAMES,
	TCP_BYTES,
	STREAMS,
	UDP,
	OTHER,	   /* neither TCP nor UDP */
	FRAGMENTS, /* of IP, not looked into */
	LATE,	   /* TCP segments behind later ones of their stream */
	DOUBLED,   /* TCP segments with bytes that were there before */
	/* what must be 0 */
	TOO_LONG,
	CUT,
	BAD_LENGTH,
	BAD_CHECKSUM,
	MISSING,    /* bytes */
	UNFINISHED, /* streams without SYN, or without FIN or RST */
	COUNTS
};

static const char *const names[COUNTS] = { "frames", "tcp_bytes", "streams",
	"udp", "other", "fragments", "late", "doubled", "too_long", "cut",
	"bad_length", "bad_checksum", "missing", "unfinished" };

struct check {
	uint64_t mtu;
	uint64_t doubled_max;
	uint64_t n[COUNTS];
	unsigned shown;
	struct stream *streams;
};

static void
die(const char *why)
{
	fprintf(stderr, "streamcheck: %s\n", why);
	exit(2);
}

static void
bad(struct check *c, enum count what)
{
	c->n[what]++;
	if (c->shown++ < SHOWN_MAX)
		printf("frame %" PRIu64 ": %s\n", c->n[FRAMES], names[what]);
}

/* Not the daemon's own code, which is what is to be checked. */
static uint32_t
sum16(uint32_t sum, const uint8_t *p, size_t len)
{
	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum > UINT16_MAX)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return sum;
}

static bool
l4_checksum_is_good(const struct ip *ip)
{
	uint32_t sum = ip->l4_len + ip->protocol;

	if (ip->protocol == IPPROTO_ICMP)
		return sum16(0, ip->l4, ip->l4_len) == UINT16_MAX;
	sum = sum16(sum, ip->addresses, ip->addresses_len);
	return sum16(sum, ip->l4, ip->l4_len) == UINT16_MAX;
}

/* ---- TCP --------------------------------------------------------------- */

static struct stream *
stream_find(struct check *c, const struct ip *ip, uint32_t seq, bool syn)
{
	uint8_t key[sizeof(c->streams->key)] = { (uint8_t)ip->version };
	struct stream *s;

	memcpy(key + 1, ip->addresses, ip->addresses_len);
	memcpy(key + 1 + ip->addresses_len, ip->l4, 4);
	for (uint64_t i = c->n[STREAMS]; i > 0; i--) {
		s = &c->streams[i - 1];
		if (memcmp(s->key, key, sizeof(key)) == 0 && !(syn && s->ended))
			return s;
	}
	if (c->n[STREAMS] == STREAMS_MAX)
		die("too many streams");
	s = &c->streams[c->n[STREAMS]++];
	memcpy(s->key, key, sizeof(key));
	s->syn = syn;
	s->next = (UINT64_C(1) << 32) + seq;
	return s;
}

static void
holes_add(struct stream *s, struct hole h)
{
	for (unsigned i = 0; i < HOLES_MAX; i++) {
		if (i < s->nholes && s->holes[i].from < s->holes[i].to)
			continue;
		s->holes[i] = h;
		if (i == s->nholes)
			s->nholes++;
		return;
	}
	die("too many holes");
}

/* Takes [from, to) out of the holes, which are in no order. Returns how many
 * bytes were in one. */
static uint64_t
holes_fill(struct stream *s, uint64_t from, uint64_t to)
{
	uint64_t filled = 0;

	for (unsigned i = 0; i < s->nholes; i++) {
		struct hole *h = &s->holes[i], right = { to, h->to };

		if (from >= h->to || to <= h->from)
			continue;
		filled += (to < h->to ? to : h->to) -
		    (from > h->from ? from : h->from);
		h->to = from > h->from ? from : h->from;
		if (right.from < right.to)
			holes_add(s, right);
	}
	return filled;
}

static void
stream_add(struct check *c, struct stream *s, uint32_t seq, uint32_t len)
{
	uint64_t from = s->next +
	    (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)s->next);
	uint64_t new;

	if (from > s->next) {
		holes_add(s, (struct hole) { s->next, from });
	} else if (from < s->next) {
		c->n[LATE]++;
		new = holes_fill(s, from, from + len);
		if (from + len > s->next)
			new += from + len - s->next;
		c->n[DOUBLED] += new < len;
	}
	if (from + len > s->next)
		s->next = from + len;
}

static void
check_tcp(struct check *c, const struct ip *ip)
{
	uint32_t hlen, len, seq;
	struct stream *s;
	uint8_t flags;

	hlen = ip->l4_len < 20 ? 0 : (ip->l4[12] >> 4) * 4u;
	if (hlen < 20 || hlen > ip->l4_len) {
		bad(c, BAD_LENGTH);
		return;
	}
	flags = ip->l4[13];
	seq = bytes_get32(ip->l4 + 4);
	len = ip->l4_len - hlen;
	c->n[TCP_BYTES] += len;
	s = stream_find(c, ip, seq, flags & TCP_SYN);
	len += (flags & TCP_SYN) != 0;
	len += (flags & TCP_FIN) != 0;
	if (len > 0 && !(flags & TCP_RST))
		stream_add(c, s, seq, len);
	s->ended |= (flags & (TCP_FIN | TCP_RST)) != 0;
}

/* A stream is over when its peer has reset it, too. */
static void
stream_end(struct check *c, struct stream *s)
{
	size_t alen = s->key[0] == 4 ? 4 : 16;
	uint8_t peer[sizeof(s->key)] = { s->key[0] };
	bool ended = s->ended;

	memcpy(peer + 1, s->key + 1 + alen, alen);
	memcpy(peer + 1 + alen, s->key + 1, alen);
	memcpy(peer + 1 + 2 * alen, s->key + 3 + 2 * alen, 2);
	memcpy(peer + 3 + 2 * alen, s->key + 1 + 2 * alen, 2);
	for (uint64_t i = 0; i < c->n[STREAMS]; i++)
		ended |= c->streams[i].ended &&
		    memcmp(c->streams[i].key, peer, sizeof(peer)) == 0;
	c->n[UNFINISHED] += !s->syn || !ended;
	for (unsigned i = 0; i < s->nholes; i++)
		c->n[MISSING] += s->holes[i].to - s->holes[i].from;
}

/* ---- frames ------------------------------------------------------------ */

static bool
parse_ip4(struct check *c, struct ip *ip, const uint8_t *p, uint32_t len)
{
	uint32_t hlen = (p[0] & 15u) * 4;

	if (len < 20 || hlen < 20 || hlen > len || bytes_get16(p + 2) != len) {
		bad(c, BAD_LENGTH);
		return false;
	}
	if (sum16(0, p, hlen) != UINT16_MAX)
		bad(c, BAD_CHECKSUM);
	if ((bytes_get16(p + 6) & 0x3fff) != 0) {
		c->n[FRAGMENTS]++;
		return false;
	}
	*ip = (struct ip) { 4, p[9], p + 12, 8, p + hlen, len - hlen };
	return true;
}

static bool
parse_ip6(struct check *c, struct ip *ip, const uint8_t *p, uint32_t len)
{
	uint32_t at = 40;
	uint8_t next;

	if (len < at || at + bytes_get16(p + 4) != len) {
		bad(c, BAD_LENGTH);
		return false;
	}
	next = p[6];
	while (at + 8 <= len &&
	    (next == IPPROTO_HOPOPTS || next == IPPROTO_DSTOPTS)) {
		next = p[at];
		at += (p[at + 1] + 1u) * 8;
	}
	if (next == IPPROTO_FRAGMENT) {
		c->n[FRAGMENTS]++;
		return false;
	}
	if (at > len) {
		bad(c, BAD_LENGTH);
		return false;
	}
	*ip = (struct ip) { 6, next, p + 8, 32, p + at, len - at };
	return true;
}

/* A short frame may be padded; its IP header says how much of it counts. */
static uint32_t
without_padding(uint16_t type, const uint8_t *p, uint32_t len, uint32_t frame)
{
	uint32_t said;

	if (frame > ETHER_MIN || len < 20)
		return len;
	said = type == 0x0800 ? bytes_get16(p + 2) : bytes_get16(p + 4) + 40u;
	return said < len ? said : len;
}

static void
check_l4(struct check *c, const struct ip *ip)
{
	bool udp = ip->protocol == IPPROTO_UDP;

	if (udp && (ip->l4_len < 8 || bytes_get16(ip->l4 + 4) != ip->l4_len)) {
		bad(c, BAD_LENGTH);
		return;
	}
	/* Every sender here gives its datagrams a checksum. */
	if ((udp && bytes_get16(ip->l4 + 6) == 0) || !l4_checksum_is_good(ip))
		bad(c, BAD_CHECKSUM);
	if (ip->protocol == IPPROTO_TCP)
		check_tcp(c, ip);
	else
		c->n[udp ? UDP : OTHER]++;
}

static void
check_frame(void *arg, uint8_t *p, uint32_t caplen, uint32_t len)
{
	struct check *c = arg;
	uint32_t at = 14;
	uint16_t type = 0;
	struct ip ip;

	c->n[FRAMES]++;
	for (; caplen >= at + 4; at += 4) {
		type = bytes_get16(p + at - 2);
		if (type != 0x8100 && type != 0x88a8)
			break;
	}
	if (len > at + c->mtu)
		bad(c, TOO_LONG);
	if (caplen < len || caplen < at + 20) {
		bad(c, CUT);
		return;
	}
	len = without_padding(type, p + at, len - at, len);
	if (type == 0x0800 ? parse_ip4(c, &ip, p + at, len) :
			     type == 0x86dd && parse_ip6(c, &ip, p + at, len))
		check_l4(c, &ip);
}

static int
report(struct check *c)
{
	uint64_t faults = 0;

	for (uint64_t i = 0; i < c->n[STREAMS]; i++)
		stream_end(c, &c->streams[i]);
	for (int i = 0; i < COUNTS; i++) {
		printf("%s=%" PRIu64 "%s", names[i], c->n[i],
		    i + 1 < COUNTS ? " " : "\n");
		faults += i < TOO_LONG ? 0 : c->n[i];
	}
	return faults == 0 && c->n[DOUBLED] <= c->doubled_max ? 0 : 1;
}

/* -r: so many segments may have bytes that were there before, because the
 * stack that sent them has sent them again. */
int
main(int argc, char **argv)
{
	struct check c = { 0 };
	int ch, status;

	while ((ch = getopt(argc, argv, "r:")) != -1)
		if (ch != 'r' ||
		    num_parse(&c.doubled_max, optarg, 0, UINT32_MAX) != 0)
			optind = argc + 1;
	if (optind + 1 >= argc ||
	    num_parse(&c.mtu, argv[optind], 68, UINT16_MAX) != 0) {
		fputs("usage: streamcheck [-r segments] mtu pcap...\n", stderr);
		return 2;
	}
	c.streams = calloc(STREAMS_MAX, sizeof(*c.streams));
	if (c.streams == NULL)
		die("no memory");
	for (int i = optind + 1; i < argc; i++)
		pcapfile_read(argv[i], check_frame, &c);
	status = report(&c);
	free(c.streams);
	return status;
}
