/* SPDX-License-Identifier: ISC */
/* What there is at metrics-listen. */
#ifndef TM_SITE_H
#define TM_SITE_H

#include "daemon/web.h"

/* For a struct daemon as web_options' arg. */
extern const struct web_page site_pages[];

#endif
