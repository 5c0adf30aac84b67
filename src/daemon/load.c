/* SPDX-License-Identifier: ISC */
/* A configuration read, checked by itself, against the host and libpcap. */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "base/log.h"
#include "capture/filter.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "conf/overlay.h"
#include "conf/select.h"
#include "daemon/load.h"
#include "daemon/onlink.h"
#include "daemon/resolve.h"

static void
check_filter(const struct conf *c, const struct conf_mirror *m,
    struct conf_report *r)
{
	const struct conf_pos *pos = m->bpf == NULL ? &m->pos : &m->bpf_pos;
	struct filter *f;
	struct err err;

	if (filter_new(&f, c, m, &err) == -1) {
		conf_report_error(r, pos, "mirror \"%s\": %s", m->name,
		    err.text);
		return;
	}
	if (filter_place(f) == FILTER_USER_TOO_BIG)
		conf_report_warn(r, pos,
		    "mirror \"%s\": the kernel refuses a filter of this size, "
		    "so each packet is matched in userspace: use fewer rules "
		    "or a shorter bpf, or raise net.core.optmem_max",
		    m->name);
	if (filter_place(f) == FILTER_USER_VLAN)
		conf_report_warn(r, pos,
		    "mirror \"%s\": bpf looks at VLAN tags, which the kernel "
		    "keeps outside the frame, so each packet is matched in "
		    "userspace",
		    m->name);
	filter_free(f);
}

/* Nobody asks which interfaces are reachable that are not up. */
static void
check_next_hop(const struct conf *c, const struct conf_mirror *m,
    const struct addr *a, const struct iface_list *ifaces,
    struct conf_report *r)
{
	char text[ADDR_TEXT_MAX];
	bool any = false;

	for (size_t i = 0; i < ifaces->n; i++) {
		const struct iface *f = &ifaces->v[i];

		if (!f->up || !select_source(c, m, f))
			continue;
		if (onlink_reaches(f->index, a))
			return;
		any = true;
	}
	if (any)
		conf_report_warn(r, &m->next_hops_pos,
		    "mirror \"%s\": next-hop: %s is in no network of a source: "
		    "nothing that is sent there can be collected",
		    m->name, addr_format(a, text));
}

static void
check_next_hops(const struct conf *c, const struct iface_list *ifaces,
    struct conf_report *r)
{
	for (size_t i = 0; i < c->nmirrors; i++)
		for (size_t j = 0; j < c->mirrors[i].nnext_hops; j++)
			check_next_hop(c, &c->mirrors[i],
			    &c->mirrors[i].next_hops[j], ifaces, r);
}

static void
check(const struct conf *c, struct conf_report *r)
{
	struct iface_list ifaces;
	struct err err;

	for (size_t i = 0; i < c->nmirrors; i++)
		check_filter(c, &c->mirrors[i], r);
	if (iface_list_get(&ifaces, &err) == -1) {
		conf_report_error(r, &(struct conf_pos) { 0 }, "%s", err.text);
	} else {
		check_next_hops(c, &ifaces, r);
		conf_check_host(c, &ifaces, r);
		iface_list_fini(&ifaces);
	}
}

struct conf *
load_conf(const char *path, const struct resolve *known, struct conf_report *r)
{
	struct conf *c = conf_load(path, r), *placed;

	if (c == NULL)
		return NULL;
	placed = overlay_new(c);
	if (placed == NULL || resolve_apply(known, placed) == -1)
		conf_report_error(r, NULL, "out of memory");
	else
		check(placed, r);
	conf_free(placed);
	if (r->nerrors == 0)
		return c;
	conf_free(c);
	return NULL;
}

/* What says "place: warning: what" by itself: the log has its own word. */
static void
say_warning(const char *line)
{
	static const char first[] = "warning: ", word[] = " warning:";
	const char *at = strstr(line, word);

	if (strncmp(line, first, strlen(first)) == 0)
		log_warnx("%s", line + strlen(first));
	else if (at == NULL)
		log_warnx("%s", line);
	else
		log_warnx("%.*s%s", (int)(at - line), line, at + strlen(word));
}

void
load_log(const struct conf_report *r)
{
	for (size_t i = 0; i < r->nerrors; i++)
		log_error("%s", r->errors[i]);
	for (size_t i = 0; i < r->nwarnings; i++)
		say_warning(r->warnings[i]);
}
