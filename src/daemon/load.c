/* SPDX-License-Identifier: ISC */
/* A configuration read, checked by itself, against the host and libpcap. */
#include "config.h"

#include "base/err.h"
#include "base/iface.h"
#include "capture/filter.h"
#include "conf/check.h"
#include "conf/conf.h"
#include "daemon/load.h"

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

struct conf *
load_conf(const char *path, struct conf_report *r)
{
	struct conf *c = conf_load(path, r);
	struct iface_list ifaces;
	struct err err;

	if (c == NULL)
		return NULL;
	for (size_t i = 0; i < c->nmirrors; i++)
		check_filter(c, &c->mirrors[i], r);
	if (iface_list_get(&ifaces, &err) == -1) {
		conf_report_error(r, &(struct conf_pos) { 0 }, "%s", err.text);
	} else {
		conf_check_host(c, &ifaces, r);
		iface_list_fini(&ifaces);
	}
	if (r->nerrors == 0)
		return c;
	conf_free(c);
	return NULL;
}
