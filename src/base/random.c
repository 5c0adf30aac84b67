/* SPDX-License-Identifier: ISC */
/* Bytes that nobody can guess. */
#include "config.h"

#include <sys/random.h>
#include <string.h>
#include <time.h>

#include "base/random.h"

void
random_fill(void *p, size_t len)
{
	struct timespec now;

	if (getrandom(p, len, GRND_NONBLOCK) == (ssize_t)len)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	memset(p, 0, len);
	memcpy(p, &now.tv_nsec, len < sizeof(long) ? len : sizeof(long));
}
