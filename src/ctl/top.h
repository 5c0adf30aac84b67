/* SPDX-License-Identifier: ISC */
/* trafmirrorctl top: rates, each second. */
#ifndef TM_TOP_H
#define TM_TOP_H

#include <jansson.h>

#include "ctl/ctl.h"

/* Sends the request, which is for a status, again and again, and shows what
 * has changed between, until the user leaves; where no terminal is, once. */
enum ctl_status top_run(const struct ctl_options *o, const json_t *request);

#endif
