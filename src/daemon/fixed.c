/* SPDX-License-Identifier: ISC */
/* Options that hold as they were at the start. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "daemon/fixed.h"

int
fixed_init(struct fixed *f, const struct conf *c)
{
	*f = (struct fixed) {
		.user = strdup(c->user),
		.control_socket = strdup(c->control_socket),
		.control_group = strdup(c->control_group),
		.state_dir = strdup(c->state_dir),
		.log_facility = c->log_facility,
	};
	return f->user == NULL || f->control_socket == NULL ||
		f->control_group == NULL || f->state_dir == NULL ?
	    -1 :
	    0;
}

void
fixed_fini(struct fixed *f)
{
	free(f->user);
	free(f->control_socket);
	free(f->control_group);
	free(f->state_dir);
}

void
fixed_warn(const struct fixed *f, const struct conf *c, struct conf_report *r)
{
	const struct {
		const char *name;
		bool changed;
	} options[] = {
		{ "user", strcmp(c->user, f->user) != 0 },
		{ "log-facility", c->log_facility != f->log_facility },
		{ "control-socket",
		    strcmp(c->control_socket, f->control_socket) != 0 },
		{ "control-group",
		    strcmp(c->control_group, f->control_group) != 0 },
		{ "state-dir", strcmp(c->state_dir, f->state_dir) != 0 },
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].changed)
			conf_report_warn(r, NULL,
			    "reload: a new %s takes a restart",
			    options[i].name);
}
