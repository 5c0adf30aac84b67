/* SPDX-License-Identifier: ISC */
/* The way copies take to a target. */
#include "config.h"

#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "deliver/target.h"
#include "mirror/path.h"

static void
say_mtu(const struct path *p, const struct conf_mirror *cm,
    const struct target *t, uint32_t mtu)
{
	uint32_t most = mtu > target_overhead(t) ? mtu - target_overhead(t) : 0;
	void (*say)(const char *fmt, ...) = mtu < p->mtu ? log_warnx : log_info;

	if (cm->truncate != 0 && cm->truncate <= most) {
		log_info("mirror \"%s\": target \"%s\": path MTU is %u now, "
			 "was %u: all copies fit",
		    cm->name, target_name(t), mtu, p->mtu);
		return;
	}
	say("mirror \"%s\": target \"%s\": path MTU is %u now, was %u: copies "
	    "of more than %u bytes, of frames longer than %u, are %s",
	    cm->name, target_name(t), mtu, p->mtu, mtu, most,
	    conf_oversize_becomes(cm->oversize));
}

static void
say_way(const struct path *p, const struct conf_mirror *cm,
    const struct target *t, const struct target_path *now)
{
	char is[ADDR_TEXT_MAX], was[ADDR_TEXT_MAX];

	log_info(
	    "mirror \"%s\": target \"%s\": copies leave by %s from %s now, "
	    "before by %s from %s",
	    cm->name, target_name(t), now->interface,
	    addr_format(&now->source, is), p->interface,
	    addr_format(&p->source, was));
}

void
path_follow(struct path *p, const struct conf_mirror *cm,
    const struct target *t)
{
	struct target_path now;

	if (!target_path(t, &now))
		return;
	if (p->known && now.mtu != p->mtu)
		say_mtu(p, cm, t, now.mtu);
	if (p->known &&
	    (strcmp(now.interface, p->interface) != 0 ||
		!addr_equal(&now.source, &p->source)))
		say_way(p, cm, t, &now);
	p->known = true;
	p->mtu = now.mtu;
	memcpy(p->interface, now.interface, sizeof(p->interface));
	p->source = now.source;
}
