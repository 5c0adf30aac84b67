/* SPDX-License-Identifier: ISC */
/* One line that a client of the control socket sends. */
#ifndef TM_REQUEST_H
#define TM_REQUEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct err;

enum request_command {
	REQUEST_PING,
	REQUEST_VERSION,
	REQUEST_STATUS,
	REQUEST_EXPLAIN,
	REQUEST_METRICS,
	REQUEST_RELOAD,
	REQUEST_ENABLE,
	REQUEST_DISABLE,
	REQUEST_DRAIN,
	REQUEST_UNDRAIN,
	REQUEST_TAG,
	REQUEST_UNTAG,
	REQUEST_RESET,
	REQUEST_VERIFY
};

struct request {
	enum request_command command;
	bool reads;	  /* looks only: it takes no more than a reader */
	const char *name; /* of the mirror or target; NULL: none given */
	json_t *tags;	  /* object of strings (tag) or array of keys (untag) */
	json_t *json;	  /* owns all */
};

/* Takes a line apart, without its newline. What is not known to the command
 * is an error, so that nothing is silently ignored. */
int request_parse(struct request *r, const char *line, size_t len,
    struct err *err);
void request_fini(struct request *r);

#endif
