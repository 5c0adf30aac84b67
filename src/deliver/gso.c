/* SPDX-License-Identifier: ISC */
/* Whether copies may leave joined. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>

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
choose_by_egress(struct gso_choice *g)
{
	if (g->interface[0] == '\0') {
		set(g, false, "there is no route yet");
		return;
	}
	switch (egress_kind(g->interface)) {
	case EGRESS_CUTS:
		set(g, true, "the kernel cuts them apart before %s",
		    g->interface);
		break;
	case EGRESS_HARDWARE:
		set(g, true, "%s cuts them apart in hardware", g->interface);
		break;
	case EGRESS_HANDS_ON:
		set(g, false,
		    "%s is virtual and could hand joined copies on to the "
		    "reader; for full speed: ethtool -K %s "
		    "tx-udp-segmentation off",
		    g->interface, g->interface);
		break;
	}
}

void
gso_choose(struct gso_choice *g, enum conf_gso mode, const struct send_queue *q)
{
	if (egress_find(g->interface, send_queue_fd(q), NULL) == -1)
		g->interface[0] = '\0';
	if (mode == CONF_GSO_OFF)
		set(g, false, "udp-gso = off");
	else if (!send_queue_can_join(q))
		set(g, false, "that takes Linux 4.18 or later");
	else if (mode == CONF_GSO_ON)
		set(g, true, "udp-gso = on");
	else
		choose_by_egress(g);
}
