/* SPDX-License-Identifier: ISC */
/* Rules in userspace: whether they collect a frame, and which one does. */
#include "config.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"
#include "capture/axis.h"
#include "capture/classifier.h"
#include "capture/entry.h"
#include "capture/field.h"
#include "capture/look.h"
#include "conf/conf.h"

#define ETH_TYPE_AT 12
#define VLAN_LEN    4
#define VLAN_MAX    2

/* Bits of axes are entries. Under filter = all they are two for each rule,
 * should any be bidirectional: the second may stay empty. */
struct classifier {
	enum conf_filter filter;
	size_t nrules;
	bool *drop;	 /* of each rule */
	uint32_t *rule;	 /* of each bit */
	uint32_t *least; /* rule of each word of bits */
	size_t nbits;
	unsigned shift; /* of rules, to get bits: filter = all only */
	struct axis axes[FIELDS];
	bool idle[FIELDS]; /* takes every value for every entry */
};

/* ---- building ---------------------------------------------------------- */

static int
allocate(struct classifier *c)
{
	size_t nwords = axis_words(c->nbits);

	c->drop = calloc(c->nrules + 1, sizeof(*c->drop));
	c->rule = calloc(c->nbits + 1, sizeof(*c->rule));
	c->least = calloc(nwords + 1, sizeof(*c->least));
	if (c->drop == NULL || c->rule == NULL || c->least == NULL)
		return -1;
	memset(c->least, 0xff, nwords * sizeof(*c->least));
	for (int i = 0; i < FIELDS; i++)
		axis_init(&c->axes[i], c->nbits, field_is_wide((enum field)i));
	return 0;
}

static int
add_entries(struct classifier *c, const struct entry *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool reply = i > 0 && v[i].rule == v[i - 1].rule;
		size_t bit = c->filter == CONF_FILTER_ALL ?
		    ((size_t)v[i].rule << c->shift) + reply :
		    i;
		uint32_t *least = &c->least[bit / 64];

		field_add_entry(c->axes, bit, &v[i]);
		c->rule[bit] = v[i].rule;
		*least = v[i].rule < *least ? v[i].rule : *least;
	}
	for (int i = 0; i < FIELDS; i++) {
		if (axis_build(&c->axes[i]) == -1)
			return -1;
		c->idle[i] = c->axes[i].nany == n;
	}
	return 0;
}

static int
build(struct classifier *c, const struct conf_mirror *m)
{
	size_t n;
	struct entry *v = entry_list(m, &n);
	int rc = -1;

	c->shift = n > m->nrules;
	c->nbits = n;
	if (c->filter == CONF_FILTER_ALL)
		c->nbits = m->nrules << c->shift;
	if (v != NULL && allocate(c) == 0) {
		for (size_t i = 0; i < m->nrules; i++)
			c->drop[i] = m->rules[i].drop;
		if (c->filter != CONF_FILTER_ALL)
			entry_sort(v, n);
		rc = add_entries(c, v, n);
	}
	free(v);
	return rc;
}

int
classifier_new(struct classifier **out, const struct conf_mirror *m,
    struct err *err)
{
	struct classifier *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_sys(err, "rules");
	c->filter = m->filter;
	c->nrules = m->nrules;
	if (build(c, m) == -1) {
		classifier_free(c);
		return err_set(err, "rules: no memory");
	}
	*out = c;
	return 0;
}

void
classifier_free(struct classifier *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < FIELDS; i++)
		axis_fini(&c->axes[i]);
	free(c->drop);
	free(c->rule);
	free(c->least);
	free(c);
}

bool
classifier_tells(const struct classifier *c)
{
	return c->filter != CONF_FILTER_ALL && c->nrules > 1;
}

bool
classifier_equal(const struct classifier *a, const struct classifier *b)
{
	if (a->filter != b->filter || a->nrules != b->nrules ||
	    a->nbits != b->nbits ||
	    memcmp(a->drop, b->drop, a->nrules * sizeof(*a->drop)) != 0 ||
	    memcmp(a->rule, b->rule, a->nbits * sizeof(*a->rule)) != 0)
		return false;
	for (int i = 0; i < FIELDS; i++)
		if (!axis_equal(&a->axes[i], &b->axes[i]))
			return false;
	return true;
}

/* ---- packets ----------------------------------------------------------- */

