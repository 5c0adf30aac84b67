/* SPDX-License-Identifier: ISC */
/* Captured frames as the wire carries them: superframes (GSO, GRO) cut into
 * segments, checksums that were left to the hardware computed. */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/segment.h"

#define ETHER_HEADER   14u
#define VLAN_TAG       4u
#define IP6_HEADER     40u
#define TCP_HEADER     20u
#define UDP_HEADER     8u
#define EXTENSIONS_MAX 8

#define TCP_FIN 0x01u
#define TCP_PSH 0x08u
#define TCP_CWR 0x80u

#define JUMBO_OPTION 0xc2u /* RFC 2675, section 2 */
#define JUMBO_HEADER 8u	   /* hop-by-hop header with nothing else */

/* Finds the network header. Returns its EtherType, 0 if there is none. */
static uint16_t
find_l3(struct segmenter *s)
{
	const struct packet *p = s->packet;
	uint32_t at = ETHER_HEADER;
	uint16_t type;

	if (p->caplen < at)
		return 0;
	type = bytes_get16(p->data + at - 2);
	while (packet_is_vlan(type)) {
		at += VLAN_TAG;
		if (p->caplen < at || at > SEGMENT_HEAD_MAX)
			return 0;
		type = bytes_get16(p->data + at - 2);
	}
	s->l3 = at;
	return type;
}

static uint64_t
pseudo_sum(const uint8_t *addresses, size_t len, uint8_t protocol)
{
	return checksum_add(0, addresses, len) + checksum_word(protocol);
}

static bool
find_l4_ip4(struct segmenter *s, uint8_t *protocol)
{
	const uint8_t *ip = s->packet->data + s->l3;
	uint32_t room = s->packet->caplen - s->l3, hlen;

	if (room < 20 || ip[0] >> 4 != 4)
		return false;
	hlen = (ip[0] & 15u) * 4;
	if (hlen < 20 || hlen > room || (bytes_get16(ip + 6) & 0x3fff) != 0)
		return false;
	*protocol = ip[9];
	s->l4 = s->l3 + hlen;
	s->pseudo = pseudo_sum(ip + 12, 8, ip[9]);
	return true;
}

/* Linux puts the true length of a BIG TCP packet in a hop-by-hop header that
 * never reaches the wire. */
static bool
is_jumbo(const uint8_t *ip)
{
	return bytes_get16(ip + 4) == 0 && ip[6] == IPPROTO_HOPOPTS &&
	    ip[IP6_HEADER + 1] == 0 && ip[IP6_HEADER + 2] == JUMBO_OPTION;
}

static bool
find_l4_ip6(struct segmenter *s, uint8_t *protocol)
{
	const uint8_t *data = s->packet->data, *ip = data + s->l3;
	uint32_t at = s->l3 + IP6_HEADER, caplen = s->packet->caplen;
	uint8_t next;

	if (caplen < at + JUMBO_HEADER || ip[0] >> 4 != 6)
		return false;
	next = ip[6];
	if (is_jumbo(ip))
		s->jumbo = JUMBO_HEADER;
	for (int i = 0; next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING ||
	     next == IPPROTO_DSTOPTS;
	     i++) {
		if (i == EXTENSIONS_MAX || caplen < at + 2)
			return false;
		s->routing |= next == IPPROTO_ROUTING;
		next = data[at];
		at += (data[at + 1] + 1u) * 8;
	}
	*protocol = next;
	s->l4 = at;
	s->pseudo = pseudo_sum(ip + 8, 32, next);
	return true;
}

/* Fills l3 to total if the packet is TCP or UDP, as want says, right behind
 * its outer IP header. */
static bool
find_headers(struct segmenter *s, enum packet_gso want)
{
	const struct packet *p = s->packet;
	uint16_t type = find_l3(s);
	uint8_t protocol;

	if (type == 0x0800 ? !find_l4_ip4(s, &protocol) :
			     type != 0x86dd || !find_l4_ip6(s, &protocol))
		return false;
	if (want == PACKET_GSO_TCP) {
		if (protocol != IPPROTO_TCP || p->caplen < s->l4 + TCP_HEADER)
			return false;
		s->head_len = s->l4 + (p->data[s->l4 + 12] >> 4) * 4u;
		if (s->head_len < s->l4 + TCP_HEADER)
			return false;
	} else {
		if (protocol != IPPROTO_UDP)
			return false;
		s->head_len = s->l4 + UDP_HEADER;
	}
	if (s->head_len > p->caplen || s->head_len > SEGMENT_HEAD_MAX)
		return false;
	s->total = p->caplen - s->head_len;
	return true;
}

static uint32_t
checksum_at(const struct packet *p)
{
	return p->gso == PACKET_GSO_TCP ? 16 : 6;
}

