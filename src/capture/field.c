/* SPDX-License-Identifier: ISC */
/* The fields that rules have conditions on, and what they ask of each. */
#include "config.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/entry.h"
#include "capture/field.h"
#include "conf/conf.h"
#include "packet/packet.h"

#define ETH_TYPE_AT 12
#define VLAN_LEN    4
#define VLAN_MAX    2
#define IP6_LEN	    40

static const char *const names[FIELDS] = {
	[FIELD_SRC4] = "src",
	[FIELD_DST4] = "dst",
	[FIELD_PROTO4] = "protocol",
	[FIELD_SRC6] = "src",
	[FIELD_DST6] = "dst",
	[FIELD_PROTO6] = "protocol",
	[FIELD_BEHIND6] = "protocol",
	[FIELD_SRC_PORT] = "src-port",
	[FIELD_DST_PORT] = "dst-port",
	[FIELD_OTHER] = "ip",
};

const char *
field_name(enum field f)
{
	return names[f];
}

/* ---- of entries -------------------------------------------------------- */

static struct axis_key
key_of(const struct addr *a)
{
	if (a->family == AF_INET)
		return (struct axis_key) { 0, bytes_get32(a->bytes) };
	return field_key6(a->bytes);
}

/* The last address of a prefix. */
static struct axis_key
last_key(const struct addr_prefix *p)
{
	unsigned bits = p->addr.family == AF_INET ? 32 : 128;
	unsigned host = bits - p->len;
	struct axis_key k = key_of(&p->addr);

	if (host >= 64) {
		k.lo = UINT64_MAX;
		if (host > 64)
			k.hi |= UINT64_MAX >> (128 - host);
	} else if (host > 0) {
		k.lo |= UINT64_MAX >> (64 - host);
	}
	return k;
}

/* The addresses of one family. All of them is no condition: the family is
 * asked for elsewhere. */
static void
add_prefixes(struct axis *a, size_t bit, const struct addr_prefix *v, size_t n,
    sa_family_t family)
{
	bool any = n == 0;

	for (size_t i = 0; i < n; i++)
		any |= v[i].addr.family == family && v[i].len == 0;
	if (any) {
		axis_add_any(a, bit);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].addr.family == family)
			axis_add(a, bit, key_of(&v[i].addr), last_key(&v[i]));
}

static void
add_ports(struct axis *a, size_t bit, const struct conf_ports *v, size_t n)
{
	if (n == 0)
		axis_add_any(a, bit);
	for (size_t i = 0; i < n; i++)
		axis_add(a, bit, (struct axis_key) { 0, v[i].lo },
		    (struct axis_key) { 0, v[i].hi });
}

static void
add_number(struct axis *a, size_t bit, unsigned number)
{
	axis_add(a, bit, (struct axis_key) { 0, number },
	    (struct axis_key) { 0, number });
}

/* icmp is looked for in IPv4 only, icmp6 in IPv6 only. Which protocols have
 * ports is known when a packet is read. */
static void
add_protocol(struct axis *a, size_t bit, unsigned protocol)
{
	if (protocol == CONF_PROTOCOL_ANY) {
		axis_add_any(&a[FIELD_PROTO4], bit);
		axis_add_any(&a[FIELD_PROTO6], bit);
		axis_add_any(&a[FIELD_BEHIND6], bit);
		return;
	}
	if (protocol != IPPROTO_ICMPV6)
		add_number(&a[FIELD_PROTO4], bit, protocol);
	if (protocol == IPPROTO_ICMP)
		return;
	add_number(&a[FIELD_PROTO6], bit, protocol);
	/* Looked at where a fragment header is, which has a number itself. */
	if (protocol == IPPROTO_FRAGMENT)
		axis_add_any(&a[FIELD_BEHIND6], bit);
	else
		add_number(&a[FIELD_BEHIND6], bit, protocol);
}

static bool
asks_for_nothing(const struct entry *e)
{
	return e->protocol == CONF_PROTOCOL_ANY &&
	    e->nsrc + e->ndst + e->nsrc_port + e->ndst_port == 0;
}

