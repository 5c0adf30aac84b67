/* SPDX-License-Identifier: ISC */
/* What there is at metrics-listen. */
#include "config.h"

#include "daemon/daemon.h"
#include "daemon/metrics.h"
#include "daemon/page.h"
#include "daemon/site.h"

static int
write_metrics(void *daemon, FILE *f)
{
	struct daemon_view v;

	daemon_look(daemon, &v);
	metrics_write_process(f, &v);
	return metrics_write(f, &v);
}

static int
write_page(void *daemon, FILE *f)
{
	struct daemon_view v;

	daemon_look(daemon, &v);
	page_write(f, &v);
	return 0;
}

/* The loop turns, or nobody would read this. */
static int
write_health(void *daemon, FILE *f)
{
	fputs("ok\n", f);
	return 0;
}

const struct web_page site_pages[] = {
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8",
	    write_metrics },
	{ "/", "text/html; charset=utf-8", write_page },
	{ "/healthz", "text/plain; charset=utf-8", write_health },
	{ NULL, NULL, NULL },
};

_Static_assert(sizeof(site_pages) / sizeof(site_pages[0]) <= WEB_PAGES_MAX + 1,
    "raise WEB_PAGES_MAX");
