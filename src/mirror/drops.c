/* SPDX-License-Identifier: ISC */
/* What the log says of copies that a mirror drops. */
#include "config.h"

#include "base/log.h"
#include "mirror/drops.h"

static void
say(struct spell *s, const char *mirror, const char *reason, uint64_t n)
{
	switch (spell_look(s, n)) {
	case SPELL_BEGINS:
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("copies-dropped", LOG_TEXT("mirror", mirror),
			LOG_TEXT("reason", reason)),
		    "mirror \"%s\": copies are dropped: %s", mirror, reason);
		break;
	case SPELL_ENDS:
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("copies-not-dropped", LOG_TEXT("mirror", mirror),
			LOG_TEXT("reason", reason),
			LOG_NUMBER("dropped_packets", n - s->start)),
		    "mirror \"%s\": no more copies are dropped: %s", mirror,
		    reason);
		break;
	case SPELL_NO_NEWS:
		break;
	}
}

void
drops_say(struct drops *d, const char *mirror, const struct mirror_stats *st)
{
	static const enum mirror_drop reasons[] = { MIRROR_DROP_RATE_LIMIT,
		MIRROR_DROP_BANDWIDTH_LIMIT, MIRROR_DROP_OVERSIZE,
		MIRROR_DROP_NO_TARGET };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		say(&d->reasons[reasons[i]], mirror,
		    mirror_drop_name(reasons[i]),
		    st->dropped_packets[reasons[i]]);
}
