/* SPDX-License-Identifier: ISC */
/* What all commands of trafmirrorctl have to do with. */
#ifndef TM_CTL_H
#define TM_CTL_H

#include <stdbool.h>

/* The exit status: trafmirrorctl(8). */
enum ctl_status { CTL_DONE, CTL_REFUSED, CTL_USAGE, CTL_NO_DAEMON };

/* From the command line. */
struct ctl_options {
	const char *path; /* of the control socket */
	int seconds;	  /* to wait for an answer */
	const char *capture; /* of explain; NULL: none */
	bool json;
};

#endif
