/* SPDX-License-Identifier: ISC */
/* What the commands of the control socket do. */
#ifndef TM_VERBS_H
#define TM_VERBS_H

#include <stdbool.h>
#include <stddef.h>

struct peer;

/* A control_answer of a struct daemon. */
char *verbs_answer(void *daemon, const struct peer *peer, const char *line,
    size_t len, bool *last);

#endif
