/* SPDX-License-Identifier: ISC */
/* Beacons, the probes that trafmirrorctl verify sends. */
#include "config.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "conf/flowtext.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/beacon.h"
#include "packet/tunnel.h"

#define ETH_LEN	     14
#define VLAN_LEN     4
#define VLAN_MAX     2
#define IP4_LEN	     20
#define IP6_LEN	     40
#define TTL	     1
#define TCP_LEN	     20
#define TCP_ACK	     0x10
#define UDP_LEN	     8
#define GRE_LEN	     4
#define GRE_TYPE     0x88b5 /* IEEE 802: for local experiments */
#define SCTP_LEN     12
#define SCTP_PAD     0x84 /* RFC 4820: nothing but padding */
#define SCTP_ALL_LEN (SCTP_LEN + 4)
#define OTHER_LEN    8
#define UDP_VNI_LEN  16 /* UDP and VXLAN, or GENEVE without options */

/* Of the payload of a probe, after its word. */
#define NONCE_AT  4
#define NUMBER_AT (NONCE_AT + BEACON_NONCE)
#define LEAST	  (NUMBER_AT + 2)

/* And of an answer, which begins as a probe does. */
#define VERSION_AT 14
#define ENCAP_AT   15
#define SESSION_AT 16
#define PORT_AT	   20
#define ADDR_AT	   24
#define ANSWER_LEN 40

const uint8_t beacon_mac[6] = { 0x00, 0x00, 0x5e, 0x00, 0x53, 0x74 };

bool
beacon_has_id(unsigned protocol)
{
	return flowtext_has_ports(protocol) || protocol == IPPROTO_ICMP ||
	    protocol == IPPROTO_ICMPV6;
}

const char *
beacon_flow_format(const struct beacon_flow *f,
    char buf[static BEACON_FLOW_TEXT_MAX])
{
	struct addr_port src = { f->src, f->src_port };
	struct addr_port dst = { f->dst, f->dst_port };
	char from[ADDR_PORT_TEXT_MAX], to[ADDR_PORT_TEXT_MAX], number[4];

	if (flowtext_has_ports(f->protocol)) {
		addr_port_format(&src, from);
		addr_port_format(&dst, to);
	} else {
		addr_format(&f->src, from);
		addr_format(&f->dst, to);
	}
	snprintf(buf, BEACON_FLOW_TEXT_MAX, "%s %s > %s",
	    flowtext_protocol(f->protocol, number), from, to);
	return buf;
}

/* Bytes between the IP header and the payload. */
static uint32_t
transport_len(unsigned protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TCP_LEN;
	case IPPROTO_SCTP:
		return SCTP_ALL_LEN;
	default:
		return OTHER_LEN; /* UDP and ICMP among them */
	}
}

/* ---- building ----------------------------------------------------------- */

static void
put_checksum(uint8_t *at, uint64_t sum)
{
	uint16_t v = checksum_finish(sum);

	memcpy(at, &v, sizeof(v));
}

static uint32_t
put_ip(uint8_t *p, const struct beacon_flow *f, uint32_t len)
{
	if (f->src.family == AF_INET6) {
		p[0] = 0x60;
		bytes_put16(p + 4, (uint16_t)len);
		p[6] = f->protocol;
		p[7] = TTL;
		memcpy(p + 8, f->src.bytes, 16);
		memcpy(p + 24, f->dst.bytes, 16);
		return IP6_LEN;
	}
	p[0] = 0x45;
	bytes_put16(p + 2, (uint16_t)(IP4_LEN + len));
	p[8] = TTL;
	p[9] = f->protocol;
	memcpy(p + 12, f->src.bytes, 4);
	memcpy(p + 16, f->dst.bytes, 4);
	put_checksum(p + 10, checksum_add(0, p, IP4_LEN));
	return IP4_LEN;
}

static uint64_t
pseudo_header(const struct beacon_flow *f, uint32_t len)
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

	p[SCTP_LEN] = SCTP_PAD;
	bytes_put16(p + SCTP_LEN + 2, (uint16_t)(len - SCTP_LEN));
	crc = checksum_crc32c(p, len, p, 0);
	for (int i = 0; i < 4; i++)
		p[8 + i] = (uint8_t)(crc >> 8 * i);
}

