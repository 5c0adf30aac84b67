/* SPDX-License-Identifier: ISC */
/* The state of the daemon for Prometheus: trafmirrord(8) explains the names. */
#include "config.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "conf/conf.h"
#include "daemon/daemon.h"
#include "daemon/exposition.h"
#include "daemon/figures.h"
#include "daemon/metrics.h"
#include "daemon/process.h"
#include "mirror/delay.h"
#include "mirror/mirror.h"
#include "mirror/nexthop.h"
#include "mirror/reload.h"
#include "mirror/source.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PREFIX	 "trafmirrord_"
#define NAME_MAX 64

/* What all mirrors that use a target make of it. */
struct use {
	bool used, down, drained;
};

struct scrape {
	FILE *f;
	const struct generation *gen;
	const struct daemon_view *view;
	const char *name;      /* of the family that is written, */
	char figure[NAME_MAX]; /* and room for it */
	/* Looked up once: of each mirror, of each target. */
	struct mirror_stats *stats;
	struct use *uses;
	struct process process;
};

/* ---- samples ------------------------------------------------------------- */

static void
count(const struct scrape *s, uint64_t n)
{
	static const struct exposition_label none[] = { { NULL, NULL } };

	exposition_count(s->f, s->name, none, n);
}

static void
real(const struct scrape *s, double x)
{
	static const struct exposition_label none[] = { { NULL, NULL } };

	exposition_real(s->f, s->name, none, x);
}

/* Of a mirror. */
static void
count_of(const struct scrape *s, size_t i, uint64_t n)
{
	const struct exposition_label labels[] = {
		{ "mirror", mirror_conf(s->gen->mirrors[i])->name },
		{ NULL, NULL },
	};

	exposition_count(s->f, s->name, labels, n);
}

/* Of a part of a mirror. */
static void
count_in(const struct scrape *s, size_t i, const char *key, const char *value,
    uint64_t n)
{
	const struct exposition_label labels[] = {
		{ "mirror", mirror_conf(s->gen->mirrors[i])->name },
		{ key, value },
		{ NULL, NULL },
	};

	exposition_count(s->f, s->name, labels, n);
}

/* ---- the daemon ---------------------------------------------------------- */

static void
write_build(const struct scrape *s)
{
	static const struct exposition_label labels[] = {
		{ "version", PACKAGE_VERSION },
		{ NULL, NULL },
	};

	exposition_count(s->f, s->name, labels, 1);
}

static void
write_generation(const struct scrape *s)
{
	count(s, s->view->number);
}

static void
write_reload_success(const struct scrape *s)
{
	count(s, s->view->reloaded);
}

/* ---- mirrors ------------------------------------------------------------- */

static void
write_collecting(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++)
		count_of(s, i,
		    mirror_state(s->gen->mirrors[i]) == MIRROR_COLLECTING);
}

static void
write_enabled(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++)
		count_of(s, i, mirror_conf(s->gen->mirrors[i])->collect);
}

static void
write_state(const struct scrape *s)
{
	static const enum mirror_state states[] = { MIRROR_COLLECTING,
		MIRROR_DISABLED, MIRROR_WAITING };

	for (size_t i = 0; i < s->gen->nmirrors; i++)
		for (size_t k = 0; k < COUNT(states); k++)
			count_in(s, i, "state", mirror_state_name(states[k]),
			    mirror_state(s->gen->mirrors[i]) == states[k]);
}

static void
write_filter_place(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++)
		count_of(s, i,
		    mirror_filter_place(s->gen->mirrors[i]) == FILTER_KERNEL);
}

static void
write_rungs(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];
		const struct conf_rung *rung = mirror_rung(m);

		count_of(s, i,
		    rung == NULL ?
			0 :
			(uint64_t)(rung - mirror_conf(m)->rungs) + 1);
	}
}

static void
write_dropped(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++)
		for (int k = 0; k < MIRROR_DROP_KINDS; k++)
			count_in(s, i, "reason",
			    mirror_drop_name((enum mirror_drop)k),
			    s->stats[i].dropped_packets[k]);
}

static void
write_rules(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];

		for (size_t k = 0; k < mirror_nrules(m); k++) {
			uint64_t n;
			const char *rule = mirror_rule(m, k, &n);

			count_in(s, i, "rule", rule, n);
		}
	}
}

static void
write_delay(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];
		const struct delay *d = mirror_delay(m);
		const struct exposition_label labels[] = {
			{ "mirror", mirror_conf(m)->name },
			{ NULL, NULL },
		};
		const struct exposition_histogram h = { delay_bounds, d->counts,
			DELAY_BOUNDS, d->sum };

		exposition_histogram(s->f, s->name, labels, &h);
	}
}

