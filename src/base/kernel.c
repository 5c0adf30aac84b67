/* SPDX-License-Identifier: ISC */
/* Which kernel this is, for what cannot be found out by trying. */
#include "config.h"

#include <sys/utsname.h>
#include <stdlib.h>

#include "base/kernel.h"

bool
kernel_is_before(unsigned major, unsigned minor)
{
	unsigned long have_major, have_minor = 0;
	struct utsname u;
	char *end;

	if (uname(&u) == -1)
		return false;
	have_major = strtoul(u.release, &end, 10);
	if (end == u.release)
		return false;
	if (*end == '.')
		have_minor = strtoul(end + 1, NULL, 10);
	return have_major < major ||
	    (have_major == major && have_minor < minor);
}