/* Whether the IP header of the longest segment can say how long it is. */
static bool
fits_length(const struct segmenter *s)
{
	uint32_t size = s->packet->gso_size, len = s->head_len - s->jumbo;

	len -= s->l3;
	if (s->packet->data[s->l3] >> 4 == 6)
		len -= IP6_HEADER;
	return len + (s->total < size ? s->total : size) <= UINT16_MAX;
}

/* With a routing header or a home address option (RFC 6275) the pseudo header
 * names other addresses than the fixed header does. Its sum is in the field,
 * where Linux takes it from, too. */
static void
take_pseudo(struct segmenter *s)
{
	const struct packet *p = s->packet;
	uint32_t len = p->caplen - s->l4;
	uint16_t field;

	memcpy(&field, p->data + s->l4 + p->csum_offset, sizeof(field));
	s->pseudo = field +
	    (checksum_word((uint16_t)(len >> 16)) ^ UINT16_MAX) +
	    (checksum_word((uint16_t)len) ^ UINT16_MAX);
}

/* Whether the checksum is that of the first segment. In a list of datagrams
 * (NETIF_F_GRO_FRAGLIST) it is; in the outer header of a tunnel that such a
 * list came through it is not. Joined datagrams always have one. */
static bool
has_first_checksum(const struct segmenter *s)
{
	const struct packet *p = s->packet;
	const uint8_t *udp = p->data + s->l4;
	uint32_t len = s->total < p->gso_size ? s->total : p->gso_size;
	uint64_t sum = s->pseudo;

	if (bytes_get16(udp + 6) == 0)
		return false;
	len += UDP_HEADER;
	sum += 2 * checksum_word((uint16_t)len) + checksum_add(0, udp, 4);
	return checksum_finish(checksum_add(sum, udp + 6, len - 6)) == 0;
}

/* Whether the checksum says, for certain, that this header is the one that
 * every segment has, and not the outer one of a tunnel. */
static bool
begin_pseudo(struct segmenter *s)
{
	const struct packet *p = s->packet;

	if (p->csum_partial) {
		if (p->csum_start != s->l4 || p->csum_offset != checksum_at(p))
			return false;
		take_pseudo(s);
		return true;
	}
	return !s->routing &&
	    (p->gso == PACKET_GSO_TCP || has_first_checksum(s));
}

static enum segment_kind
begin_superframe(struct segmenter *s)
{
	const struct packet *p = s->packet;

	if ((p->gso != PACKET_GSO_TCP && p->gso != PACKET_GSO_UDP) ||
	    p->gso_size == 0 || p->caplen != p->len ||
	    !find_headers(s, p->gso) || !fits_length(s) || !begin_pseudo(s))
		return SEGMENT_WHOLE;
	return SEGMENT_CUT;
}

static bool
is_sctp(struct segmenter *s)
{
	const struct packet *p = s->packet;
	uint8_t protocol;
	uint16_t type;

	if (p->csum_offset != 8)
		return false;
	type = find_l3(s);
	return (type == 0x0800 ? find_l4_ip4(s, &protocol) :
				 type == 0x86dd && find_l4_ip6(s, &protocol)) &&
	    protocol == IPPROTO_SCTP && s->l4 == p->csum_start;
}

/* Sets head_len to where the checksum to complete ends. False if that is
 * not in the frame, or deeper than a segment's head. */
static bool
begin_checksum(struct segmenter *s)
{
	const struct packet *p = s->packet;
	uint64_t end = (uint64_t)p->csum_start + p->csum_offset;

	s->sctp = is_sctp(s);
	end += s->sctp ? 4 : 2;
	if (p->caplen != p->len || end > p->caplen || end > SEGMENT_HEAD_MAX)
		return false;
	s->head_len = (uint32_t)end;
	return true;
}

enum segment_kind
segment_begin(struct segmenter *s, const struct packet *p)
{
	memset(s, 0, sizeof(*s));
	s->packet = p;
	if (p->gso != PACKET_GSO_NONE)
		s->kind = begin_superframe(s);
	else if (p->csum_partial && begin_checksum(s))
		s->kind = SEGMENT_CHECKSUM;
	else
		s->kind = SEGMENT_AS_IS;
	return s->kind;
}

/* ---- one frame --------------------------------------------------------- */

static void
complete_crc32c(const struct segmenter *s, struct segment *out)
{
	const struct packet *p = s->packet;
	uint8_t *field = out->head + s->head_len - 4;
	uint32_t crc;

	memset(field, 0, 4);
	crc = checksum_crc32c(out->head + p->csum_start,
	    s->head_len - p->csum_start, p->data + s->head_len,
	    p->caplen - s->head_len);
	for (int i = 0; i < 4; i++)
		field[i] = (uint8_t)(crc >> 8 * i);
}

