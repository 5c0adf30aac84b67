/* SPDX-License-Identifier: ISC */
/* Every option there is: where it may stand, what it may be, where it goes. */
#include "config.h"

#include <netinet/in.h>
#include <string.h>
#include <syslog.h>

#include "conf/conf.h"
#include "conf/schema.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define NAME_MAX_LEN 32 /* of an option */
#define DISTANCE_MAX 2	/* between a name and the one that was meant */

/* Where a field lies, and how wide it is. */
#define FIELD(type, member)                      \
	.offset = offsetof(struct type, member), \
	.width = sizeof(((struct type *)NULL)->member)
#define LIST(type, member)                       \
	.offset = offsetof(struct type, member), \
	.count = offsetof(struct type, n##member)
#define POS(type, member) .pos = offsetof(struct type, member##_pos)
#define WORD(table)	  .type = SCHEMA_WORD, .words = (table)

static const struct schema_word booleans[] = { { "true", 1 }, { "false", 0 },
	{ "yes", 1 }, { "no", 0 }, { "on", 1 }, { "off", 0 }, { NULL, 0 } };
static const struct schema_word log_levels[] = { { "error", LOG_LEVEL_ERROR },
	{ "warn", LOG_LEVEL_WARN }, { "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG }, { NULL, 0 } };
static const struct schema_word facilities[] = { { "auth", LOG_AUTH },
	{ "authpriv", LOG_AUTHPRIV }, { "cron", LOG_CRON },
	{ "daemon", LOG_DAEMON }, { "ftp", LOG_FTP }, { "lpr", LOG_LPR },
	{ "mail", LOG_MAIL }, { "news", LOG_NEWS }, { "syslog", LOG_SYSLOG },
	{ "user", LOG_USER }, { "uucp", LOG_UUCP }, { "local0", LOG_LOCAL0 },
	{ "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
	{ "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 }, { NULL, 0 } };
static const struct schema_word encaps[] = { { "vxlan", CONF_VXLAN },
	{ "gre", CONF_GRE }, { "geneve", CONF_GENEVE },
	{ "erspan", CONF_ERSPAN }, { "erspan3", CONF_ERSPAN3 }, { NULL, 0 } };
static const struct schema_word checks[] = { { "none", CONF_CHECK_NONE },
	{ "icmp", CONF_CHECK_ICMP }, { "tcp", CONF_CHECK_TCP }, { NULL, 0 } };
static const struct schema_word gso_modes[] = { { "auto", CONF_GSO_AUTO },
	{ "on", CONF_GSO_ON }, { "off", CONF_GSO_OFF }, { NULL, 0 } };
static const struct schema_word directions[] = { { "all", CONF_DIR_ALL },
	{ "in", CONF_DIR_IN }, { "out", CONF_DIR_OUT }, { NULL, 0 } };
static const struct schema_word filters[] = { { "all", CONF_FILTER_ALL },
	{ "any", CONF_FILTER_ANY }, { "first", CONF_FILTER_FIRST },
	{ NULL, 0 } };
static const struct schema_word balances[] = { { "flow", CONF_BALANCE_FLOW },
	{ "source", CONF_BALANCE_SOURCE }, { "packet", CONF_BALANCE_PACKET },
	{ "replicate", CONF_BALANCE_REPLICATE }, { NULL, 0 } };
static const struct schema_word oversizes[] = { { "fragment",
						    CONF_OVERSIZE_FRAGMENT },
	{ "truncate", CONF_OVERSIZE_TRUNCATE }, { "drop", CONF_OVERSIZE_DROP },
	{ NULL, 0 } };
static const struct schema_word actions[] = { { "accept", 0 }, { "drop", 1 },
	{ NULL, 0 } };
const struct schema_word schema_protocols[] = { { "any", CONF_PROTOCOL_ANY },
	{ "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
	{ "icmp", IPPROTO_ICMP }, { "icmp6", IPPROTO_ICMPV6 },
	{ "sctp", IPPROTO_SCTP }, { "gre", IPPROTO_GRE },
	{ "esp", IPPROTO_ESP }, { "ah", IPPROTO_AH }, { NULL, 0 } };

static const struct schema_option rule_options[] = {
	{ "action", WORD(actions), FIELD(conf_rule, drop) },
	{ "protocol", SCHEMA_PROTOCOL, FIELD(conf_rule, protocol) },
	{ "src", SCHEMA_PREFIXES, LIST(conf_rule, src) },
	{ "dst", SCHEMA_PREFIXES, LIST(conf_rule, dst) },
	{ "src-port", SCHEMA_PORTS, LIST(conf_rule, src_port) },
	{ "dst-port", SCHEMA_PORTS, LIST(conf_rule, dst_port) },
	{ "bidirectional", WORD(booleans), FIELD(conf_rule, bidirectional) },
};

static const struct schema_option mirror_options[] = {
	{ "collect", WORD(booleans), FIELD(conf_mirror, collect) },
	{ "description", SCHEMA_TEXT, FIELD(conf_mirror, description),
	    .max = 255 },
	{ "tags", SCHEMA_TAGS, FIELD(conf_mirror, tags) },
	{ "sources", SCHEMA_SOURCES, FIELD(conf_mirror, sources),
	    .required = true },
	{ "direction", WORD(directions), FIELD(conf_mirror, direction) },
	{ "filter", WORD(filters), FIELD(conf_mirror, filter) },
	{ "next-hop", SCHEMA_ADDRESSES, LIST(conf_mirror, next_hops),
	    POS(conf_mirror, next_hops), .max = CONF_NEXT_HOPS_MAX },
	{ "bpf", SCHEMA_EXPRESSION, FIELD(conf_mirror, bpf),
	    POS(conf_mirror, bpf) },
	{ "exclude-targets", WORD(booleans),
	    FIELD(conf_mirror, exclude_targets) },
	{ "targets", SCHEMA_NAMES, FIELD(conf_mirror, target_names),
	    .required = true },
	{ "balance", WORD(balances), FIELD(conf_mirror, balance) },
	{ "session-id", SCHEMA_NUMBER, FIELD(conf_mirror, session_id),
	    POS(conf_mirror, session_id), .max = UINT32_MAX },
	/* Nothing shorter than an Ethernet header. */
	{ "truncate", SCHEMA_NUMBER, FIELD(conf_mirror, truncate), .min = 14,
	    .max = 65535, .or_zero = true },
	{ "sample", SCHEMA_NUMBER, FIELD(conf_mirror, sample), .min = 1,
	    .max = UINT32_MAX },
	{ "rate-limit", SCHEMA_RATE, FIELD(conf_mirror, rate_limit),
	    .min = 8000, .max = UINT64_C(1000000000000), .or_zero = true },
	{ "burst", SCHEMA_TIME, FIELD(conf_mirror, burst_ms), .min = 1,
	    .max = 60000 },
	{ "oversize", WORD(oversizes), FIELD(conf_mirror, oversize) },
	{ "ring-size", SCHEMA_SIZE, FIELD(conf_mirror, ring_size),
	    .min = 1 << 20, .max = UINT64_C(2) << 30 },
	{ "latency", SCHEMA_TIME, FIELD(conf_mirror, latency_ms), .min = 1,
	    .max = 1000 },
	{ "promiscuous", WORD(booleans), FIELD(conf_mirror, promiscuous) },
	{ "under-pressure", SCHEMA_RUNGS, LIST(conf_mirror, rungs) },
	{ "rule", SCHEMA_SECTION, .section = &schema_rule },
};

static const struct schema_option target_options[] = {
	{ "address", SCHEMA_HOST, FIELD(conf_target, host),
	    POS(conf_target, address), .required = true },
	{ "encap", WORD(encaps), FIELD(conf_target, encap) },
	{ "port", SCHEMA_NUMBER, FIELD(conf_target, port), .min = 1,
	    .max = 65535 },
	{ "weight", SCHEMA_NUMBER, FIELD(conf_target, weight), .max = 100 },
	{ "source-address", SCHEMA_ADDRESS,
	    FIELD(conf_target, source_address) },
	{ "interface", SCHEMA_INTERFACE, FIELD(conf_target, interface) },
	{ "ttl", SCHEMA_NUMBER, FIELD(conf_target, ttl), .min = 1, .max = 255 },
	{ "dscp", SCHEMA_NUMBER, FIELD(conf_target, dscp), .max = 63 },
	{ "source-ports", SCHEMA_NUMBER, FIELD(conf_target, source_ports),
	    .min = 1, .max = CONF_SOURCE_PORTS_MAX },
	{ "udp-gso", WORD(gso_modes), FIELD(conf_target, udp_gso) },
	{ "sequence", WORD(booleans), FIELD(conf_target, sequence) },
	{ "check", WORD(checks), FIELD(conf_target, check.kind) },
	{ "check-port", SCHEMA_NUMBER, FIELD(conf_target, check.port), .min = 1,
	    .max = 65535 },
	{ "check-interval", SCHEMA_TIME, FIELD(conf_target, check.interval_ms),
	    .min = 1000, .max = 300000 },
	/* Less than the shortest interval has to be possible. */
	{ "check-timeout", SCHEMA_TIME, FIELD(conf_target, check.timeout_ms),
	    .min = 100, .max = 300000 },
	{ "check-rise", SCHEMA_NUMBER, FIELD(conf_target, check.rise), .min = 2,
	    .max = 10 },
	{ "check-fall", SCHEMA_NUMBER, FIELD(conf_target, check.fall), .min = 2,
	    .max = 10 },
};

static const struct schema_option root_options[] = {
	{ "user", SCHEMA_TEXT, FIELD(conf, user), POS(conf, user), .min = 1,
	    .max = 255 },
	{ "control-socket", SCHEMA_TEXT, FIELD(conf, control_socket),
	    POS(conf, control_socket), .max = 107 },
	{ "control-group", SCHEMA_TEXT, FIELD(conf, control_group),
	    .max = 255 },
	{ "metrics-listen", SCHEMA_ENDPOINT, FIELD(conf, metrics_listen),
	    POS(conf, metrics_listen) },
	{ "state-dir", SCHEMA_TEXT, FIELD(conf, state_dir),
	    POS(conf, state_dir), .min = 1, .max = 255 },
	{ "max-mirrors", SCHEMA_NUMBER, FIELD(conf, max_mirrors), .min = 1,
	    .max = 1000 },
	{ "log-level", WORD(log_levels), FIELD(conf, log_level) },
	{ "log-facility", WORD(facilities), FIELD(conf, log_facility) },
	{ "bandwidth-limit", SCHEMA_RATE, FIELD(conf, bandwidth_limit),
	    .min = 8000, .max = UINT64_C(1000000000000), .or_zero = true },
	/* 0 is every other packet's mark: our own would not stand out. */
	{ "mark", SCHEMA_MARK, FIELD(conf, mark), .min = 1, .max = UINT32_MAX },
	{ "include", SCHEMA_INCLUDE, .offset = SCHEMA_NOWHERE },
	{ "target", SCHEMA_SECTION, .section = &schema_target },
	{ "mirror", SCHEMA_SECTION, .section = &schema_mirror },
};

const struct schema schema_rule = { "rule", rule_options, COUNT(rule_options) };
const struct schema schema_mirror = { "mirror", mirror_options,
	COUNT(mirror_options) };
const struct schema schema_target = { "target", target_options,
	COUNT(target_options) };
const struct schema schema_root = { "root", root_options, COUNT(root_options) };

_Static_assert(COUNT(mirror_options) <= SCHEMA_OPTIONS_MAX &&
	COUNT(target_options) <= SCHEMA_OPTIONS_MAX &&
	COUNT(root_options) <= SCHEMA_OPTIONS_MAX &&
	COUNT(rule_options) <= SCHEMA_OPTIONS_MAX,
    "raise SCHEMA_OPTIONS_MAX");

const struct schema_option *
schema_find(const struct schema *s, const char *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (strlen(s->options[i].name) == len &&
		    memcmp(s->options[i].name, name, len) == 0)
			return &s->options[i];
	return NULL;
}

bool
schema_is_list(const struct schema_option *o)
{
	return o->type >= SCHEMA_TAGS && o->type < SCHEMA_SECTION;
}

/* Copies the name without - and _ and an s at its end. Returns its length. */
static size_t
simplify(char to[static NAME_MAX_LEN + 1], const char *name, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		if (name[i] != '-' && name[i] != '_')
			to[n++] = name[i];
	if (n > 0 && to[n - 1] == 's')
		n--;
	to[n] = '\0';
	return n;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Characters to insert, delete or replace (Levenshtein), row by row. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_LEN + 1], n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 1; j <= n; j++) {
			size_t replaced = diagonal + (a[i] != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

/* Short names are all near to each other: less than half may differ. */
const struct schema_option *
schema_nearest(const struct schema *s, const char *name, size_t len)
{
	const struct schema_option *nearest = NULL;
	char want[NAME_MAX_LEN + 1], have[NAME_MAX_LEN + 1];
	size_t best = DISTANCE_MAX + 1;

	if (len > NAME_MAX_LEN)
		return NULL;
	best = least(best, (simplify(want, name, len) + 1) / 2);
	for (size_t i = 0; i < s->n; i++) {
		const struct schema_option *o = &s->options[i];
		size_t d;

		simplify(have, o->name, strlen(o->name));
		d = distance(want, have);
		if (d < best) {
			best = d;
			nearest = o;
		}
	}
	return nearest;
}

const char *
schema_word_name(const struct schema_word *words, int value)
{
	while (words->name != NULL && words->value != value)
		words++;
	return words->name;
}

const char *
schema_encap_name(enum conf_encap encap)
{
	return schema_word_name(encaps, (int)encap);
}

const char *
schema_direction_name(enum conf_direction direction)
{
	return schema_word_name(directions, (int)direction);
}

const char *
schema_balance_name(enum conf_balance balance)
{
	return schema_word_name(balances, (int)balance);
}

const char *
schema_check_name(enum conf_check_kind kind)
{
	return schema_word_name(checks, (int)kind);
}
