/* SPDX-License-Identifier: ISC */
/* What a mirror does less of when it is under pressure (pressure.h). */
#include "config.h"

#include "base/log.h"
#include "conf/conf.h"
#include "mirror/relief.h"
#include "mirror/source.h"

void
relief_init(struct relief *r, const struct conf_mirror *cm)
{
	*r = (struct relief) { .conf = cm,
		.pressure = { .nrungs = cm->nrungs } };
}

static bool
same_rungs(const struct conf_mirror *a, const struct conf_mirror *b)
{
	if (a->nrungs != b->nrungs)
		return false;
	for (size_t i = 0; i < a->nrungs; i++)
		if (a->rungs[i].relief != b->rungs[i].relief ||
		    a->rungs[i].number != b->rungs[i].number)
			return false;
	return true;
}

void
relief_adopt(struct relief *r, const struct relief *old)
{
	if (r->conf->collect && same_rungs(r->conf, old->conf))
		r->pressure = old->pressure;
	r->before = old->before;
	r->stopped = old->stopped;
}

static struct pressure_signs
signs(const struct relief *r, struct source *const *v, size_t n,
    const struct relief_counts *now)
{
	struct pressure_signs s = {
		.lost = now->lost - r->before.lost,
		.copied = now->copied - r->before.copied,
		.congested = now->congested - r->before.congested,
	};

	for (size_t i = 0; i < n; i++) {
		unsigned fill = ring_fill(v[i]->ring);

		s.fill = fill > s.fill ? fill : s.fill;
	}
	return s;
}

static void
say(const struct relief *r, enum pressure_step step,
    const struct pressure_signs *s)
{
	char text[CONF_RUNG_TEXT_MAX] = "nothing is left out";
	size_t n = relief_rungs(r);
	const struct log_key *keys = LOG_KEYS("pressure",
	    LOG_TEXT("mirror", r->conf->name),
	    LOG_TEXT("under_pressure", n > 0 ? text : "none"),
	    LOG_NUMBER("rung", n));

	if (n > 0)
		conf_rung_format(&r->conf->rungs[n - 1], text);
	if (step == PRESSURE_DESCENDS)
		log_event(LOG_LEVEL_INFO, keys,
		    "mirror \"%s\": less pressure: %s", r->conf->name, text);
	else
		log_event(LOG_LEVEL_WARN, keys,
		    "mirror \"%s\": under pressure: %s (ring %u %% full, "
		    "%ju packets lost, %ju of %ju copies without room in a "
		    "device queue, in a second)",
		    r->conf->name, text, s->fill, (uintmax_t)s->lost,
		    (uintmax_t)s->congested,
		    (uintmax_t)(s->congested + s->copied));
}

bool
relief_look(struct relief *r, struct source *const *v, size_t n,
    const struct relief_counts *now)
{
	struct pressure_signs s = signs(r, v, n, now);
	enum pressure_step step = pressure_look(&r->pressure, &s);

	r->before = *now;
	if (step == PRESSURE_STAYS)
		return false;
	say(r, step, &s);
	return true;
}

size_t
relief_rungs(const struct relief *r)
{
	return r->pressure.rung;
}

void
relief_obey(struct relief *r, struct source *const *v, size_t n,
    const struct filter *f)
{
	size_t rungs = relief_rungs(r);
	bool stopped = r->stopped;

	r->stopped = rungs > 0 && r->conf->rungs[rungs - 1].relief == CONF_STOP;
	for (size_t i = 0; i < n; i++)
		if (r->stopped)
			ring_stop(v[i]->ring);
		else if (stopped)
			/* It has been attached before: it does not fail. */
			source_set_filter(v[i], f, NULL);
}
