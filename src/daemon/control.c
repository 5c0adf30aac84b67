/* SPDX-License-Identifier: ISC */
/* The control socket: clients that send lines and get one line for each. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <ev.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "daemon/client.h"
#include "daemon/control.h"
#include "daemon/folder.h"
#include "daemon/reply.h"
#include "daemon/unixsock.h"

#define CONTROL_CLIENTS	      16
#define CONTROL_READERS	      12   /* of them: operators always find room */
#define CONTROL_IDLE_SECONDS  30.0 /* for a whole line, or a whole answer */
#define CONTROL_PAUSE_SECONDS 1.0  /* without room for more descriptors */

struct slot {
	struct control *control;
	struct client client; /* its fd is -1: the slot is free */
	ev_io io;
	ev_timer idle;
	uint64_t ticket; /* of the client: no other one has it */
	bool waits;	 /* for control_give */
};

struct control {
	struct ev_loop *loop;
	struct unixsock sock;
	gid_t group;
	control_answer *answer;
	void *arg;
	ev_io accept;
	ev_timer work;	/* runs in each turn while there are whole lines */
	ev_timer pause; /* of accepting */
	struct slot slots[CONTROL_CLIENTS];
	uint64_t tickets; /* the last one given out */
	size_t turn;	  /* the slot after the one that was answered last */
	bool full;	  /* logged already */
};

static void
drop(struct slot *s)
{
	ev_io_stop(s->control->loop, &s->io);
	ev_timer_stop(s->control->loop, &s->idle);
	client_fini(&s->client);
	s->waits = false;
}

static bool
is_ready(const struct slot *s)
{
	return s->client.fd != -1 && s->client.out == NULL && !s->client.last &&
	    !s->waits && client_has_line(&s->client);
}

/* Waits for what the client is to do next; a client that waits itself, or has a
 * line that is still to be answered, is not read from. */
static void
watch(struct slot *s)
{
	struct ev_loop *loop = s->control->loop;
	const struct client *c = &s->client;
	int events = EV_READ;

	if (s->waits)
		events = 0;
	else if (c->out != NULL)
		events = EV_WRITE;
	else if (c->last || (c->ended && !client_has_line(c))) {
		drop(s);
		return;
	} else if (client_has_line(c)) {
		events = 0;
		ev_timer_again(loop, &s->control->work);
	}
	ev_io_stop(loop, &s->io);
	ev_io_set(&s->io, c->fd, events);
	if (events != 0)
		ev_io_start(loop, &s->io);
}

/* Takes the answer. */
static void
give(struct slot *s, char *text)
{
	ev_timer_again(s->control->loop, &s->idle);
	if (text == NULL || client_answer(&s->client, text) == -1)
		drop(s);
	else
		watch(s);
}

static void
refuse(struct slot *s, const char *why)
{
	s->client.last = true;
	give(s, reply_line(reply_refuse("%s", why)));
}

static void
on_client(struct ev_loop *loop, ev_io *w, int revents)
{
	struct slot *s = w->data;
	bool out = s->client.out != NULL;

	if ((out ? client_send(&s->client) : client_read(&s->client)) == -1)
		drop(s);
	else if (!out && client_overflows(&s->client))
		refuse(s, "the request is longer than 65536 bytes");
	else
		watch(s);
}

static void
on_idle(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct slot *s = w->data;

	if (s->client.out != NULL)
		drop(s);
	else if (!s->waits)
		refuse(s, "no whole request has come for 30 seconds");
}

/* One line. */
static void
serve(struct slot *s)
{
	struct control *c = s->control;
	struct control_turn turn = { &s->client.peer, s->ticket, false, false };
	const char *line;
	char *answer;
	size_t len;

	line = client_line(&s->client, &len);
	answer = c->answer(c->arg, &turn, line, len);
	s->client.last = turn.last;
	s->waits = turn.later;
	if (turn.later)
		watch(s);
	else
		give(s, answer);
}

/* The next one, by turns, that has a line; NULL if there is none. */
static struct slot *
next_ready(struct control *c)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct slot *s = &c->slots[(c->turn + i) % CONTROL_CLIENTS];

		if (is_ready(s))
			return s;
	}
	return NULL;
}

static void
on_work(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct control *c = w->data;
	struct slot *s = next_ready(c);

	if (s != NULL) {
		c->turn = (size_t)(s - c->slots) + 1;
		serve(s);
	}
	if (next_ready(c) != NULL)
		ev_timer_again(loop, &c->work);
	else
		ev_timer_stop(loop, &c->work);
}

/* ---- accepting ----------------------------------------------------------- */

static struct slot *
free_slot(struct control *c, enum peer_role role)
{
	struct slot *found = NULL;
	size_t readers = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (c->slots[i].client.fd == -1)
			found = &c->slots[i];
		else
			readers += c->slots[i].client.peer.role == PEER_READER;
	}
	if (role == PEER_READER && readers >= CONTROL_READERS)
		return NULL;
	return found;
}