static void
write_figure(const struct scrape *s, const struct figure *f)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++)
		count_of(s, i, figure_get(f, &s->stats[i]));
}

/* ---- sources ------------------------------------------------------------- */

static void
write_source_up(const struct scrape *s)
{
	struct source_status src;

	for (size_t i = 0; i < s->gen->nmirrors; i++)
		for (size_t k = 0;
		     mirror_source_status(s->gen->mirrors[i], k, &src); k++)
			count_in(s, i, "interface", src.name,
			    src.state == SOURCE_UP);
}

static void
write_source_figure(const struct scrape *s, const struct figure *f)
{
	struct source_status src;

	for (size_t i = 0; i < s->gen->nmirrors; i++)
		for (size_t k = 0;
		     mirror_source_status(s->gen->mirrors[i], k, &src); k++)
			count_in(s, i, "interface", src.name,
			    figure_get(f, &src.stats));
}

static void
write_next_hops(const struct scrape *s)
{
	const struct nexthop *h;
	const struct source *src;

	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];

		for (size_t k = 0; (h = mirror_nexthop(m, k, &src)) != NULL;
		     k++) {
			char address[ADDR_TEXT_MAX];
			const struct exposition_label labels[] = {
				{ "mirror", mirror_conf(m)->name },
				{ "interface", src->name },
				{ "next_hop",
				    addr_format(&h->address, address) },
				{ NULL, NULL },
			};

			exposition_count(s->f, s->name, labels,
			    h->state == NEXTHOP_RESOLVED);
		}
	}
}

/* ---- targets ------------------------------------------------------------- */

static void
count_target(const struct scrape *s, size_t i, uint64_t n)
{
	const struct exposition_label labels[] = {
		{ "target", s->gen->conf->targets[i].name },
		{ NULL, NULL },
	};

	if (s->uses[i].used)
		exposition_count(s->f, s->name, labels, n);
}

static void
write_target_up(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->conf->ntargets; i++)
		count_target(s, i, !s->uses[i].down && !s->uses[i].drained);
}

static void
write_target_drained(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->conf->ntargets; i++)
		count_target(s, i, s->uses[i].drained);
}

static void
write_share(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];

		for (size_t k = 0; k < mirror_ntargets(m); k++) {
			struct target_status t;

			mirror_target_status(m, k, &t);
			exposition_real(s->f, s->name,
			    (const struct exposition_label[]) {
				{ "mirror", mirror_conf(m)->name },
				{ "target", t.conf->name },
				{ NULL, NULL },
			    },
			    t.share);
		}
	}
}

static void
write_target_dropped(const struct scrape *s)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];

		for (size_t k = 0; k < mirror_ntargets(m); k++) {
			struct target_status t;

			mirror_target_status(m, k, &t);
			count_in(s, i, "target", t.conf->name,
			    figures_dropped(&t.stats));
		}
	}
}

static void
write_target_figure(const struct scrape *s, const struct figure *f)
{
	for (size_t i = 0; i < s->gen->nmirrors; i++) {
		const struct mirror *m = s->gen->mirrors[i];

		for (size_t k = 0; k < mirror_ntargets(m); k++) {
			struct target_status t;

			mirror_target_status(m, k, &t);
			count_in(s, i, "target", t.conf->name,
			    figure_get(f, &t.stats));
		}
	}
}

/* ---- the process --------------------------------------------------------- */

static void
write_cpu(const struct scrape *s)
{
	real(s, s->process.cpu_seconds);
}

static void
write_resident(const struct scrape *s)
{
	count(s, s->process.resident_bytes);
}

static void
write_virtual(const struct scrape *s)
{
	count(s, s->process.virtual_bytes);
}

static void
write_fds(const struct scrape *s)
{
	count(s, s->process.open_fds);
}

static void
write_max_fds(const struct scrape *s)
{
	count(s, s->process.max_fds);
}

static void
write_start(const struct scrape *s)
{
	count(s, (uint64_t)s->view->started_at);
}

/* ---- all of it ----------------------------------------------------------- */

struct family {
	const char *name;
	const char *type;
	const char *help;
	void (*write)(const struct scrape *s);
};

