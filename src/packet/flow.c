/* SPDX-License-Identifier: ISC */
/* From frame to flow: one key, and one hash, for both directions. */
#include "config.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#include <stdbool.h>
#include <string.h>

#define XXH_INLINE_ALL /* keys are short: a call would cost as much */
#include <xxhash.h>

#include "base/bytes.h"
#include "packet/flow.h"
#include "packet/packet.h"

#define ETH_TYPE_AT  12
#define ETH_HEADER   14
#define VLAN_LEN     4
#define VLAN_MAX     8
#define IP4_LEN	     20
#define IP4_FRAGMENT 0x3fff /* more fragments, offset */
#define IP6_LEN	     40
#define IP6_FRAGMENT 0xfff9 /* offset, more fragments */
#define EXT_LEN	     8
#define EXT_MAX	     16
#define ICMP_QUOTE   8 /* where the quoted packet begins */
#define ICMP_ID	     4 /* where the identifier is */

/* What of an IP packet goes into a key. Version and protocol lie apart: side
 * by side they are read as one word just after they are written as two,
 * which stalls the load. */
struct ip_view {
	unsigned version;
	const uint8_t *src;
	const uint8_t *dst;
	const uint8_t *data; /* behind the headers */
	size_t len;	     /* bytes there; 0 in a fragment */
	unsigned proto;
};

static bool
ip4_read(struct ip_view *ip, const uint8_t *p, size_t len)
{
	size_t hlen;

	if (len < IP4_LEN || p[0] >> 4 != 4)
		return false;
	hlen = (size_t)(p[0] & 15) * 4;
	if (hlen < IP4_LEN || hlen > len ||
	    (bytes_get16(p + 6) & IP4_FRAGMENT) != 0)
		hlen = len;
	ip->src = p + 12;
	ip->dst = p + 16;
	ip->data = p + hlen;
	ip->len = len - hlen;
	ip->version = 4;
	ip->proto = p[9];
	return true;
}

static bool
is_extension(unsigned proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	    proto == IPPROTO_FRAGMENT || proto == IPPROTO_AH ||
	    proto == IPPROTO_DSTOPTS || proto == IPPROTO_MH;
}

/* Steps over the extension header at ip->data. */
static void
extension_skip(struct ip_view *ip)
{
	const uint8_t *p = ip->data;
	size_t n = EXT_LEN;

	if (ip->proto == IPPROTO_AH)
		n = (size_t)(p[1] + 2) * 4;
	else if (ip->proto != IPPROTO_FRAGMENT)
		n = (size_t)(p[1] + 1) * 8;
	else if ((bytes_get16(p + 2) & IP6_FRAGMENT) != 0)
		n = ip->len;
	if (n > ip->len)
		n = ip->len;
	ip->proto = p[0];
	ip->data += n;
	ip->len -= n;
}

static bool
ip6_read(struct ip_view *ip, const uint8_t *p, size_t len)
{
	if (len < IP6_LEN || p[0] >> 4 != 6)
		return false;
	ip->src = p + 8;
	ip->dst = p + 24;
	ip->data = p + IP6_LEN;
	ip->len = len - IP6_LEN;
	ip->version = 6;
	ip->proto = p[6];
	for (int i = 0;
	     i < EXT_MAX && is_extension(ip->proto) && ip->len >= EXT_LEN; i++)
		extension_skip(ip);
	return true;
}

static bool
icmp_is_error(const struct ip_view *ip)
{
	uint8_t type;

	if (ip->len == 0)
		return false;
	type = ip->data[0];
	if (ip->version == 4 && ip->proto == IPPROTO_ICMP)
		return type == ICMP_DEST_UNREACH ||
		    type == ICMP_SOURCE_QUENCH || type == ICMP_REDIRECT ||
		    type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETERPROB;
	return ip->version == 6 && ip->proto == IPPROTO_ICMPV6 &&
	    type >= ICMP6_DST_UNREACH && type <= ICMP6_PARAM_PROB;
}

