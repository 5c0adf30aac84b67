/* SPDX-License-Identifier: ISC */
/* A frame in a tunnel in a frame: one layer after the other. */
#include "config.h"

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/bytes.h"
#include "packet/packet.h"
#include "packet/tunnel.h"

#define ETH_TYPE_AT 12
#define ETH_HEADER  14
#define VLAN_LEN    4
#define VLAN_MAX    8
#define IP4_LEN	    20
#define IP4_MORE    0x2000
#define IP4_OFFSET  0x1fff
#define IP6_LEN	    40
#define IP6_MORE    0x0001
#define IP6_OFFSET  0xfff8
#define EXT_LEN	    8
#define EXT_MAX	    8
#define ICMP_QUOTE  8 /* where the quoted packet begins */
#define UDP_LEN	    8
#define VNI_LEN	    8 /* a VXLAN header, and GENEVE's without options */

#define VXLAN_WORD	0x08000000u
#define GENEVE_WORD	0x00006558u
#define GENEVE_MASK	0xc000ffffu /* version and protocol */
#define GENEVE_OPTIONS	0x3f	    /* of the first byte, in words */
#define GRE_CHECKSUM	0x8000u
#define GRE_KEY		0x2000u
#define GRE_SEQUENCE	0x1000u
#define GRE_REFUSED	0x4007u /* routing; a version but 0 */
#define GRE_ETHERNET	0x6558u
#define GRE_ERSPAN	0x88beu
#define GRE_ERSPAN3	0x22ebu
#define ERSPAN_LEN	8
#define ERSPAN3_LEN	12
#define ERSPAN3_OPTION	1 /* of the last byte: as many bytes again follow */
#define ERSPAN3_OPT_LEN 8
#define ERSPAN_SESSION	0x3ffu

static void
set_inner(struct tunnel *t, struct bytes_view v, size_t header, uint16_t type)
{
	if (!bytes_skip(&v, header))
		return;
	t->inner = v.p;
	t->inner_len = v.len;
	t->inner_type = type;
}

static void
set_copy(struct tunnel *t, enum conf_encap encap, uint32_t session)
{
	t->kind = TUNNEL_COPY;
	t->encap = encap;
	t->session = session;
}

static void
udp_read(struct tunnel *t, struct bytes_view v)
{
	uint32_t word, vni;

	if (v.len < UDP_LEN)
		return;
	t->port = bytes_get16(v.p + 2);
	bytes_skip(&v, UDP_LEN);
	if (v.len < VNI_LEN) {
		if (t->quoted)
			t->kind = TUNNEL_UNKNOWN;
		return;
	}
	word = bytes_get32(v.p);
	vni = bytes_get32(v.p + 4);
	if (word == VXLAN_WORD && (vni & 0xff) == 0) {
		set_copy(t, CONF_VXLAN, vni >> 8);
		set_inner(t, v, VNI_LEN, 0);
	} else if ((word & GENEVE_MASK) == GENEVE_WORD) {
		t->kind = TUNNEL_ETHERNET;
		if (word == GENEVE_WORD && (vni & 0xff) == 0)
			set_copy(t, CONF_GENEVE, vni >> 8);
		set_inner(t, v, VNI_LEN + (v.p[0] & GENEVE_OPTIONS) * 4u, 0);
	}
}

static void
erspan_read(struct tunnel *t, struct bytes_view v, bool sequence,
    uint16_t proto)
{
	bool third = proto == GRE_ERSPAN3;
	size_t len = third ? ERSPAN3_LEN : ERSPAN_LEN;
	uint32_t word;

	/* Type I has no header of its own. */
	if (!third && !sequence) {
		set_inner(t, v, 0, 0);
		return;
	}
	if (v.len < len)
		return;
	word = bytes_get32(v.p);
	if (sequence && word >> 28 == (third ? 2 : 1))
		set_copy(t, third ? CONF_ERSPAN3 : CONF_ERSPAN,
		    word & ERSPAN_SESSION);
	if (third && (v.p[ERSPAN3_LEN - 1] & ERSPAN3_OPTION) != 0)
		len += ERSPAN3_OPT_LEN;
	set_inner(t, v, len, 0);
}