/* A line here, and one in trafmirrord(8), is another family. */
static const struct family families[] = {
	{ PREFIX "build_info", "gauge", "The version, as a label; always 1.",
	    write_build },
	{ PREFIX "config_generation", "gauge",
	    "1 at the start, and one more after each reload that succeeded.",
	    write_generation },
	{ PREFIX "config_last_reload_success", "gauge",
	    "Whether the last reload succeeded; 1 before the first.",
	    write_reload_success },
	{ PREFIX "mirror_collecting", "gauge",
	    "Whether the mirror is enabled and one of its sources up.",
	    write_collecting },
	{ PREFIX "mirror_enabled", "gauge",
	    "Whether the mirror is to collect, by the configuration or by an "
	    "operator.",
	    write_enabled },
	{ PREFIX "mirror_state", "gauge",
	    "1 for the state it has, 0 for others.", write_state },
	{ PREFIX "mirror_filter_in_kernel", "gauge",
	    "Whether the kernel looks at the rules, not the daemon.",
	    write_filter_place },
	{ PREFIX "mirror_pressure_rungs", "gauge",
	    "How many rungs of under-pressure are in force.", write_rungs },
	{ PREFIX "dropped_packets_total", "counter",
	    "Packets that were not copied, and copies not sent, by reason.",
	    write_dropped },
	{ PREFIX "rule_matched_packets_total", "counter",
	    "Packets collected because of the rule.", write_rules },
	{ PREFIX "copy_delay_seconds", "histogram",
	    "Time from the capture to the sending of a copy, at most.",
	    write_delay },
	{ PREFIX "source_up", "gauge",
	    "Whether the interface is there, switched on and with a carrier.",
	    write_source_up },
	{ PREFIX "next_hop_resolved", "gauge",
	    "Whether the MAC address of the next hop is known.",
	    write_next_hops },
	{ PREFIX "target_up", "gauge",
	    "Whether the target gets the copies that are meant for it.",
	    write_target_up },
	{ PREFIX "target_drained", "gauge",
	    "Whether it has weight 0, by the configuration or by an operator.",
	    write_target_drained },
	{ PREFIX "target_share_ratio", "gauge",
	    "Which part of the mirror's flows is meant for the target.",
	    write_share },
	{ PREFIX "target_dropped_packets_total", "counter",
	    "Copies for the target that were not sent.", write_target_dropped },
};

static const struct family process_families[] = {
	{ "process_cpu_seconds_total", "counter",
	    "CPU time of the process, user and system.", write_cpu },
	{ "process_resident_memory_bytes", "gauge", "Resident memory.",
	    write_resident },
	{ "process_virtual_memory_bytes", "gauge", "Virtual memory.",
	    write_virtual },
	{ "process_open_fds", "gauge", "Open file descriptors.", write_fds },
	{ "process_max_fds", "gauge", "As many may be open.", write_max_fds },
	{ "process_start_time_seconds", "gauge",
	    "Start of the process, since the epoch.", write_start },
};

static void
write_families(struct scrape *s, const struct family *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->name = v[i].name;
		exposition_family(s->f, s->name, v[i].type, v[i].help);
		v[i].write(s);
	}
}

/* Those of figures.h, all of them counters. */
static void
write_figures(struct scrape *s, const struct figure *f,
    void (*write)(const struct scrape *s, const struct figure *f))
{
	s->name = s->figure;
	for (; f->name != NULL; f++) {
		if (f->help == NULL)
			continue;
		snprintf(s->figure, NAME_MAX, PREFIX "%s_total", f->name);
		exposition_family(s->f, s->name, "counter", f->help);
		write(s, f);
	}
}

static void
look_at_targets(const struct scrape *s, const struct mirror *m)
{
	const struct conf *c = s->gen->conf;

	for (size_t i = 0; i < mirror_ntargets(m); i++) {
		const struct conf_target *ct;
		struct target_status t;
		struct use *u;

		mirror_target_status(m, i, &t);
		if ((ct = conf_target_find(c, t.conf->name)) == NULL)
			continue;
		u = &s->uses[ct - c->targets];
		u->used = true;
		if (strcmp(t.state, "drained") == 0)
			u->drained = true;
		else if (strcmp(t.state, "up") != 0)
			u->down = true;
	}
}

int
metrics_write(FILE *f, const struct daemon_view *v)
{
	struct scrape s = { .f = f, .gen = v->gen, .view = v };
	int rc = -1;

	s.stats = calloc(s.gen->nmirrors + 1, sizeof(*s.stats));
	s.uses = calloc(s.gen->conf->ntargets + 1, sizeof(*s.uses));
	if (s.stats == NULL || s.uses == NULL)
		goto out;
	for (size_t i = 0; i < s.gen->nmirrors; i++) {
		mirror_stats(s.gen->mirrors[i], &s.stats[i]);
		look_at_targets(&s, s.gen->mirrors[i]);
	}
	write_families(&s, families, COUNT(families));
	write_figures(&s, figures_source, write_source_figure);
	write_figures(&s, figures_target, write_target_figure);
	write_figures(&s, figures_mirror, write_figure);
	rc = 0;
out:
	free(s.stats);
	free(s.uses);
	return rc;
}

void
metrics_write_process(FILE *f, const struct daemon_view *v)
{
	struct scrape s = { .f = f, .view = v };

	process_get(&s.process);
	write_families(&s, process_families, COUNT(process_families));
}
