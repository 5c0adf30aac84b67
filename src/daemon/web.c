/* SPDX-License-Identifier: ISC */
/* A small HTTP server in the loop (libmicrohttpd). */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ev.h>
#include <microhttpd.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "daemon/tcpsock.h"
#include "daemon/web.h"

#define WEB_CONNECTIONS	  16
#define WEB_REQUEST_MAX	  ((size_t)16 << 10) /* bytes, also of all headers */
#define WEB_SECONDS	  10.0 /* from the connection to its end */
#define WEB_PAUSE_SECONDS 1.0  /* without room for more descriptors */
#define WEB_REST	  9    /* times as long as a page took to make */

/* One connection. */
struct slot {
	struct web *web;
	int fd;	       /* libmicrohttpd's; -1: the slot is free */
	bool answered; /* or about to be */
	ev_timer end;
};

/* A page as it was made last: its copies are its own, however long it takes to
 * send them. */
struct made {
	struct MHD_Response *response;
	double until; /* a second at which the next may be made */
};

struct web {
	struct web_options o;
	struct MHD_Daemon *mhd;
	struct addr_port at;
	int fd; /* listens; -1: not any more */
	ev_io accept;
	ev_timer pause; /* of accepting */
	ev_io io;	/* libmicrohttpd has work, */
	ev_timer work;	/* or has not done all of it */
	struct slot slots[WEB_CONNECTIONS];
	struct slot *entering; /* of a connection that is being added */
	struct made made[WEB_PAGES_MAX];
};

/* ---- answering ----------------------------------------------------------- */

static enum MHD_Result
answer(struct MHD_Connection *c, unsigned status, const char *name,
    const char *value, const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text),
	    (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result rc = MHD_NO;

	if (r != NULL &&
	    MHD_add_response_header(r, "Connection", "close") == MHD_YES &&
	    MHD_add_response_header(r, name, value) == MHD_YES)
		rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static struct MHD_Response *
make_page(const struct web *w, const struct web_page *page)
{
	static const char *const headers[][2] = {
		{ "Connection", "close" },
		{ "Cache-Control", "no-store" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy",
		    "default-src 'none'; style-src 'unsafe-inline'; "
		    "frame-ancestors 'none'" },
	};
	struct MHD_Response *r = NULL;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (f == NULL)
		return NULL;
	rc = page->write(w->o.arg, f);
	if (fclose(f) == 0 && rc == 0)
		r = MHD_create_response_from_buffer(len, text,
		    MHD_RESPMEM_MUST_FREE);
	if (r == NULL) {
		free(text);
		return NULL;
	}
	MHD_add_response_header(r, "Content-Type", page->type);
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(r, headers[i][0], headers[i][1]);
	return r;
}

static double
clock_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* However often it is asked for, making it takes a tenth of the time. */
static struct MHD_Response *
get_page(struct web *w, size_t i)
{
	struct made *m = &w->made[i];
	double begin = clock_seconds(), end;

	if (m->response != NULL && begin < m->until)
		return m->response;
	if (m->response != NULL)
		MHD_destroy_response(m->response);
	m->response = make_page(w, &w->o.pages[i]);
	end = clock_seconds();
	m->until = end + WEB_REST * (end - begin);
	return m->response;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *path,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **request)
{
	struct web *w = arg;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct MHD_Response *r;
	size_t i = 0;

	if (info != NULL && info->socket_context != NULL)
		((struct slot *)info->socket_context)->answered = true;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "Allow",
		    "GET, HEAD", "only GET and HEAD\n");
	while (
	    w->o.pages[i].path != NULL && strcmp(w->o.pages[i].path, path) != 0)
		i++;
	if (w->o.pages[i].path == NULL)
		return answer(c, MHD_HTTP_NOT_FOUND, "Content-Type",
		    "text/plain; charset=utf-8",
		    "there are /, /metrics and /healthz\n");
	if ((r = get_page(w, i)) == NULL)
		return answer(c, MHD_HTTP_SERVICE_UNAVAILABLE, "Content-Type",
		    "text/plain; charset=utf-8", "out of memory\n");
	return MHD_queue_response(c, MHD_HTTP_OK, r);
}