/* The header in front of a payload that is there already; zero before. */
static void
put_transport(uint8_t *p, const struct beacon_flow *f, uint32_t len)
{
	uint64_t pseudo = pseudo_header(f, len);

	if (flowtext_has_ports(f->protocol)) {
		bytes_put16(p, f->src_port);
		bytes_put16(p + 2, f->dst_port);
	}
	switch (f->protocol) {
	case IPPROTO_TCP:
		p[12] = TCP_LEN / 4 << 4;
		p[13] = TCP_ACK;
		put_checksum(p + 16, checksum_add(pseudo, p, len));
		break;
	case IPPROTO_UDP:
		bytes_put16(p + 4, (uint16_t)len);
		put_checksum(p + 6, checksum_add(pseudo, p, len));
		/* There, 0 would mean that there is none. */
		if (bytes_get16(p + 6) == 0)
			bytes_put16(p + 6, UINT16_MAX);
		break;
	case IPPROTO_SCTP:
		put_sctp(p, len);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p[0] = f->protocol == IPPROTO_ICMP ? ICMP_ECHO :
						     ICMP6_ECHO_REQUEST;
		bytes_put16(p + 4, f->src_port);
		put_checksum(p + 2,
		    checksum_add(f->protocol == IPPROTO_ICMP ? 0 : pseudo, p,
			len));
		break;
	}
}

static void
put_probe(uint8_t *p, uint32_t word, const struct beacon *probe)
{
	bytes_put32(p, word);
	memcpy(p + NONCE_AT, probe->nonce, BEACON_NONCE);
	bytes_put16(p + NUMBER_AT, probe->number);
}

