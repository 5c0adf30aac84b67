/* SPDX-License-Identifier: ISC */
/* Options that hold as they were at the start, as what they name was opened
 * with rights that are gone. */
#ifndef TM_FIXED_H
#define TM_FIXED_H

struct conf;
struct conf_report;

struct fixed {
	char *user, *control_socket, *control_group, *state_dir;
	int log_facility;
};

/* Keeps a copy of what c says. Returns 0, or -1 without memory; fixed_fini
 * follows in either case. */
int fixed_init(struct fixed *f, const struct conf *c);
void fixed_fini(struct fixed *f);

/* Adds a warning to r for each of them that is another one in c. */
void fixed_warn(const struct fixed *f, const struct conf *c,
    struct conf_report *r);

#endif