/* Takes fd. */
static void
turn_away(int fd, json_t *why)
{
	char *line = reply_line(why);

	if (line != NULL)
		(void)!send(fd, line, strlen(line),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	free(line);
	close(fd);
}

static void
admit(struct control *c, int fd)
{
	struct peer peer;
	struct slot *s;

	if (peer_get(&peer, fd, c->group, NULL) == -1 ||
	    peer.role == PEER_NOBODY) {
		turn_away(fd,
		    reply_refuse("only root, the daemon's own user and the "
				 "members of control-group may connect"));
		return;
	}
	if ((s = free_slot(c, peer.role)) == NULL) {
		if (!c->full)
			log_event(LOG_LEVEL_WARN,
			    LOG_KEYS("control-full",
				LOG_NUMBER("uid", peer.uid),
				LOG_NUMBER("pid", (uintmax_t)peer.pid)),
			    "control: too many clients");
		c->full = true;
		turn_away(fd, reply_refuse("too many clients: try again"));
		return;
	}
	c->full = false;
	if (client_init(&s->client, fd, &peer) == -1) {
		close(fd);
		return;
	}
	s->ticket = ++c->tickets;
	ev_timer_again(c->loop, &s->idle);
	watch(s);
}

/* One a turn. */
static void
on_accept(struct ev_loop *loop, ev_io *w, int revents)
{
	struct control *c = w->data;
	int fd = accept4(c->sock.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd != -1) {
		admit(c, fd);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	    errno == ENOMEM) {
		log_warn("control: accept");
		ev_io_stop(loop, &c->accept);
		ev_timer_again(loop, &c->pause);
	}
}

static void
on_pause(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct control *c = w->data;

	ev_timer_stop(loop, w);
	ev_io_start(loop, &c->accept);
}

/* ---- opening and closing ------------------------------------------------- */

int
control_check_group(const char *group, struct err *err)
{
	if (group[0] != '\0' && getgrnam(group) == NULL)
		return err_set(err,
		    "control-group: there is no group \"%s\" here", group);
	return 0;
}

static int
open_socket(struct control *c, const struct control_options *o, struct err *err)
{
	const struct group *g = o->group[0] == '\0' ? NULL : getgrnam(o->group);
	bool ours = strncmp(o->path, TM_RUNSTATEDIR "/trafmirrord/",
			sizeof(TM_RUNSTATEDIR "/trafmirrord/") - 1) == 0;
	char folder[PATH_MAX];
	struct err why;
	int fd, rc;

	c->group = g == NULL ? PEER_NO_GROUP : g->gr_gid;
	snprintf(folder, sizeof(folder), "%s", o->path);
	if ((fd = folder_open(dirname(folder), &why)) == -1)
		return err_set(err, "control-socket: %s", why.text);
	rc = unixsock_open(&c->sock, o->path, o->uid,
	    g == NULL ? o->gid : g->gr_gid, g == NULL ? 0600 : 0660, &why);
	if (rc == -1)
		err_set(err, "control-socket %s", why.text);
	else if (ours) /* or it could not remove the file at its end */
		folder_give(fd, strrchr(o->path, '/') + 1, o->uid, o->gid);
	close(fd);
	return rc;
}

static void
init_timer(ev_timer *w, void (*cb)(struct ev_loop *, ev_timer *, int),
    double seconds, void *data)
{
	ev_timer_init(w, cb, 0, seconds);
	w->data = data;
}

int
control_open(struct control **out, struct ev_loop *loop,
    const struct control_options *o, struct err *err)
{
	struct control *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_sys(err, "control-socket");
	if (control_check_group(o->group, err) == -1 ||
	    open_socket(c, o, err) == -1) {
		free(c);
		return -1;
	}
	c->loop = loop;
	c->answer = o->answer;
	c->arg = o->arg;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct slot *s = &c->slots[i];

		s->control = c;
		s->client.fd = -1;
		ev_init(&s->io, on_client);
		s->io.data = s;
		init_timer(&s->idle, on_idle, CONTROL_IDLE_SECONDS, s);
	}
	/* As short as it gets without being 0, which would stop it. */
	init_timer(&c->work, on_work, 1e-9, c);
	init_timer(&c->pause, on_pause, CONTROL_PAUSE_SECONDS, c);
	ev_io_init(&c->accept, on_accept, c->sock.fd, EV_READ);
	c->accept.data = c;
	ev_io_start(loop, &c->accept);
	*out = c;
	return 0;
}

void
control_close(struct control *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++)
		if (c->slots[i].client.fd != -1)
			drop(&c->slots[i]);
	ev_io_stop(c->loop, &c->accept);
	ev_timer_stop(c->loop, &c->work);
	ev_timer_stop(c->loop, &c->pause);
	unixsock_close(&c->sock);
	free(c);
}

void
control_give(struct control *c, uint64_t ticket, char *line)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		struct slot *s = &c->slots[i];

		if (s->client.fd == -1 || s->ticket != ticket || !s->waits)
			continue;
		s->waits = false;
		give(s, line);
		return;
	}
	free(line);
}