/* Looks v up unless every rule takes every value of the field. */
static inline void
look_for(struct look *l, const struct classifier *c, enum field field,
    bool present, uint32_t v)
{
	const struct axis *a = &c->axes[field];

	if (!c->idle[field])
		look_add(l, a, present ? axis_find(a, v) : axis_absent(a));
}

static void
look_for_address6(struct look *l, const struct classifier *c, enum field field,
    const uint8_t *p)
{
	const struct axis *a = &c->axes[field];

	if (c->idle[field])
		return;
	if (p == NULL) {
		look_add(l, a, axis_absent(a));
		return;
	}
	look_add(l, a, axis_find_wide(a, field_key6(p)));
}

/* Ports at p, len bytes are there; there are none unless the protocol has
 * some. */
static void
look_for_ports(struct look *l, const struct classifier *c, unsigned protocol,
    const uint8_t *p, size_t len)
{
	bool has = protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	    protocol == IPPROTO_SCTP;
	bool src = has && len >= 2, dst = has && len >= 4;

	look_for(l, c, FIELD_DST_PORT, dst, dst ? bytes_get16(p + 2) : 0);
	look_for(l, c, FIELD_SRC_PORT, src, src ? bytes_get16(p) : 0);
}

/* Nothing but the fields themselves is checked, as in libpcap's programs: the
 * header length is believed, and the version is that of the EtherType. */
static void
look_at_ip4(struct look *l, const struct classifier *c, const uint8_t *p,
    size_t len)
{
	unsigned protocol = len > 9 ? p[9] : 0;
	size_t hlen = len > 9 ? (size_t)(p[0] & 15) * 4 : 0;
	bool fragment = len > 9 && (bytes_get16(p + 6) & 0x1fff) != 0;

	if (hlen > len || fragment)
		hlen = len;
	look_for(l, c, FIELD_SRC4, len >= 16,
	    len >= 16 ? bytes_get32(p + 12) : 0);
	look_for(l, c, FIELD_DST4, len >= 20,
	    len >= 20 ? bytes_get32(p + 16) : 0);
	look_for_ports(l, c, protocol, p + hlen, len - hlen);
	look_for(l, c, FIELD_PROTO4, len > 9, protocol);
}

/* Ports are looked for right behind the fixed header, a protocol behind a
 * fragment header too. */
static void
look_at_ip6(struct look *l, const struct classifier *c, const uint8_t *p,
    size_t len)
{
	unsigned protocol = len > 6 ? p[6] : 0;
	size_t hlen = len < 40 ? len : 40;

	look_for_address6(l, c, FIELD_SRC6, len >= 24 ? p + 8 : NULL);
	look_for_address6(l, c, FIELD_DST6, len >= 40 ? p + 24 : NULL);
	look_for_ports(l, c, protocol, p + hlen, len - hlen);
	if (protocol == IPPROTO_FRAGMENT && len > 40)
		look_for(l, c, FIELD_BEHIND6, true, p[40]);
	else
		look_for(l, c, FIELD_PROTO6, len > 6, protocol);
}

static void
look_at(struct look *l, const struct classifier *c, const uint8_t *frame,
    size_t len)
{
	size_t at = ETH_TYPE_AT;
	unsigned type = 0;

	for (int i = 0; i <= VLAN_MAX && len >= at + 2; i++, at += VLAN_LEN) {
		type = bytes_get16(frame + at);
		if (!packet_is_vlan((uint16_t)type))
			break;
	}
	at += 2;
	if (type == ETHERTYPE_IP)
		look_at_ip4(l, c, frame + at, len - at);
	else if (type == ETHERTYPE_IPV6)
		look_at_ip6(l, c, frame + at, len - at);
	else
		look_for(l, c, FIELD_OTHER, false, 0);
}

bool
classifier_match(const struct classifier *c, const uint8_t *frame,
    size_t caplen, uint32_t *rule)
{
	struct look l = { .n = 0 };
	uint32_t first;

	*rule = PACKET_NO_RULE;
	if (c->nrules == 0)
		return true;
	look_at(&l, c, frame, caplen);
	if (c->filter == CONF_FILTER_ALL)
		return look_all(&l, c->nbits, c->shift);
	first = look_least(&l, c->rule, c->least, c->nbits);
	if (first == LOOK_NONE || c->drop[first])
		return false;
	*rule = first;
	return true;
}
