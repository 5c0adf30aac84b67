/* SPDX-License-Identifier: ISC */
/* What a name of DNS stands for, asked once (c-ares). */
#include "config.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ares.h>
#include <ev.h>

#include "base/bytes.h"
#include "conf/conf.h"
#include "conf/value.h"
#include "daemon/lookup.h"

/* A server that says nothing is asked again once, after that time: a look-up
 * takes no more than 6 s for each server, and is repeated anyway. */
#define LOOKUP_TIMEOUT_MS 2000
#define LOOKUP_TRIES	  2

/* What is looked at, of which LOOKUP_PLACES_MAX are kept. */
#define LOOKUP_RECORDS_MAX  4096
#define LOOKUP_SERVICES_MAX 256

#define LOOKUP_TTL_MAX INT32_MAX /* RFC 2181, section 8 */

#define DNS_HEADER 12

/* A socket of c-ares. */
struct watch {
	ev_io io;
	struct watch *next;
};

struct lookup {
	ares_channel channel;
	struct ev_loop *loop;
	ev_timer timer; /* of c-ares; at once when all is answered */
	struct watch *watches;
	lookup_cb *cb;
	void *arg;
	unsigned pending;
	struct conf_place *v;
	size_t n;
	uint32_t ttl;
	int none;  /* status: that there is no such thing */
	int error; /* status: that nobody knows, or 0; */
	int errors[LOOKUP_KINDS]; /* the same of one kind of address */
};

static const int families[LOOKUP_KINDS] = { AF_INET, AF_INET6 };

/* One host whose addresses are asked for. */
struct host {
	struct lookup *lookup;
	uint16_t port, weight;
	unsigned pending;
	size_t n;
	struct question {
		struct host *host;
		int error; /* status, or 0 */
	} questions[LOOKUP_KINDS];
};

/* ---- sockets and time ---------------------------------------------------- */

/* While anything is pending, c-ares says when it wants to be called. */
static void
set_timer(struct lookup *l)
{
	struct timeval tv, most = { .tv_sec = 1 };
	double after = 0;

	if (l->pending > 0) {
		const struct timeval *t = ares_timeout(l->channel, &most, &tv);

		after = (double)t->tv_sec + (double)t->tv_usec / 1e6;
	}
	ev_timer_stop(l->loop, &l->timer);
	ev_timer_set(&l->timer, after, 0);
	ev_timer_start(l->loop, &l->timer);
}

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	struct lookup *l = w->data;
	int fd = w->fd; /* w may be gone after the first call */

	ares_process_fd(l->channel,
	    (revents & EV_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (revents & EV_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	set_timer(l);
}

static struct watch **
find_watch(struct lookup *l, int fd)
{
	struct watch **w = &l->watches;

	while (*w != NULL && (*w)->io.fd != fd)
		w = &(*w)->next;
	return w;
}

static void
on_socket(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct lookup *l = arg;
	struct watch **at = find_watch(l, fd), *w = *at;

	if (w != NULL) {
		ev_io_stop(l->loop, &w->io);
		*at = w->next;
	}
	if (!readable && !writable) {
		free(w);
		return;
	}
	/* Without memory nobody looks at it: its query times out. */
	if (w == NULL && (w = calloc(1, sizeof(*w))) == NULL)
		return;
	ev_io_init(&w->io, on_io, fd,
	    (readable ? EV_READ : 0) | (writable ? EV_WRITE : 0));
	w->io.data = l;
	w->next = l->watches;
	l->watches = w;
	ev_io_start(l->loop, &w->io);
}

/* ---- answers ---------------------------------------------------------------
 */

static void
limit_ttl(struct lookup *l, uint32_t ttl)
{
	if (ttl > LOOKUP_TTL_MAX)
		ttl = 0;
	if (ttl < l->ttl)
		l->ttl = ttl;
}

static void
add_place(struct host *h, const struct sockaddr *sa)
{
	struct conf_place p = { .port = h->port, .weight = h->weight };
	struct lookup *l = h->lookup;
	struct conf_place *v;

	addr_from_sockaddr(&p.address, sa);
	if (p.address.family == 0 || !value_is_host(&p.address) ||
	    l->n >= LOOKUP_RECORDS_MAX)
		return;
	if ((v = reallocarray(l->v, l->n + 1, sizeof(*v))) == NULL) {
		l->error = ARES_ENOMEM;
		return;
	}
	l->v = v;
	v[l->n++] = p;
	h->n++;
}

static void
add_addresses(struct host *h, const struct ares_addrinfo *res)
{
	const struct ares_addrinfo_node *node = res->nodes;
	const struct ares_addrinfo_cname *alias = res->cnames;

	for (; node != NULL; node = node->ai_next) {
		limit_ttl(h->lookup, (uint32_t)node->ai_ttl);
		add_place(h, node->ai_addr);
	}
	for (; alias != NULL; alias = alias->next)
		limit_ttl(h->lookup, (uint32_t)alias->ttl);
}

/* That nobody tells one kind of address is no failure where the other kind is
 * known: some servers refuse to tell AAAA, and hosts(5) may have only one. */
static void
end_host(struct host *h)
{
	struct lookup *l = h->lookup;

	for (size_t i = 0; i < LOOKUP_KINDS; i++) {
		int error = h->questions[i].error;

		if (error != 0 && h->n == 0)
			l->error = error;
		else if (error != 0)
			l->errors[i] = error;
	}
	l->pending--;
	free(h);
}

static void
on_addresses(void *arg, int status, int timeouts, struct ares_addrinfo *res)
{
	struct question *q = arg;
	struct host *h = q->host;

	if (status == ARES_SUCCESS) {
		add_addresses(h, res);
		ares_freeaddrinfo(res);
	} else if (status == ARES_ENODATA || status == ARES_ENOTFOUND) {
		h->lookup->none = status;
	} else {
		q->error = status;
	}
	if (--h->pending == 0)
		end_host(h);
}

static void
ask_addresses(struct lookup *l, const char *name, uint16_t port,
    uint16_t weight)
{
	struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
		.ai_socktype = SOCK_DGRAM };
	struct host *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		l->error = ARES_ENOMEM;
		return;
	}
	*h = (struct host) { .lookup = l,
		.port = port,
		.weight = weight,
		.pending = LOOKUP_KINDS };
	l->pending++;
	for (size_t i = 0; i < LOOKUP_KINDS; i++)
		h->questions[i].host = h;
	for (size_t i = 0; i < LOOKUP_KINDS; i++) {
		hints.ai_family = families[i];
		ares_getaddrinfo(l->channel, name, NULL, &hints, on_addresses,
		    &h->questions[i]);
	}
}

