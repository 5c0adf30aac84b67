/* SPDX-License-Identifier: ISC */
/* What this process takes of the host. */
#include "config.h"

#include <sys/resource.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/process.h"

static void
get_memory(struct process *p)
{
	FILE *f = fopen("/proc/self/statm", "re");
	uint64_t all, resident, page = (uint64_t)sysconf(_SC_PAGESIZE);

	if (f == NULL)
		return;
	if (fscanf(f, "%" SCNu64 " %" SCNu64, &all, &resident) == 2) {
		p->virtual_bytes = all * page;
		p->resident_bytes = resident * page;
	}
	fclose(f);
}

static void
get_fds(struct process *p)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0)
		p->max_fds = l.rlim_cur;
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL)
		p->open_fds += e->d_name[0] != '.';
	closedir(dir);
	p->open_fds--; /* that of the folder */
}

void
process_get(struct process *p)
{
	struct timespec cpu;

	memset(p, 0, sizeof(*p));
	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu) == 0)
		p->cpu_seconds = (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9;
	get_memory(p);
	get_fds(p);
}
