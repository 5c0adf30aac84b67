/* SPDX-License-Identifier: ISC */
/* Rings are opened and closed as interfaces come and go. */
#include "config.h"

#include "mirror/follow.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"
#include "mirror/source.h"

#define FOLLOW_TURN_MS 10

void
follow_start(struct follow *f, struct iface_list *l)
{
	follow_stop(f);
	*f = (struct follow) { .ifaces = *l, .active = true };
	*l = (struct iface_list) { 0 };
}

void
follow_stop(struct follow *f)
{
	iface_list_fini(&f->ifaces);
	f->active = false;
}

/* Closes or opens one ring of m, or is through with it. */
static bool
step(struct follow *f, struct mirror *m)
{
	if (!f->opening) {
		if (mirror_leave(m, &f->ifaces, &f->at))
			return true;
		f->opening = true;
		f->at = 0;
	}
	while (f->at < f->ifaces.n)
		switch (mirror_enter(m, &f->ifaces.v[f->at++])) {
		case MIRROR_ENTERED:
			return true;
		case MIRROR_REFUSED:
			f->failed = true;
			return false;
		case MIRROR_NOTHING:
			break;
		}
	mirror_settle(m, &f->ifaces);
	f->mirror++;
	f->opening = false;
	f->at = 0;
	return false;
}

bool
follow_run(struct follow *f, const struct generation *g)
{
	uint64_t end = source_clock_ms() + FOLLOW_TURN_MS;
	bool changed = false;

	while (f->active) {
		if (f->mirror == g->nmirrors)
			follow_stop(f);
		else
			changed |= step(f, g->mirrors[f->mirror]);
		if (source_clock_ms() >= end)
			break;
	}
	return changed;
}
