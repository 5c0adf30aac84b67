/* SPDX-License-Identifier: ISC */
/* From root to a user that may capture, and no more. */
#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <cap-ng.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "daemon/privs.h"

static bool
mark_needs_net_admin(void)
{
	return kernel_is_before(5, 17);
}

int
privs_check(const char *user, struct err *err)
{
	if (getpwnam(user) == NULL)
		return err_set(err,
		    "user: there is no user \"%s\" here (create it, or set "
		    "user = root)",
		    user);
	return 0;
}

bool
privs_can_read(const char *user, const char *path)
{
	const struct passwd *pw = getpwnam(user);
	struct stat st;

	if (pw == NULL || pw->pw_uid == 0 || stat(path, &st) == -1)
		return true;
	if (st.st_uid == pw->pw_uid)
		return (st.st_mode & S_IRUSR) != 0;
	if (st.st_gid == pw->pw_gid)
		return (st.st_mode & S_IRGRP) != 0;
	return (st.st_mode & S_IROTH) != 0;
}

static void
keep_capabilities(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW);
	if (mark_needs_net_admin())
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
		    CAP_NET_ADMIN);
}

int
privs_check_rights(struct err *err)
{
	capng_get_caps_process();
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW) ||
	    (mark_needs_net_admin() &&
		!capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN)))
		return err_set(err,
		    "Operation not permitted: start it as root, or with the "
		    "capability CAP_NET_RAW (before Linux 5.17 CAP_NET_ADMIN "
		    "too)");
	return 0;
}

int
privs_drop(const char *user, struct err *err)
{
	const struct passwd *pw;
	int rc;

	if (geteuid() != 0)
		return 0;
	if (privs_check(user, err) == -1)
		return -1;
	pw = getpwnam(user);
	if (pw->pw_uid == 0)
		return 0;
	keep_capabilities();
	rc = capng_change_id((int)pw->pw_uid, (int)pw->pw_gid,
	    CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	if (rc != 0)
		return err_set(err, "user %s: cannot drop privileges (%d)",
		    user, rc);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_sys(err, "no_new_privs");
	return 0;
}
