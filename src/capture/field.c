/* SPDX-License-Identifier: ISC */
/* The fields that rules have conditions on, and what they ask of each. */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "capture/entry.h"
#include "capture/field.h"
#include "conf/conf.h"

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