static void
gre_read(struct tunnel *t, struct bytes_view v)
{
	uint32_t flags, proto, key = 0;
	size_t len = 4;

	if (v.len < len)
		return;
	flags = bytes_get16(v.p);
	proto = bytes_get16(v.p + 2);
	if ((flags & GRE_REFUSED) != 0)
		return;
	len += (flags & GRE_CHECKSUM) != 0 ? 4 : 0;
	if ((flags & GRE_KEY) != 0 && v.len >= len + 4)
		key = bytes_get32(v.p + len);
	len += (flags & GRE_KEY) != 0 ? 4 : 0;
	len += (flags & GRE_SEQUENCE) != 0 ? 4 : 0;
	if (proto == GRE_ETHERNET) {
		t->kind = TUNNEL_ETHERNET;
		if ((flags & ~GRE_SEQUENCE) == GRE_KEY)
			set_copy(t, CONF_GRE, key);
		set_inner(t, v, len, 0);
	} else if (proto == GRE_ERSPAN || proto == GRE_ERSPAN3) {
		t->kind = TUNNEL_ETHERNET;
		if (bytes_skip(&v, len))
			erspan_read(t, v, flags == GRE_SEQUENCE,
			    (uint16_t)proto);
	} else if (proto == ETHERTYPE_IP || proto == ETHERTYPE_IPV6) {
		t->kind = TUNNEL_IP;
		set_inner(t, v, len, (uint16_t)proto);
	}
}

static void
icmp_read(struct tunnel *t, struct bytes_view v)
{
	bool error;

	if (v.len < ICMP_QUOTE)
		return;
	if (t->version == 4)
		error = v.p[0] == ICMP_DEST_UNREACH ||
		    v.p[0] == ICMP_SOURCE_QUENCH || v.p[0] == ICMP_REDIRECT ||
		    v.p[0] == ICMP_TIME_EXCEEDED ||
		    v.p[0] == ICMP_PARAMETERPROB;
	else
		error = v.p[0] >= ICMP6_DST_UNREACH &&
		    v.p[0] <= ICMP6_PARAM_PROB;
	if (!error)
		return;
	set_inner(t, v, ICMP_QUOTE,
	    t->version == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6);
	t->quoted = true;
}

/* What the IP packet carries; whether that is of interest. */
static bool
payload_read(struct tunnel *t, struct bytes_view v)
{
	if (t->fragment == TUNNEL_LATER)
		return true;
	switch (t->proto) {
	case IPPROTO_UDP:
		udp_read(t, v);
		break;
	case IPPROTO_GRE:
		gre_read(t, v);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		icmp_read(t, v);
		break;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		t->kind = TUNNEL_IP;
		set_inner(t, v, 0,
		    t->proto == IPPROTO_IPIP ? ETHERTYPE_IP : ETHERTYPE_IPV6);
		break;
	}
	return t->kind != TUNNEL_NONE || t->inner != NULL ||
	    t->fragment == TUNNEL_FIRST;
}

/* Both return false if v is no such packet; *missing: whether its end is. */
static bool
ip4_read(struct tunnel *t, struct bytes_view *v, bool *missing)
{
	const uint8_t *p = v->p;
	unsigned fragment;
	size_t hlen;

	*missing = v->len < IP4_LEN;
	if (*missing || p[0] >> 4 != 4)
		return false;
	*missing = bytes_get16(p + 2) > v->len;
	fragment = bytes_get16(p + 6);
	hlen = (size_t)(p[0] & 15) * 4;
	if (hlen < IP4_LEN || !bytes_skip(v, hlen))
		return false;
	t->version = 4;
	t->src = p + 12;
	t->dst = p + 16;
	t->proto = p[9];
	t->id = bytes_get16(p + 4);
	if ((fragment & IP4_OFFSET) != 0)
		t->fragment = TUNNEL_LATER;
	else if ((fragment & IP4_MORE) != 0)
		t->fragment = TUNNEL_FIRST;
	return true;
}

