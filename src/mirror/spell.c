/* SPDX-License-Identifier: ISC */
/* When something that is counted begins to happen, and when it has ended. */
#include "config.h"

#include "mirror/spell.h"

enum spell_news
spell_look(struct spell *s, uint64_t count)
{
	bool grows = count > s->before, was = s->on;

	if (!was)
		s->start = s->before;
	s->before = count;
	s->quiet = grows ? 0 : s->quiet + 1;
	s->on = grows || (was && s->quiet < SPELL_QUIET);
	if (s->on == was)
		return SPELL_NO_NEWS;
	return s->on ? SPELL_BEGINS : SPELL_ENDS;
}