uint32_t
beacon_build(uint8_t frame[static BEACON_FRAME_MAX], const struct beacon *p,
    const struct beacon_flow *f, const uint8_t mac[static 6])
{
	uint32_t header = transport_len(f->protocol);
	uint32_t len = header + BEACON_LEN, at = ETH_LEN;

	memset(frame, 0, BEACON_FRAME_MAX);
	memcpy(frame, beacon_mac, 6);
	memcpy(frame + 6, mac, 6);
	bytes_put16(frame + 12,
	    f->src.family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	at += put_ip(frame + at, f, len);
	put_probe(frame + at + header, BEACON_WORD, p);
	put_transport(frame + at, f, len);
	return at + len;
}

uint32_t
beacon_least(const struct beacon_flow *f)
{
	return ETH_LEN + (f->src.family == AF_INET ? IP4_LEN : IP6_LEN) +
	    transport_len(f->protocol) + LEAST;
}

/* ---- reading ------------------------------------------------------------ */

static void
set_addrs(struct beacon_flow *f, sa_family_t family, const uint8_t *src)
{
	size_t n = family == AF_INET ? 4 : 16;

	memset(&f->src, 0, sizeof(f->src));
	memset(&f->dst, 0, sizeof(f->dst));
	f->src.family = f->dst.family = family;
	memcpy(f->src.bytes, src, n);
	memcpy(f->dst.bytes, src + n, n);
}

static bool
read_ip(struct beacon_flow *f, struct bytes_view *v, uint16_t type)
{
	const uint8_t *p = v->p;

	if (type == ETHERTYPE_IP) {
		size_t n;

		if (v->len < IP4_LEN || p[0] >> 4 != 4)
			return false;
		n = (size_t)(p[0] & 15) * 4;
		set_addrs(f, AF_INET, p + 12);
		f->protocol = p[9];
		return n >= IP4_LEN && bytes_skip(v, n);
	}
	if (type != ETHERTYPE_IPV6 || v->len < IP6_LEN || p[0] >> 4 != 6)
		return false;
	set_addrs(f, AF_INET6, p + 8);
	f->protocol = p[6];
	return bytes_skip(v, IP6_LEN);
}

/* Up to what the IP packet carries. */
static bool
read_frame(struct beacon_flow *f, struct bytes_view *v)
{
	uint16_t type;

	if (v->len < ETH_LEN)
		return false;
	type = bytes_get16(v->p + 12);
	bytes_skip(v, ETH_LEN);
	for (int i = 0; i < VLAN_MAX && packet_is_vlan(type); i++) {
		if (v->len < VLAN_LEN)
			return false;
		type = bytes_get16(v->p + 2);
		bytes_skip(v, VLAN_LEN);
	}
	return read_ip(f, v, type);
}

static bool
read_probe(struct beacon *p, const struct bytes_view *v, uint32_t word)
{
	if (v->len < LEAST || bytes_get32(v->p) != word)
		return false;
	memcpy(p->nonce, v->p + NONCE_AT, BEACON_NONCE);
	p->number = bytes_get16(v->p + NUMBER_AT);
	return true;
}

bool
beacon_read(struct beacon *p, struct beacon_flow *f, const uint8_t *frame,
    size_t len)
{
	struct bytes_view v = { frame, len };
	const uint8_t *header;

	memset(f, 0, sizeof(*f));
	if (!read_frame(f, &v))
		return false;
	header = v.p;
	if (!bytes_skip(&v, transport_len(f->protocol)))
		return false;
	if (flowtext_has_ports(f->protocol)) {
		f->src_port = bytes_get16(header);
		f->dst_port = bytes_get16(header + 2);
	} else if (beacon_has_id(f->protocol)) {
		f->src_port = bytes_get16(header + 4);
	}
	return read_probe(p, &v, BEACON_WORD);
}

bool
beacon_read_copy(struct beacon_copy *c, const uint8_t *frame, size_t len)
{
	struct beacon_flow outer;
	struct tunnel t;

	memset(c, 0, sizeof(*c));
	if (!tunnel_first(&t, frame, len) || t.kind != TUNNEL_COPY ||
	    t.quoted || t.fragment != TUNNEL_WHOLE || t.inner == NULL)
		return false;
	set_addrs(&outer, t.version == 4 ? AF_INET : AF_INET6, t.src);
	c->src = outer.src;
	c->dst = outer.dst;
	if (t.proto == IPPROTO_UDP) {
		c->src_port = bytes_get16(t.inner - UDP_VNI_LEN);
		c->dst_port = t.port;
	}
	c->encap = t.encap;
	c->session = t.session;
	return beacon_read(&c->probe, &c->flow, t.inner, t.inner_len);
}

/* ---- answers ------------------------------------------------------------ */

size_t
beacon_build_answer(uint8_t answer[static BEACON_ANSWER_MAX],
    const struct beacon_copy *c)
{
	size_t header = conf_encap_has_ports(c->encap) ? UDP_LEN : GRE_LEN;
	uint8_t *p = answer + header;

	memset(answer, 0, BEACON_ANSWER_MAX);
	if (header == UDP_LEN) {
		bytes_put16(answer, c->dst_port);
		bytes_put16(answer + 2, c->src_port);
		bytes_put16(answer + 4, UDP_LEN + ANSWER_LEN);
	} else {
		bytes_put16(answer + 2, GRE_TYPE);
	}
	put_probe(p, BEACON_ANSWER_WORD, &c->probe);
	p[VERSION_AT] = c->dst.family == AF_INET ? 4 : 6;
	p[ENCAP_AT] = (uint8_t)c->encap;
	bytes_put32(p + SESSION_AT, c->session);
	bytes_put16(p + PORT_AT, c->dst_port);
	memcpy(p + ADDR_AT, c->dst.bytes, sizeof(c->dst.bytes));
	return header + ANSWER_LEN;
}

bool
beacon_read_answer(struct beacon_copy *c, const uint8_t *frame, size_t len)
{
	struct bytes_view v = { frame, len };
	struct beacon_flow outer;
	size_t n;

	memset(c, 0, sizeof(*c));
	if (!read_frame(&outer, &v) ||
	    !bytes_skip(&v,
		outer.protocol == IPPROTO_UDP ? UDP_LEN : GRE_LEN) ||
	    v.len < ANSWER_LEN ||
	    !read_probe(&c->probe, &v, BEACON_ANSWER_WORD) ||
	    (v.p[VERSION_AT] != 4 && v.p[VERSION_AT] != 6) ||
	    v.p[ENCAP_AT] > CONF_ERSPAN3)
		return false;
	c->dst.family = v.p[VERSION_AT] == 4 ? AF_INET : AF_INET6;
	n = c->dst.family == AF_INET ? 4 : 16;
	memcpy(c->dst.bytes, v.p + ADDR_AT, n);
	c->encap = (enum conf_encap)v.p[ENCAP_AT];
	c->session = bytes_get32(v.p + SESSION_AT);
	c->dst_port = bytes_get16(v.p + PORT_AT);
	return true;
}