static bool
icmp_has_id(const struct ip_view *ip)
{
	uint8_t type = ip->data[0];

	if (ip->version == 4 && ip->proto == IPPROTO_ICMP)
		return type == ICMP_ECHOREPLY || type == ICMP_ECHO ||
		    (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
	return ip->version == 6 && ip->proto == IPPROTO_ICMPV6 &&
	    (type == ICMP6_ECHO_REQUEST || type == ICMP6_ECHO_REPLY);
}

/* Goes on with the packet that an ICMP error quotes. */
static void
quote_read(struct ip_view *ip)
{
	const uint8_t *p = ip->data + ICMP_QUOTE;
	size_t len = ip->len - ICMP_QUOTE;

	if (ip->version == 4)
		ip4_read(ip, p, len);
	else
		ip6_read(ip, p, len);
}

/* Source port, destination port; left alone if there are none. */
static void
ports_read(uint8_t ports[static 4], const struct ip_view *ip)
{
	switch (ip->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_DCCP:
	case IPPROTO_SCTP:
	case IPPROTO_UDPLITE:
		if (ip->len >= 4)
			memcpy(ports, ip->data, 4);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (ip->len < ICMP_ID + 2 || !icmp_has_id(ip))
			break;
		memcpy(ports, ip->data + ICMP_ID, 2);
		memcpy(ports + 2, ip->data + ICMP_ID, 2);
		break;
	}
}

/* Whether the destination's (address, port) is less than the source's. As
 * integers: which direction comes next is a coin toss, so no branches. */
static bool
ip4_is_swapped(const struct ip_view *ip, const uint8_t ports[static 4])
{
	uint64_t src = (uint64_t)bytes_get32(ip->src) << 16;
	uint64_t dst = (uint64_t)bytes_get32(ip->dst) << 16;

	return (dst | bytes_get16(ports + 2)) < (src | bytes_get16(ports));
}

static bool
ip6_is_swapped(const struct ip_view *ip, const uint8_t ports[static 4])
{
	int c = memcmp(ip->dst, ip->src, 16);

	return c < 0 || (c == 0 && memcmp(ports + 2, ports, 2) < 0);
}

/* Puts the two pairs behind version and protocol; n is the length of an
 * address. */
static inline void
pairs_put(struct flow_key *k, const struct ip_view *ip,
    const uint8_t ports[static 4], size_t n, bool swap)
{
	uint8_t *p = k->bytes;

	p[0] = (uint8_t)ip->version;
	p[1] = (uint8_t)ip->proto;
	memcpy(p + 2, swap ? ip->dst : ip->src, n);
	memcpy(p + 2 + n, swap ? ip->src : ip->dst, n);
	memcpy(p + 2 + 2 * n, ports + (swap ? 2 : 0), 2);
	memcpy(p + 4 + 2 * n, ports + (swap ? 0 : 2), 2);
	k->len = (uint8_t)(6 + 2 * n);
}

static void
key_put_ip(struct flow_key *k, struct ip_view *ip)
{
	uint8_t ports[4] = { 0 };

	if (icmp_is_error(ip) && ip->len > ICMP_QUOTE)
		quote_read(ip);
	ports_read(ports, ip);
	if (ip->version == 4)
		pairs_put(k, ip, ports, 4, ip4_is_swapped(ip, ports));
	else
		pairs_put(k, ip, ports, 16, ip6_is_swapped(ip, ports));
}

static void
key_put_mac(struct flow_key *k, const uint8_t *eth, uint16_t type)
{
	bool swap = memcmp(eth, eth + 6, 6) > 0;

	memset(k->bytes, 0, 18);
	memcpy(k->bytes + 2, swap ? eth + 6 : eth, 6);
	memcpy(k->bytes + 8, swap ? eth : eth + 6, 6);
	if (type >= ETH_P_802_3_MIN)
		bytes_put16(k->bytes + 14, type);
	k->len = 18;
}

void
flow_key_parse(struct flow_key *k, const uint8_t *frame, size_t len)
{
	uint8_t eth[ETH_HEADER] = { 0 };
	size_t at = ETH_HEADER;
	struct ip_view ip;
	uint16_t type;

	if (len < sizeof(eth)) {
		memcpy(eth, frame, len);
		frame = eth;
		len = sizeof(eth);
	}
	type = bytes_get16(frame + ETH_TYPE_AT);
	for (int i = 0;
	     i < VLAN_MAX && packet_is_vlan(type) && len - at >= VLAN_LEN;
	     i++, at += VLAN_LEN)
		type = bytes_get16(frame + at + 2);
	if ((type == ETH_P_IP && ip4_read(&ip, frame + at, len - at)) ||
	    (type == ETH_P_IPV6 && ip6_read(&ip, frame + at, len - at)))
		key_put_ip(k, &ip);
	else
		key_put_mac(k, frame, type);
}

uint64_t
flow_key_hash(const struct flow_key *k)
{
	return XXH3_64bits_withSeed(k->bytes, k->len, FLOW_SEED);
}

uint64_t
flow_hash(const uint8_t *frame, size_t len)
{
	struct flow_key k;

	flow_key_parse(&k, frame, len);
	return flow_key_hash(&k);
}

uint64_t
flow_hash_bytes(const void *p, size_t len)
{
	return XXH3_64bits_withSeed(p, len, FLOW_SEED);
}
