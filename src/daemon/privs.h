/* SPDX-License-Identifier: ISC */
/* From root to a user that may capture, and no more. */
#ifndef TM_PRIVS_H
#define TM_PRIVS_H

#include <stdbool.h>

struct err;

/* Whether there is such a user, as privs_drop will want it. */
int privs_check(const char *user, struct err *err);

/* Whether user could read that file, by its owner, group and mode alone; also
 * if nothing can be said of the user or the file. */
bool privs_can_read(const char *user, const char *path);

/* Whether this process may do what it is started for. */
int privs_check_rights(struct err *err);

/* Becomes user, keeping CAP_NET_RAW alone, which a reload needs to open
 * rings and mark sockets (and CAP_NET_ADMIN before Linux 5.17, where
 * SO_MARK asks for it). "root" stays root. Not being root leaves all as it
 * is. */
int privs_drop(const char *user, struct err *err);

#endif