/* The field holds the sum of the pseudo header, and is summed with it. */
static void
complete_sum(const struct segmenter *s, struct segment *out)
{
	const struct packet *p = s->packet;
	uint16_t sum;

	sum = checksum_finish(checksum_add(0, p->data + p->csum_start,
	    p->caplen - p->csum_start));
	/* In UDP 0 means "no checksum"; Linux (skb_checksum_help) does not
	 * ask which protocol it is. */
	if (sum == 0)
		sum = 0xffff;
	memcpy(out->head + s->head_len - 2, &sum, sizeof(sum));
}

static bool
next_single(struct segmenter *s, struct segment *out)
{
	const struct packet *p = s->packet;

	if (s->started)
		return false;
	s->started = true;
	out->head_len = s->kind == SEGMENT_CHECKSUM ? s->head_len : 0;
	memcpy(out->head, p->data, out->head_len);
	if (out->head_len > 0 && s->sctp)
		complete_crc32c(s, out);
	else if (out->head_len > 0)
		complete_sum(s, out);
	out->body = p->data + out->head_len;
	out->body_len = p->caplen - out->head_len;
	out->truncated = p->caplen < p->len;
	return true;
}

/* ---- superframes ------------------------------------------------------- */

static void
patch_ip4(const struct segmenter *s, uint8_t *ip, uint32_t payload)
{
	uint16_t sum;

	bytes_put16(ip + 2, (uint16_t)(s->head_len - s->l3 + payload));
	bytes_put16(ip + 4, (uint16_t)(bytes_get16(ip + 4) + s->index));
	memset(ip + 10, 0, 2);
	sum = checksum_finish(checksum_add(0, ip, s->l4 - s->l3));
	memcpy(ip + 10, &sum, sizeof(sum));
}

static void
patch_tcp(const struct segmenter *s, uint8_t *tcp, uint32_t payload)
{
	bytes_put32(tcp + 4, bytes_get32(tcp + 4) + s->done);
	if (s->done + payload < s->total)
		tcp[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (s->index > 0 && s->packet->gso_ecn)
		tcp[13] &= (uint8_t)~TCP_CWR;
}

static void
put_l4_checksum(const struct segmenter *s, uint8_t *l4, uint32_t l4_len,
    const struct segment *out)
{
	uint32_t at = checksum_at(s->packet);
	uint64_t sum = s->pseudo +
	    checksum_word((uint16_t)(l4_len + out->body_len));
	uint16_t field;

	memset(l4 + at, 0, 2);
	sum = checksum_add(sum, l4, l4_len);
	field = checksum_finish(checksum_add(sum, out->body, out->body_len));
	if (at == 6 && field == 0)
		field = 0xffff;
	memcpy(l4 + at, &field, sizeof(field));
}

static bool
next_cut(struct segmenter *s, struct segment *out)
{
	const struct packet *p = s->packet;
	uint32_t left = s->total - s->done;
	uint32_t l4 = s->l4 - s->jumbo, ip_head = s->l3;
	uint8_t *ip = out->head + s->l3;

	if (s->started && left == 0)
		return false;
	s->started = true;
	out->body = p->data + s->head_len + s->done;
	out->body_len = left < p->gso_size ? left : p->gso_size;
	out->head_len = s->head_len - s->jumbo;
	if (s->jumbo != 0) {
		ip_head += IP6_HEADER;
		memcpy(out->head, p->data, ip_head);
		memcpy(out->head + ip_head, p->data + ip_head + s->jumbo,
		    s->head_len - ip_head - s->jumbo);
		ip[6] = p->data[ip_head];
	} else {
		memcpy(out->head, p->data, s->head_len);
	}
	if (ip[0] >> 4 == 4)
		patch_ip4(s, ip, out->body_len);
	else
		bytes_put16(ip + 4,
		    (uint16_t)(out->head_len - s->l3 - IP6_HEADER +
			out->body_len));
	if (p->gso == PACKET_GSO_TCP)
		patch_tcp(s, out->head + l4, out->body_len);
	else
		bytes_put16(out->head + l4 + 4,
		    (uint16_t)(UDP_HEADER + out->body_len));
	put_l4_checksum(s, out->head + l4, out->head_len - l4, out);
	out->truncated = false;
	s->done += out->body_len;
	s->index++;
	return true;
}

uint32_t
segment_count(const struct segmenter *s, uint64_t *bytes)
{
	uint32_t n;

	*bytes = s->packet->len;
	if (s->kind != SEGMENT_CUT)
		return 1;
	n = (s->total + s->packet->gso_size - 1) / s->packet->gso_size;
	if (n == 0)
		n = 1;
	*bytes = s->total + (uint64_t)n * (s->head_len - s->jumbo);
	return n;
}

bool
segment_next(struct segmenter *s, struct segment *out)
{
	out->packet = s->packet;
	return s->kind == SEGMENT_CUT ? next_cut(s, out) : next_single(s, out);
}
