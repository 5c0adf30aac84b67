/* SPDX-License-Identifier: ISC */
/* What the commands of the control socket do. */
#ifndef TM_VERBS_H
#define TM_VERBS_H

#include <stddef.h>

struct control_turn;

/* A control_answer of a struct daemon. */
char *verbs_answer(void *daemon, struct control_turn *turn, const char *line,
    size_t len);

#endif