static void
fragment_read(struct tunnel *t, const uint8_t *p)
{
	unsigned fragment = bytes_get16(p + 2);

	t->id = bytes_get32(p + 4);
	if ((fragment & IP6_OFFSET) != 0)
		t->fragment = TUNNEL_LATER;
	else if ((fragment & IP6_MORE) != 0)
		t->fragment = TUNNEL_FIRST;
}

/* Stops at an extension header that it does not know, or that is cut off. */
static void
extensions_skip(struct tunnel *t, struct bytes_view *v)
{
	for (int i = 0; i < EXT_MAX && v->len >= EXT_LEN; i++) {
		const uint8_t *p = v->p;
		size_t n = EXT_LEN;

		if (t->fragment == TUNNEL_LATER)
			return;
		if (t->proto == IPPROTO_FRAGMENT)
			fragment_read(t, p);
		else if (t->proto == IPPROTO_HOPOPTS ||
		    t->proto == IPPROTO_ROUTING || t->proto == IPPROTO_DSTOPTS)
			n = (size_t)(p[1] + 1) * 8;
		else
			return;
		if (!bytes_skip(v, n))
			return;
		t->proto = p[0];
	}
}

static bool
ip6_read(struct tunnel *t, struct bytes_view *v, bool *missing)
{
	const uint8_t *p = v->p;

	*missing = v->len < IP6_LEN;
	if (*missing || p[0] >> 4 != 6)
		return false;
	*missing = IP6_LEN + (size_t)bytes_get16(p + 4) > v->len;
	t->version = 6;
	t->src = p + 8;
	t->dst = p + 24;
	t->proto = p[6];
	bytes_skip(v, IP6_LEN);
	extensions_skip(t, v);
	return true;
}

/* The next layer into *t, which says in what it is quoted; see tunnel_first
 * for the result. */
static bool
ip_read(struct tunnel *t, struct bytes_view v, uint16_t type, bool *missing)
{
	*missing = false;
	if (type == ETHERTYPE_IP) {
		if (!ip4_read(t, &v, missing))
			return false;
	} else if (type != ETHERTYPE_IPV6 || !ip6_read(t, &v, missing)) {
		return false;
	}
	return payload_read(t, v);
}

/* Steps over the Ethernet header and tags. Returns the EtherType, 0 if there
 * is none. */
static uint16_t
ethernet_skip(struct bytes_view *v)
{
	uint16_t type;

	if (v->len < ETH_HEADER)
		return 0;
	type = bytes_get16(v->p + ETH_TYPE_AT);
	bytes_skip(v, ETH_HEADER);
	for (int i = 0; i < VLAN_MAX && packet_is_vlan(type); i++) {
		if (v->len < VLAN_LEN)
			return 0;
		type = bytes_get16(v->p + 2);
		bytes_skip(v, VLAN_LEN);
	}
	return type;
}

bool
tunnel_first(struct tunnel *t, const uint8_t *frame, size_t len)
{
	struct bytes_view v = { frame, len };
	uint16_t type = ethernet_skip(&v);
	bool missing;

	*t = (struct tunnel) { 0 };
	return ip_read(t, v, type, &missing);
}

bool
tunnel_next(struct tunnel *t)
{
	struct bytes_view v = { t->inner, t->inner_len };
	struct tunnel next = { .quoted = t->quoted, .cut = t->cut };
	uint16_t type = t->inner_type;
	bool ok, missing;

	if (t->inner == NULL)
		return false;
	if (type == 0)
		type = ethernet_skip(&v);
	ok = ip_read(&next, v, type, &missing);
	next.cut |= missing;
	t->cut = next.cut;
	if (ok)
		*t = next;
	return ok;
}