/* ---- connections --------------------------------------------------------- */

static void
leave(struct slot *s)
{
	ev_timer_stop(s->web->o.loop, &s->end);
	s->fd = -1;
}

static void
on_connection(void *arg, struct MHD_Connection *c, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct web *w = arg;
	struct slot *s = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = w->entering;
		w->entering = NULL;
	} else if (s != NULL) {
		leave(s);
	}
}

/* Lets libmicrohttpd do what is to be done now. */
static void
run(struct web *w)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(w->mhd);
	if (MHD_get_timeout(w->mhd, &ms) == MHD_YES && ms == 0)
		ev_timer_again(w->o.loop, &w->work);
	else
		ev_timer_stop(w->o.loop, &w->work);
}

static void
on_io(struct ev_loop *loop, ev_io *w, int revents)
{
	run(w->data);
}

static void
on_work(struct ev_loop *loop, ev_timer *w, int revents)
{
	run(w->data);
}

/* libmicrohttpd finds it at its end, and closes it. */
static void
cut(struct slot *s)
{
	shutdown(s->fd, SHUT_RDWR);
	run(s->web);
}

static void
on_end(struct ev_loop *loop, ev_timer *w, int revents)
{
	cut(w->data);
}

/* Whether a has to go rather than b: those first that have asked for nothing
 * yet, and of these the oldest. */
static bool
goes_first(struct slot *a, struct slot *b)
{
	if (a->answered != b->answered)
		return b->answered;
	return ev_timer_remaining(a->web->o.loop, &a->end) <
	    ev_timer_remaining(b->web->o.loop, &b->end);
}

/* A free one, for which another may have to go. */
static struct slot *
get_slot(struct web *w)
{
	struct slot *s = &w->slots[0];

	for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
		if (w->slots[i].fd == -1)
			return &w->slots[i];
		if (goes_first(&w->slots[i], s))
			s = &w->slots[i];
	}
	cut(s);
	return s->fd == -1 ? s : NULL;
}

/* Takes fd. */
static void
admit(struct web *w, int fd, const struct sockaddr_storage *ss, socklen_t len)
{
	struct slot *s = get_slot(w);

	if (s == NULL) {
		close(fd);
		return;
	}
	s->fd = fd;
	s->answered = false;
	w->entering = s;
	ev_timer_again(w->o.loop, &s->end);
	/* It closes what it does not take. */
	MHD_add_connection(w->mhd, fd, (const struct sockaddr *)ss, len);
	run(w);
	if (w->entering != NULL)
		leave(s);
	w->entering = NULL;
}

/* One a turn. */
static void
on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
	struct web *w = io->data;
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(w->fd, (struct sockaddr *)&ss, &len,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd != -1) {
		admit(w, fd, &ss, len);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_warn("metrics: accept");
		ev_io_stop(loop, io);
		ev_timer_again(loop, &w->pause);
	}
}

static void
on_pause(struct ev_loop *loop, ev_timer *t, int revents)
{
	struct web *w = t->data;

	ev_timer_stop(loop, t);
	ev_io_start(loop, &w->accept);
}

/* ---- opening and closing ------------------------------------------------- */

static void
stop_listening(struct web *w)
{
	ev_io_stop(w->o.loop, &w->accept);
	ev_timer_stop(w->o.loop, &w->pause);
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
}

/* Takes fd. */
static void
start_listening(struct web *w, int fd, const struct addr_port *at)
{
	char text[ADDR_PORT_TEXT_MAX];

	stop_listening(w);
	w->fd = fd;
	w->at = *at;
	ev_io_set(&w->accept, fd, EV_READ);
	ev_io_start(w->o.loop, &w->accept);
	addr_port_format(at, text);
	log_event(LOG_LEVEL_INFO,
	    LOG_KEYS("listening", LOG_TEXT("address", text)),
	    "metrics: listening");
}

