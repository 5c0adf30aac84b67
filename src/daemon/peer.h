/* SPDX-License-Identifier: ISC */
/* Who is at the other end of a Unix socket, and what that allows. */
#ifndef TM_PEER_H
#define TM_PEER_H

#include <sys/types.h>

struct err;

enum peer_role {
	PEER_NOBODY,
	PEER_READER,  /* may look: members of the control group */
	PEER_OPERATOR /* may switch, too: root and the daemon's own user */
};

#define PEER_NO_GROUP ((gid_t)-1)

struct peer {
	pid_t pid;
	uid_t uid;
	enum peer_role role;
};

/* Asks the kernel who connected fd, as that process was then. group: whose
 * members may look; PEER_NO_GROUP: nobody's. */
int peer_get(struct peer *p, int fd, gid_t group, struct err *err);

#endif
