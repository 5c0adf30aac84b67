/* SPDX-License-Identifier: ISC */
/* The command explain: flows from the command line, packets from captures. */
#ifndef TM_EXPLAIN_CLI_H
#define TM_EXPLAIN_CLI_H

#include <jansson.h>

/* Adds what [MIRROR] FLOW or, with a capture, [MIRROR] [in | out] [on
 * INTERFACE] says to the request. Returns 0; -1 after saying what is wrong. */
int explain_cli_take(json_t *request, char **argv, const char *capture);

/* The packets of an answer as text. */
void explain_cli_show(const json_t *answer);

/* Asks about each packet of a capture: ask sends the request, with packets in
 * it, shows the answer, and returns how many packets it has, or -1. Returns 0;
 * -1 if ask has; -2 after saying why the capture cannot be read. */
int explain_cli_capture(const char *path, json_t *request,
    int (*ask)(void *arg, json_t *request), void *arg);

#endif
