/* SPDX-License-Identifier: ISC */
/* Which interfaces the sources of a mirror mean. */
#include "config.h"

#include <fnmatch.h>
#include <string.h>

#include "base/iface.h"
#include "conf/conf.h"
#include "conf/select.h"

enum select_kind
select_kind(const char *word)
{
	struct addr a;

	if (strcmp(word, "all") == 0)
		return SELECT_ALL;
	if (addr_parse(&a, word) == 0)
		return SELECT_ADDRESS;
	return strpbrk(word, "*?[") != NULL ? SELECT_GLOB : SELECT_NAME;
}

static bool
owns(const struct iface *i, const struct addr *a)
{
	for (size_t j = 0; j < i->naddrs; j++)
		if (addr_equal(&i->addrs[j], a))
			return true;
	return false;
}

static bool
owns_place(const struct iface *i, const struct conf_target *t)
{
	for (size_t p = 0; p < t->nplaces; p++)
		if (owns(i, &t->places[p].address))
			return true;
	return false;
}

bool
select_owns_target(const struct conf *c, const struct iface *i)
{
	for (size_t m = 0; m < c->nmirrors; m++)
		for (size_t t = 0; t < c->mirrors[m].ntargets; t++)
			if (owns_place(i, c->mirrors[m].targets[t]))
				return true;
	return false;
}

bool
select_word(const struct conf *c, const char *word, const struct iface *i)
{
	struct addr a;

	switch (select_kind(word)) {
	case SELECT_NAME:
		return strcmp(word, i->name) == 0;
	case SELECT_ADDRESS:
		return addr_parse(&a, word) == 0 && owns(i, &a);
	case SELECT_GLOB:
		if (fnmatch(word, i->name, 0) != 0)
			return false;
		break;
	case SELECT_ALL:
		break;
	}
	return !i->loopback && i->ethernet && !select_owns_target(c, i);
}

bool
select_source(const struct conf *c, const struct conf_mirror *m,
    const struct iface *i)
{
	for (size_t w = 0; w < m->sources.n; w++)
		if (i->ethernet && select_word(c, m->sources.v[w].text, i))
			return true;
	return false;
}
