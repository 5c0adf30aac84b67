/* SPDX-License-Identifier: ISC */
/* The configuration: plain data, immutable once loaded. */
#ifndef TM_CONF_H
#define TM_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/log.h"

#define CONF_NAME_MAX	      60 /* characters of a mirror, target or rule name */
#define CONF_SOURCE_PORTS_MAX 64
#define CONF_NEXT_HOPS_MAX    16 /* of one mirror */

enum conf_encap {
	CONF_VXLAN,
	CONF_GRE,
	CONF_GENEVE,
	CONF_ERSPAN, /* type II */
	CONF_ERSPAN3
};

/* Whether copies are UDP datagrams; the others are GRE packets. */
static inline bool
conf_encap_has_ports(enum conf_encap encap)
{
	return encap == CONF_VXLAN || encap == CONF_GENEVE;
}

enum conf_direction { CONF_DIR_ALL, CONF_DIR_IN, CONF_DIR_OUT };
enum conf_filter { CONF_FILTER_ALL, CONF_FILTER_ANY, CONF_FILTER_FIRST };
enum conf_gso { CONF_GSO_AUTO, CONF_GSO_ON, CONF_GSO_OFF };
enum conf_oversize {
	CONF_OVERSIZE_FRAGMENT,
	CONF_OVERSIZE_TRUNCATE,
	CONF_OVERSIZE_DROP
};
enum conf_balance {
	CONF_BALANCE_FLOW,
	CONF_BALANCE_SOURCE,
	CONF_BALANCE_PACKET,
	CONF_BALANCE_REPLICATE
};

/* Where something is written; file is owned by the struct conf, NULL for a
 * default. */
struct conf_pos {
	const char *file;
	unsigned line;
};

/* A list of words of an option, each with its place. */
struct conf_word {
	char *text;
	struct conf_pos pos;
};
struct conf_words {
	struct conf_word *v;
	size_t n;
};

/* How it is found out whether a target is alive. */
enum conf_check_kind { CONF_CHECK_NONE, CONF_CHECK_ICMP, CONF_CHECK_TCP };

/* What a check is known by: the first bytes behind the header of an ICMP
 * message, "tmch", and the TCP ports that it comes from. */
#define CONF_CHECK_MAGIC      0x746d6368u
#define CONF_CHECK_PORT_FIRST 29805
#define CONF_CHECK_PORT_LAST  29868

struct conf_check {
	enum conf_check_kind kind;
	uint16_t port; /* of tcp, otherwise 0 */
	uint32_t interval_ms;
	uint32_t timeout_ms; /* less than that */
	uint8_t rise;	     /* good answers in a row until it is up */
	uint8_t fall;	     /* bad ones until it is down */
};

/* One host, or (family 0) a name of DNS that stands for some. */
struct conf_host {
	struct addr address;
	char *name;
};

/* Where copies go. */
struct conf_place {
	struct addr address;
	uint16_t port;	 /* 0 for encapsulations without ports */
	uint16_t weight; /* among the places of its target, from 1 */
};

struct conf_target {
	char *name;
	struct conf_pos pos;
	struct conf_pos address_pos; /* of the option, for messages */
	struct conf_host host;	     /* address */
	/* What host is: the one place of an address, those that a name has
	 * (none until it is resolved), in the order of conf_place_compare. */
	struct conf_place *places;
	size_t nplaces;
	enum conf_encap encap;
	uint16_t port; /* 0 for encapsulations without ports */
	uint8_t weight;
	struct addr source_address; /* family 0: the route decides */
	char *interface;	    /* NULL: the route decides */
	uint8_t ttl;
	uint8_t dscp;
	uint8_t source_ports;
	enum conf_gso udp_gso;
	bool sequence;
	struct conf_check check;
	bool faulty; /* while loading: it has an error of its own */
};

struct conf_ports {
	uint16_t lo, hi; /* host order, inclusive */
};

/* What a mirror does with less pressure on it. */
enum conf_relief {
	CONF_TRUNCATE, /* to number bytes */
	CONF_SAMPLE,   /* one flow in number */
	CONF_STOP      /* no number: 0 */
};

struct conf_rung {
	enum conf_relief relief;
	uint32_t number;
};

#define CONF_RUNG_TEXT_MAX 24

#define CONF_PROTOCOL_ANY 256

struct conf_rule {
	char *name;
	struct conf_pos pos;
	bool drop;	   /* action */
	uint16_t protocol; /* IP protocol number, or CONF_PROTOCOL_ANY */
	/* An empty list means any. */
	struct addr_prefix *src, *dst;
	size_t nsrc, ndst;
	struct conf_ports *src_port, *dst_port;
	size_t nsrc_port, ndst_port;
	bool bidirectional;
	bool faulty; /* as above */
};

