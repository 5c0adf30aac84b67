/* SPDX-License-Identifier: ISC */
/* Copies among captured frames: our own where they have lost their mark, and
 * those of other hosts. */
#include "config.h"

#include <sys/socket.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "capture/copy.h"
#include "conf/conf.h"
#include "packet/flow.h"
#include "packet/tunnel.h"

#define DEPTH_MAX   8
#define OWN_LIKE    2 /* tunnels: see copy_look */
#define ANY_LIKE    3
#define PORT_VXLAN  4789
#define PORT_GENEVE 6081

#define FRAGMENT_KEY_MAX 38

/* The two that all copies of a mirror to a target have. */
struct session {
	enum conf_encap encap;
	uint32_t id;
};

struct copy {
	struct addr *ends; /* addresses of targets */
	size_t nends;
	uint16_t *ports; /* of UDP */
	size_t nports;
	struct session *sessions;
	size_t nsessions;
	struct copy_memory memory;
};

/* ---- what is known ------------------------------------------------------ */

static bool
is_port(const struct copy *c, uint16_t port)
{
	for (size_t i = 0; i < c->nports; i++)
		if (c->ports[i] == port)
			return true;
	return false;
}

static bool
is_session(const struct copy *c, enum conf_encap encap, uint32_t id)
{
	for (size_t i = 0; i < c->nsessions; i++)
		if (c->sessions[i].id == id && c->sessions[i].encap == encap)
			return true;
	return false;
}

/* p: an address of that IP version. */
static bool
is_end(const struct copy *c, unsigned version, const uint8_t *p)
{
	sa_family_t family = version == 4 ? AF_INET : AF_INET6;
	size_t n = version == 4 ? 4 : 16;

	for (size_t i = 0; i < c->nends; i++)
		if (c->ends[i].family == family &&
		    memcmp(c->ends[i].bytes, p, n) == 0)
			return true;
	return false;
}

static void
add_port(struct copy *c, uint16_t port)
{
	if (port != 0 && !is_port(c, port))
		c->ports[c->nports++] = port;
}

/* A target as a mirror uses it. */
static void
add_use(struct copy *c, const struct conf_target *t, uint32_t session)
{
	for (size_t i = 0; i < t->nplaces; i++) {
		const struct addr *a = &t->places[i].address;

		if (!is_end(c, a->family == AF_INET ? 4 : 6, a->bytes))
			c->ends[c->nends++] = *a;
		add_port(c, t->places[i].port);
	}
	if (!is_session(c, t->encap, session))
		c->sessions[c->nsessions++] = (struct session) { t->encap,
			session };
}

int
copy_new(struct copy **out, const struct conf *conf, struct err *err)
{
	struct copy *c = calloc(1, sizeof(*c));
	size_t nuses = 0, nplaces = 0;

	for (size_t i = 0; i < conf->nmirrors; i++) {
		const struct conf_mirror *m = &conf->mirrors[i];

		nuses += m->ntargets;
		for (size_t j = 0; j < m->ntargets; j++)
			nplaces += m->targets[j]->nplaces;
	}
	if (c == NULL)
		return err_sys(err, "copies");
	c->ends = calloc(nplaces + 1, sizeof(*c->ends));
	c->ports = calloc(nplaces + 2, sizeof(*c->ports));
	c->sessions = calloc(nuses + 1, sizeof(*c->sessions));
	if (c->ends == NULL || c->ports == NULL || c->sessions == NULL) {
		copy_free(c);
		return err_sys(err, "copies");
	}
	add_port(c, PORT_VXLAN);
	add_port(c, PORT_GENEVE);
	for (size_t i = 0; i < conf->nmirrors; i++) {
		const struct conf_mirror *m = &conf->mirrors[i];

		for (size_t j = 0; j < m->ntargets; j++)
			add_use(c, m->targets[j], m->session_id);
	}
	*out = c;
	return 0;
}

void
copy_free(struct copy *c)
{
	if (c == NULL)
		return;
	free(c->ends);
	free(c->ports);
	free(c->sessions);
	free(c);
}

bool
copy_equal(const struct copy *a, const struct copy *b)
{
	if (a->nends != b->nends || a->nports != b->nports ||
	    a->nsessions != b->nsessions)
		return false;
	for (size_t i = 0; i < a->nends; i++)
		if (!addr_equal(&a->ends[i], &b->ends[i]))
			return false;
	for (size_t i = 0; i < a->nports; i++)
		if (a->ports[i] != b->ports[i])
			return false;
	for (size_t i = 0; i < a->nsessions; i++)
		if (!is_session(b, a->sessions[i].encap, a->sessions[i].id))
			return false;
	return true;
}

/* ---- looking ------------------------------------------------------------ */

static bool
is_ours(const struct copy *c, const struct tunnel *t)
{
	bool tells = t->kind == TUNNEL_COPY ||
	    (t->quoted &&
		(t->kind == TUNNEL_UNKNOWN || t->kind == TUNNEL_ETHERNET));

	return tells && (t->proto != IPPROTO_UDP || is_port(c, t->port)) &&
	    (is_end(c, t->version, t->dst) || is_end(c, t->version, t->src));
}

/* From the packet in *t on. */
static enum copy_kind
look(const struct copy *c, struct tunnel *t)
{
	unsigned own = 0, any = 0, depth = 0;
	bool whole = true;

	do {
		if (is_ours(c, t))
			return COPY_OURS;
		whole &= t->fragment == TUNNEL_WHOLE && !t->quoted;
		if (t->quoted ||
		    (t->kind != TUNNEL_COPY && t->kind != TUNNEL_ETHERNET))
			continue;
		any++;
		own += t->kind == TUNNEL_COPY &&
		    is_session(c, t->encap, t->session);
	} while (++depth < DEPTH_MAX && tunnel_next(t));
	/* Missing bytes are as good as one more tunnel, which they may hide;
	 * but in a fragment, or a quote, it is natural that some are missing.
	 */
	if (t->cut && whole && any > 0) {
		own += own > 0;
		any++;
	}
	return own >= OWN_LIKE || any >= ANY_LIKE ? COPY_LIKE : COPY_NOT;
}

/* Of the datagram that t is a fragment of. */
static uint64_t
fragment_hash(const struct tunnel *t)
{
	uint8_t key[FRAGMENT_KEY_MAX] = { (uint8_t)t->version, t->proto };
	size_t n = t->version == 4 ? 4 : 16;

	bytes_put32(key + 2, t->id);
	memcpy(key + 6, t->src, n);
	memcpy(key + 6 + n, t->dst, n);
	return flow_hash_bytes(key, 6 + 2 * n);
}

enum copy_kind
copy_look_apart(const struct copy *c, struct copy_memory *m,
    const uint8_t *frame, size_t len)
{
	struct copy_fragment *f;
	struct tunnel t;
	uint64_t hash;

	if (!tunnel_first(&t, frame, len))
		return COPY_NOT;
	if (t.fragment == TUNNEL_WHOLE)
		return look(c, &t);
	hash = fragment_hash(&t);
	f = &m->v[hash % COPY_FRAGMENTS];
	if (t.fragment == TUNNEL_LATER)
		return f->hash == hash ? f->kind : COPY_NOT;
	*f = (struct copy_fragment) { hash, look(c, &t) };
	return f->kind;
}

enum copy_kind
copy_look(struct copy *c, const uint8_t *frame, size_t len)
{
	return copy_look_apart(c, &c->memory, frame, len);
}
