/* SPDX-License-Identifier: ISC */
/* The frame that a flow written by people stands for. */
#include "config.h"

#include <sys/socket.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/craft.h"

#define ETH_LEN	    14
#define IP4_LEN	    20
#define IP6_LEN	    40
#define TTL	    64
#define TCP_LEN	    20
#define TCP_ACK	    0x10
#define UDP_LEN	    8
#define SCTP_LEN    12
#define SCTP_DATA   16 /* the header of a chunk */
#define ICMP_LEN    8
#define GRE_LEN	    4
#define OTHER_LEN   8
#define NO_CHECKSUM UINT32_MAX

/* The least that comes behind IP. */
static uint32_t
least(unsigned protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_LEN;
	case IPPROTO_UDP:
		return UDP_LEN;
	case IPPROTO_SCTP:
		return SCTP_LEN + SCTP_DATA + 4;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ICMP_LEN;
	case IPPROTO_GRE:
		return GRE_LEN;
	default:
		return OTHER_LEN;
	}
}

static void
put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t v = checksum_finish(sum);

	memcpy(at, &v, sizeof(v));
}

static void
put_ip4(uint8_t *p, const struct flowtext *f, uint32_t len)
{
	p[0] = 0x45;
	bytes_put16(p + 2, (uint16_t)(IP4_LEN + len));
	p[8] = TTL;
	p[9] = f->protocol;
	memcpy(p + 12, f->src.bytes, 4);
	memcpy(p + 16, f->dst.bytes, 4);
	put_checksum(p + 10, checksum_add(0, p, IP4_LEN));
}

static void
put_ip6(uint8_t *p, const struct flowtext *f, uint32_t len)
{
	p[0] = 0x60;
	bytes_put16(p + 4, (uint16_t)len);
	p[6] = f->protocol;
	p[7] = TTL;
	memcpy(p + 8, f->src.bytes, 16);
	memcpy(p + 24, f->dst.bytes, 16);
}

static uint64_t
pseudo_header(const struct flowtext *f, uint32_t len)
{
	size_t n = f->src.family == AF_INET ? 4 : 16;
	uint64_t sum = checksum_add(0, f->src.bytes, n);

	sum = checksum_add(sum, f->dst.bytes, n);
	return sum + checksum_word(f->protocol) + checksum_word((uint16_t)len);
}

static void
put_sctp(uint8_t *p, uint32_t len)
{
	uint32_t crc;

	p[SCTP_LEN + 1] = 3; /* begins and ends here */
	bytes_put16(p + SCTP_LEN + 2, (uint16_t)(len - SCTP_LEN));
	crc = checksum_crc32c(p, len, p, 0);
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(crc >> 8 * i);
}

static void
put_echo(uint8_t *p, const struct flowtext *f, uint32_t len)
{
	bool v4 = f->protocol == IPPROTO_ICMP;

	p[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	bytes_put16(p + 4, f->id);
	put_checksum(p + 2,
	    checksum_add(v4 ? 0 : pseudo_header(f, len), p, len));
}

/* What comes behind IP; all of it is zero before. */
static void
put_transport(uint8_t *p, const struct flowtext *f, uint32_t len)
{
	uint32_t sum_at = NO_CHECKSUM;

	if (flowtext_has_ports(f->protocol)) {
		bytes_put16(p, f->src_port);
		bytes_put16(p + 2, f->dst_port);
	}
	switch (f->protocol) {
	case IPPROTO_TCP:
		p[12] = TCP_LEN / 4 << 4;
		p[13] = TCP_ACK;
		sum_at = 16;
		break;
	case IPPROTO_UDP:
		bytes_put16(p + 4, (uint16_t)len);
		sum_at = 6;
		break;
	case IPPROTO_SCTP:
		put_sctp(p, len);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		put_echo(p, f, len);
		break;
	}
	if (sum_at == NO_CHECKSUM)
		return;
	put_checksum(p + sum_at, checksum_add(pseudo_header(f, len), p, len));
	/* In UDP 0 would mean that there is none. */
	if (f->protocol == IPPROTO_UDP && bytes_get16(p + sum_at) == 0)
		bytes_put16(p + sum_at, UINT16_MAX);
}

uint32_t
craft_frame(uint8_t frame[static CRAFT_MAX], const struct flowtext *f,
    const uint8_t macs[static 12])
{
	bool v4 = f->src.family == AF_INET;
	uint32_t at = ETH_LEN + (v4 ? IP4_LEN : IP6_LEN);
	uint32_t len = at + least(f->protocol);

	if (f->len > len)
		len = f->len;
	memset(frame, 0, len);
	memcpy(frame, macs, 12);
	bytes_put16(frame + 12, v4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	(v4 ? put_ip4 : put_ip6)(frame + ETH_LEN, f, len - at);
	put_transport(frame + at, f, len - at);
	return len;
}