struct conf_mirror {
	char *name;
	struct conf_pos pos;
	bool collect;
	char *description; /* may be empty, never NULL */
	struct conf_words tags;
	struct conf_words sources;
	enum conf_direction direction;
	enum conf_filter filter;
	struct addr *next_hops; /* none: wherever packets go */
	size_t nnext_hops;
	struct conf_pos next_hops_pos;
	struct conf_rule *rules;
	size_t nrules;
	char *bpf; /* NULL: none */
	struct conf_pos bpf_pos;
	bool exclude_targets;
	struct conf_words target_names;
	/* The same targets, resolved by conf_check; borrowed from the conf.
	 * The array itself is owned. */
	const struct conf_target **targets;
	size_t ntargets;
	enum conf_balance balance;
	uint32_t session_id;
	struct conf_pos session_id_pos;
	uint32_t truncate;   /* bytes, 0 = all */
	uint32_t sample;     /* one flow in this many */
	uint64_t rate_limit; /* bits per second, 0 = none */
	uint32_t burst_ms;
	enum conf_oversize oversize;
	uint64_t ring_size; /* bytes */
	uint32_t latency_ms;
	bool promiscuous;
	struct conf_rung *rungs; /* under-pressure */
	size_t nrungs;
	bool faulty; /* as above */
};

struct conf {
	char *path;   /* the file named on the command line */
	char **files; /* every file read, for conf_pos; NULL-terminated */
	char *user;
	struct conf_pos user_pos;
	char *control_socket; /* absolute path, or "": none */
	struct conf_pos control_socket_pos;
	char *control_group; /* or "": none */
	struct addr_port metrics_listen;
	struct conf_pos metrics_listen_pos;
	char *state_dir;     /* absolute path */
	struct conf_pos state_dir_pos;
	uint32_t max_mirrors;
	enum log_level log_level;
	int log_facility;	  /* LOG_* of syslog(3) */
	uint64_t bandwidth_limit; /* bits per second, 0 = none */
	uint32_t mark;
	struct conf_target *targets;
	size_t ntargets;
	struct conf_mirror *mirrors;
	size_t nmirrors;
	bool incomplete; /* while loading: not every file was understood */
	/* See overlay.h. */
	struct conf *base;
	unsigned noverlays;
};

/* Errors and warnings found in a configuration, in order of file and line,
 * each a finished line "file:line: ..." of printable characters; in
 * warnings "warning: " follows the place. */
struct conf_report {
	char **errors;
	size_t nerrors;
	char **warnings;
	size_t nwarnings;
	bool lost; /* memory ran out and a line is missing: counts as error */
};

/* Adds a line. pos may have no file (or be NULL), then the text stands alone;
 * line 0 means the file as a whole. */
void conf_report_error(struct conf_report *r, const struct conf_pos *pos,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void conf_report_warn(struct conf_report *r, const struct conf_pos *pos,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void conf_report_fini(struct conf_report *r);

/* Reads path and what it includes, checks every value by itself, then the
 * whole (conf_check). Everything that is wrong is added to r. Returns the
 * configuration, or NULL if r has errors. The caller frees it. */
struct conf *conf_load(const char *path, struct conf_report *r);

/* The same from memory; name stands for the file in messages. There,
 * include is an error: nothing but the text is read. */
struct conf *conf_load_text(const char *text, size_t len, const char *name,
    struct conf_report *r);

void conf_free(struct conf *c);
void conf_words_fini(struct conf_words *w);

/* As it is written: the name, or the address in buf. */
const char *conf_host_format(const struct conf_host *host,
    char buf[static ADDR_TEXT_MAX]);

/* By family, port and address, as for qsort(3); the weight is no matter. */
int conf_place_compare(const void *a, const void *b);

/* Sorts places so, and makes one of those that are equal, with the greatest
 * weight. Returns how many there are then. */
size_t conf_places_tidy(struct conf_place *v, size_t n);

/* What becomes of copies larger than the path MTU: "fragmented" and so on. */
const char *conf_oversize_becomes(enum conf_oversize oversize);

/* As it is written, "truncate 128"; returns buf. */
const char *conf_rung_format(const struct conf_rung *rung,
    char buf[static CONF_RUNG_TEXT_MAX]);

/* NULL if there is none of this name. */
const struct conf_mirror *conf_mirror_find(const struct conf *c,
    const char *name);
const struct conf_target *conf_target_find(const struct conf *c,
    const char *name);

#endif
