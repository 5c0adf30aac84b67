/* SPDX-License-Identifier: ISC */
/* Who is at the other end of a Unix socket, and what that allows. */
#include "config.h"

#include <sys/socket.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "daemon/peer.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59 /* include/uapi/asm-generic/socket.h, Linux 4.13 */
#endif

#define PEER_GROUPS_MAX 65536 /* NGROUPS_MAX of Linux */

/* The groups beside the first one. */
static bool
in_groups(int fd, gid_t group)
{
	socklen_t len = PEER_GROUPS_MAX * sizeof(gid_t);
	gid_t *groups = malloc(len);
	bool found = false;

	if (groups != NULL &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
		for (size_t i = 0; i < len / sizeof(gid_t); i++)
			found |= groups[i] == group;
	free(groups);
	return found;
}

int
peer_get(struct peer *p, int fd, gid_t group, struct err *err)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return err_sys(err, "credentials of a client");
	p->pid = cred.pid;
	p->uid = cred.uid;
	if (cred.uid == 0 || cred.uid == geteuid())
		p->role = PEER_OPERATOR;
	else if (group != PEER_NO_GROUP &&
	    (cred.gid == group || in_groups(fd, group)))
		p->role = PEER_READER;
	else
		p->role = PEER_NOBODY;
	return 0;
}
