/* SPDX-License-Identifier: ISC */
/* The state of the daemon as a page for a browser. */
#include "config.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/text.h"
#include "daemon/daemon.h"
#include "daemon/figures.h"
#include "daemon/page.h"
#include "mirror/mirror.h"
#include "mirror/reload.h"

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"refresh\" content=\"10\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>trafmirrord</title>\n<style>\n"
    "body { font: 100%/1.4 sans-serif; margin: 1em }\n"
    "table { border-collapse: collapse }\n"
    "th, td { padding: .1em .8em; text-align: left }\n"
    "td + td + td, th + th + th { text-align: right }\n"
    "tr.mirror { border-top: 1px solid; font-weight: bold }\n"
    ".bad { color: #b00020 }\n"
    "td.part { padding-left: 2em }\n"
    "</style>\n</head>\n<body>\n<h1>trafmirrord</h1>\n";

static const char table[] =
    "<table>\n<tr><th>mirror</th><th>state</th><th>captured</th>"
    "<th>copied</th><th>dropped</th><th>lost in the ring</th></tr>\n";

static const char foot[] = "</table>\n"
			   "<p>Packets since the start; a share of the flows "
			   "in place of what a target has captured. "
			   "<a href=\"/metrics\">All figures</a></p>\n"
			   "</body>\n</html>\n";

void
page_text(FILE *f, const char *text)
{
	size_t left = strlen(text), n;

	for (; left > 0; text += n, left -= n) {
		n = text_step(text, left);
		if (n == 0) {
			n = 1;
			fprintf(f, "\\x%02x", (unsigned char)*text);
		} else if (n == 1 && strchr("&<>\"'", *text) != NULL) {
			fprintf(f, "&#%d;", *text);
		} else {
			fwrite(text, 1, n, f);
		}
	}
}

/* The first two cells of a row. */
static void
begin_row(FILE *f, const char *kind, const char *name, const char *state,
    bool bad)
{
	if (kind == NULL)
		fputs("<tr class=\"mirror\"><td>", f);
	else
		fprintf(f, "<tr><td class=\"part\">%s ", kind);
	page_text(f, name);
	fprintf(f, "</td><td%s>", bad ? " class=\"bad\"" : "");
	page_text(f, state);
	fputs("</td>", f);
}

static void
cell(FILE *f, uint64_t n)
{
	fprintf(f, "<td>%" PRIu64 "</td>", n);
}

static void
bad_cell(FILE *f, uint64_t n)
{
	fprintf(f, "<td%s>%" PRIu64 "</td>", n > 0 ? " class=\"bad\"" : "", n);
}

static void
empty_cells(FILE *f, int n)
{
	while (n-- > 0)
		fputs("<td></td>", f);
}

static void
write_target(FILE *f, const struct mirror *m, size_t i)
{
	struct target_status t;

	mirror_target_status(m, i, &t);
	begin_row(f, "&gt;", t.conf->name, t.state,
	    strcmp(t.state, "up") != 0 && strcmp(t.state, "drained") != 0);
	fprintf(f, "<td>%.0f %%</td>", 100 * t.share);
	cell(f, t.stats.copied_packets);
	bad_cell(f, figures_dropped(&t.stats));
	empty_cells(f, 1);
	fputs("</tr>\n", f);
}

static void
write_mirror(FILE *f, const struct mirror *m)
{
	enum mirror_state state = mirror_state(m);
	struct source_status src;
	struct mirror_stats st;
	uint64_t dropped = 0;

	mirror_stats(m, &st);
	for (int i = 0; i < MIRROR_DROP_KINDS; i++)
		dropped += st.dropped_packets[i];
	begin_row(f, NULL, mirror_conf(m)->name, mirror_state_name(state),
	    state == MIRROR_WAITING);
	cell(f, st.captured_packets);
	cell(f, st.copied_packets);
	bad_cell(f, dropped);
	bad_cell(f, st.ring_dropped_packets);
	fputs("</tr>\n", f);
	for (size_t i = 0; mirror_source_status(m, i, &src); i++) {
		begin_row(f, "&lt;", src.name, source_state_name(src.state),
		    src.state != SOURCE_UP);
		cell(f, src.stats.captured_packets);
		empty_cells(f, 2);
		bad_cell(f, src.stats.ring_dropped_packets);
		fputs("</tr>\n", f);
	}
	for (size_t i = 0; i < mirror_ntargets(m); i++)
		write_target(f, m, i);
}

void
page_write(FILE *f, const struct daemon_view *v)
{
	struct timespec now;
	long up;

	clock_gettime(CLOCK_MONOTONIC, &now);
	up = (long)(now.tv_sec - v->started);
	fputs(head, f);
	fputs("<p>Version " PACKAGE_VERSION ", ", f);
	fprintf(f, "process %ld, up for %ld d %02ld:%02ld:%02ld.<br>\n",
	    (long)getpid(), up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
	fputs("Configuration ", f);
	page_text(f, v->path);
	fprintf(f, ", generation %u%s.</p>\n", v->number,
	    v->reloaded ? "" :
			  " <span class=\"bad\">(the last reload failed, "
			  "see the log)</span>");
	fputs(table, f);
	for (size_t i = 0; i < v->gen->nmirrors; i++)
		write_mirror(f, v->gen->mirrors[i]);
	fputs(foot, f);
}
