/* SPDX-License-Identifier: ISC */
/* What a configuration means on this host. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/report.h"
#include "conf/select.h"

#define ETHER_HEADER 14u
#define VLAN_TAG     4u

/* Whether an earlier mirror said the same: once is enough. */
static bool
said_before(const struct conf *c, const struct conf_word *w)
{
	for (size_t i = 0; i < c->nmirrors; i++)
		for (size_t j = 0; j < c->mirrors[i].sources.n; j++) {
			const struct conf_word *o = &c->mirrors[i].sources.v[j];

			if (o == w)
				return false;
			if (strcmp(o->text, w->text) == 0)
				return true;
		}
	return false;
}

static void
warn_missing(const struct conf *c, const struct conf_mirror *m,
    const struct conf_word *w, struct conf_report *r)
{
	if (said_before(c, w))
		return;
	switch (select_kind(w->text)) {
	case SELECT_ALL:
		conf_report_warn(r, &w->pos,
		    "mirror \"%s\": sources: "
		    "there is no interface to collect from yet",
		    m->name);
		break;
	case SELECT_GLOB:
		conf_report_warn(r, &w->pos,
		    "mirror \"%s\": sources: "
		    "no interface matches \"%s\" yet",
		    m->name, w->text);
		break;
	case SELECT_ADDRESS:
		conf_report_warn(r, &w->pos,
		    "mirror \"%s\": sources: "
		    "no interface has the address %s yet",
		    m->name, w->text);
		break;
	case SELECT_NAME:
		conf_report_warn(r, &w->pos,
		    "mirror \"%s\": sources: "
		    "interface %s does not exist yet",
		    m->name, w->text);
		break;
	}
}

static void
check_source(const struct conf *c, const struct conf_mirror *m,
    const struct conf_word *w, const struct iface_list *ifaces,
    struct conf_report *r)
{
	bool found = false;

	for (size_t i = 0; i < ifaces->n; i++) {
		const struct iface *f = &ifaces->v[i];

		if (!select_word(c, w->text, f))
			continue;
		found = true;
		if (!f->ethernet)
			conf_report_error(r, &w->pos,
			    "mirror \"%s\": sources: "
			    "%s has no Ethernet frames (Ethernet interfaces "
			    "and lo are allowed)",
			    m->name, f->name);
		else if (select_owns_target(c, f))
			conf_report_error(r, &w->pos,
			    "mirror \"%s\": sources: "
			    "source and target on the same interface: %s owns "
			    "the address of a target",
			    m->name, f->name);
	}
	if (!found)
		warn_missing(c, m, w, r);
}

static void
check_target(const struct conf_target *t, const struct iface_list *ifaces,
    struct conf_report *r)
{
	for (size_t i = 0; i < t->nplaces; i++)
		if (iface_by_addr(ifaces, &t->places[i].address) != NULL)
			conf_report_warn(r, &t->address_pos,
			    "target \"%s\": address is this host's own: "
			    "copies stay here",
			    t->name);
}

/* Bytes of the largest frame of an interface with that MTU, as copied. */
static unsigned
copied_length(const struct conf_mirror *m, unsigned mtu)
{
	mtu += ETHER_HEADER;
	return m->truncate != 0 && m->truncate < mtu ? m->truncate : mtu;
}

/* Of those that have to fit into the path: a larger MTU of the interface they
 * leave by would only make larger frames there. */
static unsigned
largest_frame(const struct conf *c, const struct conf_mirror *m,
    const struct iface_list *ifaces, const struct iface *egress)
{
	unsigned mtu = 0;

	for (size_t i = 0; i < ifaces->n; i++)
		if (!ifaces->v[i].loopback && &ifaces->v[i] != egress &&
		    select_source(c, m, &ifaces->v[i]) &&
		    ifaces->v[i].mtu > mtu)
			mtu = ifaces->v[i].mtu;
	return mtu == 0 ? 0 : copied_length(m, mtu);
}

