/* SPDX-License-Identifier: ISC */
/* Targets that are down, and those that stand in for them. */
#include "config.h"

#include "base/err.h"
#include "base/log.h"
#include "mirror/pipeline.h"

/* Of those whose target has a weight; false if there are none. */
static bool
all_down(const struct pipeline *pl)
{
	bool some = false;

	for (size_t i = 0; i < pl->ngroups; i++) {
		const struct group *g = &pl->groups[i];

		if (g->conf->weight == 0)
			continue;
		for (size_t j = g->first; j < g->first + g->n; j++) {
			if (!pl->members[j].down)
				return false;
			some = true;
		}
	}
	return some;
}

bool
pipeline_stand_by(struct pipeline *pl)
{
	bool changed = false;

	pl->all_down = all_down(pl);
	for (size_t i = 0; i < pl->nmembers; i++) {
		struct member *mb = &pl->members[i];
		uint16_t before = mb->weight;

		mb->weight = mb->down && !pl->all_down ? 0 : mb->place.weight;
		changed |= mb->weight != before;
	}
	return changed;
}

void
pipeline_say_all_down(const struct pipeline *pl, bool before)
{
	if (pl->all_down && !before)
		log_event(LOG_LEVEL_WARN,
		    LOG_KEYS("all-targets-down",
			LOG_TEXT("mirror", pl->conf->name)),
		    "mirror \"%s\": all targets are down: all of them are "
		    "used",
		    pl->conf->name);
	if (!pl->all_down && before)
		log_event(LOG_LEVEL_INFO,
		    LOG_KEYS("not-all-targets-down",
			LOG_TEXT("mirror", pl->conf->name)),
		    "mirror \"%s\": not all targets are down any more: those "
		    "that are get nothing",
		    pl->conf->name);
}

void
pipeline_set_down(struct pipeline *pl, size_t member, bool down)
{
	pl->members[member].down = down;
}

void
pipeline_settle(struct pipeline *pl)
{
	bool before = pl->all_down, changed = pipeline_stand_by(pl);
	struct err err;

	pipeline_say_all_down(pl, before);
	if (changed && pipeline_weigh(pl, &err) == -1)
		log_warnx("mirror \"%s\": %s", pl->conf->name, err.text);
}
