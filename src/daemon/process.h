/* SPDX-License-Identifier: ISC */
/* What this process takes of the host. */
#ifndef TM_PROCESS_H
#define TM_PROCESS_H

#include <stdint.h>

struct process {
	double cpu_seconds; /* user and system */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t open_fds;
	uint64_t max_fds; /* soft limit */
};

/* What cannot be told is 0. */
void process_get(struct process *p);

#endif
