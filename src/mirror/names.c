/* SPDX-License-Identifier: ISC */
/* What logs and JSON call states of a mirror and reasons for its losses. */
#include "config.h"

#include "mirror/mirror.h"

const char *
mirror_state_name(enum mirror_state state)
{
	static const char *const names[] = {
		[MIRROR_COLLECTING] = "collecting",
		[MIRROR_DISABLED] = "disabled",
		[MIRROR_WAITING] = "waiting",
	};

	return names[state];
}

const char *
mirror_drop_name(enum mirror_drop reason)
{
	static const char *const names[] = {
		[MIRROR_DROP_SEND_ERROR] = "send-error",
		[MIRROR_DROP_RATE_LIMIT] = "rate-limit",
		[MIRROR_DROP_BANDWIDTH_LIMIT] = "bandwidth-limit",
		[MIRROR_DROP_OVERSIZE] = "oversize",
		[MIRROR_DROP_NO_TARGET] = "no-target",
		[MIRROR_DROP_LOOP] = "loop",
	};

	return names[reason];
}
