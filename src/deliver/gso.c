/* SPDX-License-Identifier: ISC */
/* Whether copies may leave joined. */
#include "config.h"

#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "deliver/egress.h"
#include "deliver/gso.h"
#include "deliver/send.h"

static void __attribute__((format(printf, 3, 4)))
set(struct gso_choice *g, bool on, const char *fmt, ...)
{
	va_list ap;

	g->on = on;
	va_start(ap, fmt);
	vsnprintf(g->why, sizeof(g->why), fmt, ap);
	va_end(ap);
}

static void
choose_by_egress(struct gso_choice *g, const struct send_queue *q)
{
	char name[IFNAMSIZ];
	struct err err;

	if (egress_find(name, send_queue_fd(q), &err) == -1) {
		set(g, false, "%s", err.text);
		return;
	}
	switch (egress_kind(name)) {
	case EGRESS_CUTS:
		set(g, true, "the kernel cuts copies apart before %s", name);
		break;
	case EGRESS_HARDWARE:
		set(g, true, "%s cuts copies apart in hardware", name);
		break;
	case EGRESS_HANDS_ON:
		set(g, false,
		    "%s is virtual and could hand joined copies on to the "
		    "reader; for full speed: ethtool -K %s "
		    "tx-udp-segmentation off",
		    name, name);
		break;
	}
}

void
gso_choose(struct gso_choice *g, enum conf_gso mode, const struct send_queue *q)
{
	if (mode == CONF_GSO_OFF)
		set(g, false, "udp-gso = off");
	else if (!send_queue_can_join(q))
		set(g, false, "the kernel cannot (UDP_SEGMENT)");
	else if (mode == CONF_GSO_ON)
		set(g, true, "udp-gso = on");
	else
		choose_by_egress(g, q);
}
