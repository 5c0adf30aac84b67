/* SPDX-License-Identifier: ISC */
/* The control socket: clients that send lines and get one line for each.
 * Whatever they do, one turn of the loop reads a little from each of them and
 * answers one line at most. */
#ifndef TM_CONTROL_H
#define TM_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct control;
struct err;
struct ev_loop;
struct peer;

/* Whose line is to be answered, and how. */
struct control_turn {
	const struct peer *peer;
	uint64_t ticket; /* for control_give */
	bool last;	 /* to be set: it is the last answer this client gets */
	bool later;	 /* to be set: control_give brings it */
};

/* Answers a line (which has no newline) with one that has, to be freed; NULL:
 * no memory, and the client is dropped, unless the answer comes later. */
typedef char *control_answer(void *arg, struct control_turn *turn,
    const char *line, size_t len);

struct control_options {
	const char *path;  /* borrowed until control_close */
	const char *group; /* whose members may look; "": nobody's */
	uid_t uid;	   /* the user the daemon will be, */
	gid_t gid;	   /* and its group: the socket file is theirs */
	control_answer *answer;
	void *arg;
};

/* Whether the group exists, if it is not "". */
int control_check_group(const char *group, struct err *err);

/* Listens from here on, and makes the folder if it is missing. */
int control_open(struct control **out, struct ev_loop *loop,
    const struct control_options *o, struct err *err);
void control_close(struct control *c);

/* Takes the answer that a client waits for, who may have gone. */
void control_give(struct control *c, uint64_t ticket, char *line);

#endif
