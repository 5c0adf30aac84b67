/* SPDX-License-Identifier: ISC */
/* How a packet that was not captured here is thought to meet this host. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/iface.h"
#include "capture/field.h"
#include "conf/conf.h"
#include "conf/select.h"
#include "mirror/way.h"

#define MAC_LEN 6

/* What speaks for an interface, the strongest last. */
enum evidence { NOTHING, UP, ADDRESS, MAC };

struct guess {
	const struct iface *iface;
	enum evidence evidence;
	enum packet_direction direction; /* of ADDRESS and MAC */
};

struct search {
	const struct flowtext_way *said;
	const struct packet *packet;
	const struct fields *fields;
};

/* Whether the interface has the address that a packet in this direction has
 * of it. */
static bool
has_address(const struct iface *i, const struct fields *f,
    enum packet_direction d)
{
	bool has = d == PACKET_OUT ? f->has_src : f->has_dst;
	struct axis_key k = d == PACKET_OUT ? f->src : f->dst;

	for (size_t n = 0; has && n < i->naddrs; n++) {
		const struct addr *a = &i->addrs[n];

		if (f->version == 4 && a->family == AF_INET &&
		    bytes_get32(a->bytes) == k.lo)
			return true;
		if (f->version == 6 && a->family == AF_INET6 &&
		    field_key6(a->bytes).hi == k.hi &&
		    field_key6(a->bytes).lo == k.lo)
			return true;
	}
	return false;
}

static bool
has_mac(const struct iface *i, const struct packet *p, enum packet_direction d)
{
	static const uint8_t none[MAC_LEN];
	const uint8_t *mac = p->data + (d == PACKET_OUT ? MAC_LEN : 0);

	return p->caplen >= 2 * MAC_LEN && memcmp(i->mac, none, MAC_LEN) != 0 &&
	    memcmp(i->mac, mac, MAC_LEN) == 0;
}

static bool
may_be(const struct flowtext_way *said, enum packet_direction d)
{
	return said->direction == FLOWTEXT_BOTH ||
	    (said->direction == FLOWTEXT_OUT) == (d == PACKET_OUT);
}

static struct guess
look_at(const struct search *s, const struct iface *i)
{
	static const enum packet_direction both[] = { PACKET_OUT, PACKET_IN };
	struct guess g = { i, i->up ? UP : NOTHING, PACKET_IN };

	for (size_t n = 0; n < 2; n++) {
		enum packet_direction d = both[n];
		enum evidence e = !may_be(s->said, d) ? NOTHING :
		    has_mac(i, s->packet, d)	      ? MAC :
		    has_address(i, s->fields, d)      ? ADDRESS :
							NOTHING;

		if (e > g.evidence) {
			g.evidence = e;
			g.direction = d;
		}
	}
	return g;
}

/* The interface that is said, if it is a source. */
static struct guess
take_said(struct way *w, const struct conf *c, const struct conf_mirror *cm,
    const struct iface_list *l, const struct search *s)
{
	const struct iface *i = iface_by_name(l, s->said->interface);
	const char *name = s->said->interface;

	if (i == NULL)
		snprintf(w->source_why, WAY_TEXT_MAX,
		    "there is no interface %s here", name);
	else if (!i->ethernet)
		snprintf(w->source_why, WAY_TEXT_MAX,
		    "%s has no Ethernet frames", name);
	else if (!select_source(c, cm, i))
		snprintf(w->source_why, WAY_TEXT_MAX,
		    "%s is none of the mirror's sources%s", name,
		    select_owns_target(c, i) ?
			" (it owns the address of a target)" :
			"");
	else
		return look_at(s, i);
	return (struct guess) { .iface = NULL };
}

static struct guess
choose(const struct conf *c, const struct conf_mirror *cm,
    const struct iface_list *l, const struct search *s)
{
	struct guess best = { .iface = NULL };

	for (size_t n = 0; n < l->n; n++) {
		struct guess g;

		if (!select_source(c, cm, &l->v[n]))
			continue;
		g = look_at(s, &l->v[n]);
		if (best.iface == NULL || g.evidence > best.evidence)
			best = g;
	}
	return best;
}

/* Adds the other sources, as far as there is room. */
static void
add_others(struct way *w, const struct conf *c, const struct conf_mirror *cm,
    const struct iface_list *l)
{
	size_t len = strlen(w->source_why);
	const char *before = "; others: ";

	for (size_t n = 0; n < l->n; n++) {
		if (&l->v[n] == w->iface || !select_source(c, cm, &l->v[n]))
			continue;
		if (len + IFNAMSIZ + 16 > WAY_TEXT_MAX) {
			snprintf(w->source_why + len, WAY_TEXT_MAX - len,
			    ", ...");
			return;
		}
		len += (size_t)snprintf(w->source_why + len, WAY_TEXT_MAX - len,
		    "%s%s", before, l->v[n].name);
		before = ", ";
	}
}

static void
say_source(struct way *w, const struct guess *g, bool said)
{
	const char *end = g->direction == PACKET_OUT ? "source" : "destination";

	if (g->iface == NULL)
		snprintf(w->source_why, WAY_TEXT_MAX,
		    "no interface here is one of the mirror's sources");
	else if (said)
		snprintf(w->source_why, WAY_TEXT_MAX, "%s", g->iface->name);
	else if (g->evidence >= ADDRESS)
		snprintf(w->source_why, WAY_TEXT_MAX,
		    "%s, which has the %s's %saddress", g->iface->name, end,
		    g->evidence == MAC ? "MAC " : "");
	else
		snprintf(w->source_why, WAY_TEXT_MAX, "%s, the first of them%s",
		    g->iface->name, g->evidence == UP ? " that is up" : "");
}

/* lo sees each frame twice. */
static void
find_direction(struct way *w, const struct conf_mirror *cm,
    const struct guess *g, const struct flowtext_way *said)
{
	const char *why = "as was said";

	w->has_direction = true;
	if (said->direction != FLOWTEXT_BOTH) {
		w->direction = said->direction == FLOWTEXT_OUT ? PACKET_OUT :
								 PACKET_IN;
	} else if (g->iface != NULL && g->iface->loopback) {
		w->direction = cm->direction == CONF_DIR_OUT ? PACKET_OUT :
							       PACKET_IN;
		why = "as lo sees each frame out and in";
	} else if (g->iface != NULL && g->evidence >= ADDRESS) {
		w->direction = g->direction;
		why = g->direction == PACKET_OUT ?
		    "as the source is this host's" :
		    "as the destination is this host's";
	} else {
		w->has_direction = false;
		snprintf(w->direction_why, WAY_TEXT_MAX,
		    "nothing tells whether it goes in or out");
		return;
	}
	snprintf(w->direction_why, WAY_TEXT_MAX, "%s, %s",
	    w->direction == PACKET_OUT ? "out" : "in", why);
}

void
way_find(struct way *w, const struct conf *c, const struct conf_mirror *cm,
    const struct iface_list *l, const struct flowtext_way *said,
    const struct packet *p, const struct fields *f)
{
	struct search s = { said, p, f };
	bool named = said->interface[0] != '\0';
	struct guess g;

	memset(w, 0, sizeof(*w));
	g = named ? take_said(w, c, cm, l, &s) : choose(c, cm, l, &s);
	w->iface = g.iface;
	if (w->source_why[0] == '\0')
		say_source(w, &g, named);
	if (g.iface != NULL && !named)
		add_others(w, c, cm, l);
	find_direction(w, cm, &g, said);
}