void
field_add_entry(struct axis a[static FIELDS], size_t bit, const struct entry *e)
{
	add_protocol(a, bit, e->protocol);
	add_prefixes(&a[FIELD_SRC4], bit, e->src, e->nsrc, AF_INET);
	add_prefixes(&a[FIELD_DST4], bit, e->dst, e->ndst, AF_INET);
	add_prefixes(&a[FIELD_SRC6], bit, e->src, e->nsrc, AF_INET6);
	add_prefixes(&a[FIELD_DST6], bit, e->dst, e->ndst, AF_INET6);
	add_ports(&a[FIELD_SRC_PORT], bit, e->src_port, e->nsrc_port);
	add_ports(&a[FIELD_DST_PORT], bit, e->dst_port, e->ndst_port);
	if (asks_for_nothing(e))
		axis_add_any(&a[FIELD_OTHER], bit);
}

/* ---- of packets -------------------------------------------------------- */

/* Ports at p, len bytes are there; there are none unless the protocol has
 * some. */
static void
read_ports(struct fields *f, unsigned protocol, const uint8_t *p, size_t len)
{
	bool has = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	    protocol == IPPROTO_SCTP;

	f->has_src_port = has && len >= 2;
	f->has_dst_port = has && len >= 4;
	if (f->has_src_port)
		f->src_port = bytes_get16(p);
	if (f->has_dst_port)
		f->dst_port = bytes_get16(p + 2);
}

static void
read_ip4(struct fields *f, const uint8_t *p, size_t len)
{
	size_t hlen;

	f->version = 4;
	f->has_protocol = len > 9;
	if (!f->has_protocol)
		return;
	f->protocol = p[9];
	f->has_src = len >= 16;
	f->has_dst = len >= 20;
	if (f->has_src)
		f->src.lo = bytes_get32(p + 12);
	if (f->has_dst)
		f->dst.lo = bytes_get32(p + 16);
	hlen = (size_t)(p[0] & 15) * 4;
	if (hlen <= len && (bytes_get16(p + 6) & 0x1fff) == 0)
		read_ports(f, f->protocol, p + hlen, len - hlen);
}

static void
read_ip6(struct fields *f, const uint8_t *p, size_t len)
{
	f->version = 6;
	f->has_protocol = len > 6;
	if (!f->has_protocol)
		return;
	f->protocol = p[6];
	f->has_src = len >= 24;
	f->has_dst = len >= IP6_LEN;
	if (f->has_src)
		f->src = field_key6(p + 8);
	if (!f->has_dst)
		return;
	f->dst = field_key6(p + 24);
	read_ports(f, f->protocol, p + IP6_LEN, len - IP6_LEN);
	f->is_fragment6 = f->protocol == IPPROTO_FRAGMENT && len > IP6_LEN;
	if (f->is_fragment6)
		f->protocol = p[IP6_LEN];
}

void
field_read(struct fields *f, const uint8_t *frame, size_t len)
{
	size_t at = ETH_TYPE_AT;
	unsigned type = 0;

	memset(f, 0, sizeof(*f));
	for (int i = 0; i <= VLAN_MAX && len >= at + 2; i++, at += VLAN_LEN) {
		type = bytes_get16(frame + at);
		if (!packet_is_vlan((uint16_t)type))
			break;
	}
	at += 2;
	if (type == ETHERTYPE_IP)
		read_ip4(f, frame + at, len - at);
	else if (type == ETHERTYPE_IPV6)
		read_ip6(f, frame + at, len - at);
}

struct addr
field_addr(const struct fields *f, struct axis_key k)
{
	struct addr a = { .family = f->version == 4 ? AF_INET : AF_INET6 };

	if (f->version == 4) {
		bytes_put32(a.bytes, (uint32_t)k.lo);
	} else {
		bytes_put32(a.bytes, (uint32_t)(k.hi >> 32));
		bytes_put32(a.bytes + 4, (uint32_t)k.hi);
		bytes_put32(a.bytes + 8, (uint32_t)(k.lo >> 32));
		bytes_put32(a.bytes + 12, (uint32_t)k.lo);
	}
	return a;
}