/* From the outer IP header to the copied frame. */
static unsigned
overhead(const struct conf_target *t, const struct conf_place *p)
{
	unsigned ip = p->address.family == AF_INET ? 20 : 40;

	switch (t->encap) {
	case CONF_GRE:
		return ip + 8 + (t->sequence ? 4 : 0);
	case CONF_ERSPAN3:
		return ip + 8 + 12;
	default:
		return ip + 8 + 8;
	}
}

/* One place of a target, as a mirror sends to it. */
struct way {
	const struct conf_mirror *mirror;
	const struct conf_target *target;
	unsigned overhead;
	struct iface_route route;
	const struct iface *egress;
};

/* Copies of an interface that leave by it: they would grow with its MTU, so
 * raising that is no help. */
static bool
check_own_path(const struct conf *c, const struct way *w, struct conf_report *r)
{
	const struct iface *egress = w->egress;
	unsigned need;

	if (egress == NULL || egress->loopback ||
	    !select_source(c, w->mirror, egress))
		return true;
	need = copied_length(w->mirror, egress->mtu) + w->overhead;
	if (need <= w->route.mtu)
		return true;
	conf_report_warn(r, &w->target->address_pos,
	    "mirror \"%s\": "
	    "target \"%s\": full-size copies of %s need %u bytes, but "
	    "leave by it, and the path has %u: set truncate = %u, or "
	    "they are %s (oversize)",
	    w->mirror->name, w->target->name, egress->name, need, w->route.mtu,
	    w->route.mtu - w->overhead,
	    conf_oversize_becomes(w->mirror->oversize));
	return false;
}

/* Returns false after a warning, or an error. */
static bool
check_path(const struct conf *c, const struct conf_mirror *m,
    const struct conf_target *t, const struct conf_place *p,
    const struct iface_list *ifaces, struct conf_report *r)
{
	struct way w = { .mirror = m, .target = t, .overhead = overhead(t, p) };
	unsigned frame, need;
	struct err err;

	if (t->interface != NULL &&
	    iface_by_name(ifaces, t->interface) == NULL) {
		conf_report_error(r, &t->address_pos,
		    "target \"%s\": interface: there is no interface \"%s\" "
		    "here",
		    t->name, t->interface);
		return false;
	}
	if (iface_route_get(&w.route, &p->address, t->interface, &err) == -1) {
		conf_report_warn(r, &t->address_pos,
		    "mirror \"%s\": "
		    "target \"%s\": %s",
		    m->name, t->name, err.text);
		return false;
	}
	w.egress = t->interface != NULL ?
	    iface_by_name(ifaces, t->interface) :
	    iface_by_addr(ifaces, &w.route.source);
	frame = largest_frame(c, m, ifaces, w.egress);
	need = frame + w.overhead;
	if (frame == 0 || need <= w.route.mtu)
		return check_own_path(c, &w, r);
	conf_report_warn(r, &t->address_pos,
	    "mirror \"%s\": "
	    "target \"%s\": full-size copies need %u bytes (%u more "
	    "with a VLAN tag), the path has %u: raise its MTU by %u, "
	    "set truncate = %u, or they are %s (oversize)",
	    m->name, t->name, need, VLAN_TAG, w.route.mtu, need - w.route.mtu,
	    w.route.mtu - w.overhead, conf_oversize_becomes(m->oversize));
	return false;
}

/* Once for a target is enough: its places differ little. */
static void
check_paths(const struct conf *c, const struct conf_mirror *m,
    const struct conf_target *t, const struct iface_list *ifaces,
    struct conf_report *r)
{
	for (size_t i = 0; i < t->nplaces; i++)
		if (!check_path(c, m, t, &t->places[i], ifaces, r))
			return;
}

void
conf_check_host(const struct conf *c, const struct iface_list *ifaces,
    struct conf_report *r)
{
	for (size_t i = 0; i < c->ntargets; i++)
		check_target(&c->targets[i], ifaces, r);
	for (size_t i = 0; i < c->nmirrors; i++) {
		const struct conf_mirror *m = &c->mirrors[i];

		for (size_t j = 0; j < m->sources.n; j++)
			check_source(c, m, &m->sources.v[j], ifaces, r);
		for (size_t j = 0; j < m->ntargets; j++)
			check_paths(c, m, m->targets[j], ifaces, r);
	}
	report_sort(r, c->files);
}