/* The TTLs of the records of an answer, which c-ares has found to be sound. */
static void
limit_ttls(struct lookup *l, const uint8_t *p, int len)
{
	int at = DNS_HEADER, n = len < DNS_HEADER ? 0 : bytes_get16(p + 6);
	char *name;
	long used;

	if (n > 0 && ares_expand_name(p + at, p, len, &name, &used) == 0) {
		ares_free_string(name);
		at += (int)used + 4; /* of the question: type and class */
	}
	for (; n > 0 && at < len; n--) {
		if (ares_expand_name(p + at, p, len, &name, &used) != 0)
			return;
		ares_free_string(name);
		at += (int)used;
		if (len - at < 10)
			return;
		limit_ttl(l, bytes_get32(p + at + 4));
		at += 10 + bytes_get16(p + at + 8);
	}
}

static void
ask_for_hosts(struct lookup *l, const struct ares_srv_reply *first)
{
	uint16_t priority = UINT16_MAX;
	const struct ares_srv_reply *s;
	size_t n = 0;

	for (s = first; s != NULL; s = s->next)
		if (s->priority < priority)
			priority = s->priority;
	for (s = first; s != NULL && n < LOOKUP_SERVICES_MAX; s = s->next) {
		/* "." is no host: RFC 2782. */
		if (s->priority != priority || s->port == 0 ||
		    s->host[0] == '\0' || strcmp(s->host, ".") == 0)
			continue;
		n++;
		ask_addresses(l, s->host, s->port,
		    s->weight == 0 ? 1 : s->weight);
	}
	if (n == 0)
		l->none = ARES_ENODATA;
}

static void
on_services(void *arg, int status, int timeouts, unsigned char *p, int len)
{
	struct ares_srv_reply *services = NULL;
	struct lookup *l = arg;

	if (status == ARES_SUCCESS)
		status = ares_parse_srv_reply(p, len, &services);
	if (status == ARES_SUCCESS) {
		limit_ttls(l, p, len);
		ask_for_hosts(l, services);
	} else if (status == ARES_ENODATA || status == ARES_ENOTFOUND) {
		l->none = status;
	} else {
		l->error = status;
	}
	ares_free_data(services);
	l->pending--;
}

static void
tell(struct lookup *l)
{
	struct lookup_answer a = { .ttl = l->ttl };

	a.n = conf_places_tidy(l->v, l->n);
	a.v = l->v;
	if (a.n > LOOKUP_PLACES_MAX) {
		a.left_out = a.n - LOOKUP_PLACES_MAX;
		a.n = LOOKUP_PLACES_MAX;
	}
	if (l->error != 0)
		a.error = ares_strerror(l->error);
	else if (a.n == 0)
		a.error = l->none != 0 ? ares_strerror(l->none) :
					 "no address of a host";
	for (size_t i = 0; i < LOOKUP_KINDS; i++)
		if (l->errors[i] != 0)
			a.unknown[i] = ares_strerror(l->errors[i]);
	l->cb(l->arg, &a);
}

static void
on_timer(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct lookup *l = w->data;

	if (l->pending == 0) {
		tell(l);
		return;
	}
	ares_process_fd(l->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(l);
}

struct lookup *
lookup_new(struct ev_loop *loop, const char *name, lookup_cb *cb, void *arg)
{
	struct lookup *l = calloc(1, sizeof(*l));
	struct ares_options o = { .timeout = LOOKUP_TIMEOUT_MS,
		.tries = LOOKUP_TRIES,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = l };

	if (l == NULL)
		return NULL;
	l->loop = loop;
	l->cb = cb;
	l->arg = arg;
	l->ttl = LOOKUP_TTL_MAX;
	ev_timer_init(&l->timer, on_timer, 0, 0);
	l->timer.data = l;
	l->error = ares_init_options(&l->channel, &o,
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
	if (l->error != ARES_SUCCESS) {
		l->channel = NULL;
	} else if (name[0] == '_') {
		l->pending++;
		ares_search(l->channel, name, ns_c_in, ns_t_srv, on_services,
		    l);
	} else {
		ask_addresses(l, name, 0, 1);
	}
	set_timer(l);
	return l;
}

void
lookup_free(struct lookup *l)
{
	if (l == NULL)
		return;
	if (l->channel != NULL)
		ares_destroy(l->channel);
	ev_timer_stop(l->loop, &l->timer);
	while (l->watches != NULL) {
		struct watch *w = l->watches;

		ev_io_stop(l->loop, &w->io);
		l->watches = w->next;
		free(w);
	}
	free(l->v);
	free(l);
}
