/* SPDX-License-Identifier: ISC */
/* The way copies take to a target. */
#include "config.h"

#include <string.h>

#include "base/log.h"
#include "conf/conf.h"
#include "deliver/target.h"
#include "mirror/path.h"

static void
say_mtu(const struct path *p, const struct conf_mirror *cm, const char *title,
    const struct target *t, uint32_t mtu)
{
	uint32_t most = mtu > target_overhead(t) ? mtu - target_overhead(t) : 0;
	const struct log_key *keys = LOG_KEYS("path-mtu",
	    LOG_TEXT("mirror", cm->name), LOG_TEXT("target", target_name(t)),
	    LOG_NUMBER("mtu", mtu), LOG_NUMBER("before", p->mtu));

	if (cm->truncate != 0 && cm->truncate <= most) {
		log_event(LOG_LEVEL_INFO, keys,
		    "mirror \"%s\": target %s: path MTU is %u now, "
		    "was %u: all copies fit",
		    cm->name, title, mtu, p->mtu);
		return;
	}
	log_event(mtu < p->mtu ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, keys,
	    "mirror \"%s\": target %s: path MTU is %u now, was %u: copies "
	    "of more than %u bytes, of frames longer than %u, are %s",
	    cm->name, title, mtu, p->mtu, mtu, most,
	    conf_oversize_becomes(cm->oversize));
}

static void
say_way(const struct path *p, const struct conf_mirror *cm, const char *title,
    const struct target *t, const struct target_path *now)
{
	char is[ADDR_TEXT_MAX], was[ADDR_TEXT_MAX];

	addr_format(&now->source, is);
	addr_format(&p->source, was);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("path", LOG_TEXT("mirror", cm->name),
		LOG_TEXT("target", target_name(t)),
		LOG_TEXT("interface", now->interface),
		LOG_TEXT("source_address", is),
		LOG_TEXT("interface_before", p->interface),
		LOG_TEXT("source_address_before", was)),
	    "mirror \"%s\": target %s: copies leave by %s from %s now, "
	    "before by %s from %s",
	    cm->name, title, now->interface, is, p->interface, was);
}

void
path_follow(struct path *p, const struct conf_mirror *cm, const char *title,
    const struct target *t)
{
	struct target_path now;

	if (!target_path(t, &now))
		return;
	if (p->known && now.mtu != p->mtu)
		say_mtu(p, cm, title, t, now.mtu);
	if (p->known &&
	    (strcmp(now.interface, p->interface) != 0 ||
		!addr_equal(&now.source, &p->source)))
		say_way(p, cm, title, t, &now);
	p->known = true;
	p->mtu = now.mtu;
	memcpy(p->interface, now.interface, sizeof(p->interface));
	p->source = now.source;
}