/* The socket there is may be in the way of one for another address with the
 * same port. */
static int
move(struct web *w, const struct addr_port *at, struct err *err)
{
	struct addr_port before = w->at;
	int fd = tcpsock_listen(at, err), again;
	struct err why;

	if (fd == -1 && errno == EADDRINUSE && at->port == before.port) {
		stop_listening(w);
		if ((fd = tcpsock_listen(at, err)) == -1) {
			if ((again = tcpsock_listen(&before, &why)) == -1)
				log_error("metrics-listen = %s", why.text);
			else
				start_listening(w, again, &before);
		}
	}
	if (fd == -1)
		return -1;
	start_listening(w, fd, at);
	return 0;
}

static void
init_timer(ev_timer *t, void (*cb)(struct ev_loop *, ev_timer *, int),
    double seconds, void *data)
{
	ev_timer_init(t, cb, 0, seconds);
	t->data = data;
}

static int
start_mhd(struct web *w, struct err *err)
{
	const union MHD_DaemonInfo *info = NULL;

	w->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0,
	    NULL, NULL, on_request, w, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned)WEB_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    WEB_REQUEST_MAX, MHD_OPTION_NOTIFY_CONNECTION, on_connection, w,
	    MHD_OPTION_END);
	if (w->mhd != NULL)
		info = MHD_get_daemon_info(w->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return err_set(err, "libmicrohttpd cannot start");
	ev_io_init(&w->io, on_io, info->epoll_fd, EV_READ);
	w->io.data = w;
	ev_io_start(w->o.loop, &w->io);
	return 0;
}

static int
open_web(struct web **out, const struct addr_port *at,
    const struct web_options *o, struct err *err)
{
	struct web *w = calloc(1, sizeof(*w));
	int fd;

	if (w == NULL)
		return err_sys(err, "web");
	w->o = *o;
	w->fd = -1;
	for (size_t i = 0; i < WEB_CONNECTIONS; i++) {
		w->slots[i].web = w;
		w->slots[i].fd = -1;
		init_timer(&w->slots[i].end, on_end, WEB_SECONDS, &w->slots[i]);
	}
	/* As short as it gets without being 0, which would stop it. */
	init_timer(&w->work, on_work, 1e-9, w);
	init_timer(&w->pause, on_pause, WEB_PAUSE_SECONDS, w);
	ev_init(&w->accept, on_accept);
	w->accept.data = w;
	if ((fd = tcpsock_listen(at, err)) == -1 || start_mhd(w, err) == -1) {
		if (fd != -1)
			close(fd);
		web_close(w);
		return -1;
	}
	start_listening(w, fd, at);
	*out = w;
	return 0;
}

int
web_listen(struct web **w, const struct addr_port *at,
    const struct web_options *o, struct err *err)
{
	struct err why;
	int rc = 0;

	if (at->addr.family == 0) {
		web_close(*w);
		*w = NULL;
	} else if (*w == NULL) {
		rc = open_web(w, at, o, &why);
	} else if (!addr_port_equal(&(*w)->at, at) || (*w)->fd == -1) {
		rc = move(*w, at, &why);
	}
	return rc == -1 ? err_set(err, "metrics-listen = %s", why.text) : 0;
}

void
web_close(struct web *w)
{
	if (w == NULL)
		return;
	stop_listening(w);
	if (w->mhd != NULL) {
		ev_io_stop(w->o.loop, &w->io);
		MHD_stop_daemon(w->mhd);
	}
	ev_timer_stop(w->o.loop, &w->work);
	for (size_t i = 0; i < WEB_CONNECTIONS; i++)
		ev_timer_stop(w->o.loop, &w->slots[i].end);
	for (size_t i = 0; i < WEB_PAGES_MAX; i++)
		if (w->made[i].response != NULL)
			MHD_destroy_response(w->made[i].response);
	free(w);
}
