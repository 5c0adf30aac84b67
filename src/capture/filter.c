/* SPDX-License-Identifier: ISC */
/* A mirror's conditions as one classic BPF program. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/expression.h"
#include "capture/filter.h"
#include "capture/program.h"
#include "conf/conf.h"
#include "conf/report.h"

#define SNAPLEN	 262144
#define VLAN_LEN 4
#define PARTS	 4 /* programs to try in the kernel */

struct filter {
	struct program kernel;	/* without the prologue */
	struct program exclude; /* in userspace; it sees the captured length */
	struct program user;	/* in userspace, after exclude */
	enum filter_place place;
	enum conf_direction direction;
	uint32_t mark;
};

/* Words as inbound and ifindex look at what the kernel knows beside the
 * frame; userspace could not match them, and offsets must not be moved. A shift
 * by 32 or more has no bits left in libpcap, where the kernel takes the number
 * modulo 32. Returns what to say, or NULL. */
static const char *
not_the_same_everywhere(const struct bpf_program *p)
{
	for (u_int i = 0; i < p->bf_len; i++) {
		const struct bpf_insn *insn = &p->bf_insns[i];

		if (BPF_CLASS(insn->code) == BPF_LD &&
		    BPF_MODE(insn->code) == BPF_ABS && insn->k > INT32_MAX)
			return "inbound, outbound and ifindex are not "
			       "possible here (use direction and sources)";
		if (insn->code == (BPF_ALU | BPF_LSH | BPF_X) ||
		    insn->code == (BPF_ALU | BPF_RSH | BPF_X))
			return "a shift by a number out of the packet is not "
			       "possible here";
	}
	return NULL;
}

/* Compiles one expression and appends it as a step. what: for messages. */
static int
add_expression(struct program *c, const char *text, enum program_go match,
    enum program_go miss, const char *what, struct err *err)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	char q[REPORT_QUOTE_MAX];
	struct bpf_program prog;
	const char *why;
	int rc = -1;

	if (pcap == NULL)
		return err_sys(err, "%s", what);
	if (pcap_compile(pcap, &prog, text, 1, PCAP_NETMASK_UNKNOWN) == -1) {
		err_set(err, "%s: %s: %s", what, report_quote(q, text),
		    pcap_geterr(pcap));
		pcap_close(pcap);
		return -1;
	}
	why = not_the_same_everywhere(&prog);
	if (why != NULL) {
		err_set(err, "%s: %s", what, why);
	} else {
		/* libpcap's instructions are the kernel's. */
		program_add_step(c, (struct sock_filter *)(void *)prog.bf_insns,
		    prog.bf_len, match, miss);
		rc = 0;
	}
	pcap_freecode(&prog);
	pcap_close(pcap);
	return rc;
}

static int
add_rule(struct program *c, const struct conf_mirror *m,
    const struct conf_rule *r, struct err *err)
{
	char *text = expression_rule(r);
	enum program_go match = PROGRAM_ACCEPT, miss = PROGRAM_NEXT;
	int rc;

	if (text == NULL)
		return err_sys(err, "rule \"%s\"", r->name);
	if (m->filter == CONF_FILTER_ALL) {
		match = PROGRAM_NEXT;
		miss = PROGRAM_REJECT;
	} else if (r->drop) {
		match = PROGRAM_REJECT;
	}
	rc = add_expression(c, text, match, miss, "rule", err);
	free(text);
	return rc;
}

/* level: VLAN tags in front of what is excluded. */
static int
add_exclude(struct program *c, unsigned level, const struct conf *conf,
    const struct conf_mirror *m, struct err *err)
{
	char *text = expression_exclude(conf, m, VLAN_LEN * level);
	int rc;

	if (text == NULL)
		return err_sys(err, "exclude-targets");
	rc = *text == '\0' ? 0 :
			     add_expression(c, text, PROGRAM_REJECT,
				 PROGRAM_NEXT, "exclude-targets", err);
	free(text);
	return rc;
}

static int
add_rules(struct program *c, const struct conf_mirror *m, struct err *err)
{
	for (size_t i = 0; i < m->nrules; i++)
		if (add_rule(c, m, &m->rules[i], err) == -1)
			return -1;
	if (m->nrules == 0 || m->filter == CONF_FILTER_ALL)
		program_add_accept(c);
	else
		program_add_reject(c);
	return 0;
}

/* The kernel's conditions on what is not in the frame. */
static void
add_prologue(struct program *p, const struct filter *f, bool loopback)
{
	program_add_reject_if(p, SKF_AD_MARK, f->mark, true);
	if (f->direction == CONF_DIR_OUT)
		program_add_reject_if(p, SKF_AD_PKTTYPE, PACKET_OUTGOING,
		    false);
	else if (f->direction == CONF_DIR_IN || loopback)
		program_add_reject_if(p, SKF_AD_PKTTYPE, PACKET_OUTGOING, true);
}

static int
attach(int fd, const struct filter *f, const struct program *body,
    bool loopback, struct err *err)
{
	struct sock_fprog prog;
	struct program c = { 0 };
	int rc = -1;

	add_prologue(&c, f, loopback);
	program_add(&c, body);
	if (c.no_memory) {
		err_sys(err, "filter");
	} else if (c.n > BPF_MAXINSNS) {
		errno = E2BIG;
		err_set(err, "filter: %zu instructions, the kernel takes %d",
		    c.n, BPF_MAXINSNS);
	} else {
		prog.len = (unsigned short)c.n;
		prog.filter = c.v;
		rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
		    sizeof(prog));
		if (rc == -1)
			err_sys(err, "filter: %zu instructions", c.n);
	}
	program_fini(&c);
	return rc;
}

/* Attaches body; where the kernel has no room for it beside the program
 * before, by way of one that accepts. */
static int
swap(int fd, const struct filter *f, const struct program *body, bool loopback,
    struct err *err)
{
	struct program any = { 0 };
	int rc = attach(fd, f, body, loopback, NULL);

	if (rc == 0)
		return 0;
	program_add_accept(&any);
	rc = attach(fd, f, &any, loopback, err);
	program_fini(&any);
	return rc == -1 ? -1 : attach(fd, f, body, loopback, err);
}

/* Whether the kernel takes body, and then another of its size in its place. */
static bool
kernel_takes(const struct filter *f, const struct program *body)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd == -1)
		return false;
	ok = attach(fd, f, body, true, NULL) == 0 &&
	    swap(fd, f, body, true, NULL) == 0;
	close(fd);
	return ok;
}

/* Chooses the finest program that the kernel takes. parts: candidates from
 * fine to coarse; the first is the whole program. */
static int
choose_kernel_part(struct filter *f, struct program parts[static PARTS],
    struct err *err)
{
	for (size_t i = 0; i < PARTS; i++) {
		if (!kernel_takes(f, &parts[i]))
			continue;
		f->kernel = parts[i];
		memset(&parts[i], 0, sizeof(parts[i]));
		if (i > 0 && f->place == FILTER_KERNEL)
			f->place = FILTER_USER_TOO_BIG;
		return 0;
	}
	return err_set(err,
	    "the kernel refuses even the smallest filter; "
	    "see net.core.optmem_max");
}

/* The user's expression and the rules, without what is excluded. */
static int
add_conditions(struct program *body, const struct conf_mirror *m, bool vlan,
    struct err *err)
{
	if (m->bpf != NULL && !vlan &&
	    add_expression(body, m->bpf, PROGRAM_NEXT, PROGRAM_REJECT, "bpf",
		err) == -1)
		return -1;
	return add_rules(body, m, err);
}

/* bare: nothing but exclude keeps a frame out. */
static void
add_user(struct filter *f, const struct program exclude[static PROGRAM_LEVELS],
    const struct program *body, const struct program *accept, bool bare)
{
	static const struct program none[PROGRAM_LEVELS];

	program_add_runt_guard(&f->exclude);
	program_add_levels(&f->exclude, exclude, accept, PROGRAM_LEVELS);
	if (bare)
		program_add_accept(&f->user);
	else
		program_add_levels(&f->user, none, body, PROGRAM_LEVELS);
}

static bool
no_memory(const struct program *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c[i].no_memory)
			return true;
	return false;
}

static void
codes_fini(struct program *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		program_fini(&c[i]);
}

static int
compile(struct filter *f, const struct conf *c, const struct conf_mirror *m,
    struct err *err)
{
	struct program exclude[PROGRAM_LEVELS] = { { 0 } },
		       parts[PARTS] = { { 0 } };
	struct program body = { 0 }, accept = { 0 };
	bool vlan = m->bpf != NULL && expression_uses_vlan(m->bpf);
	bool bare = m->nrules == 0 && m->bpf == NULL;
	int rc = -1;

	for (unsigned level = 0; level < PROGRAM_LEVELS; level++)
		if (add_exclude(&exclude[level], level, c, m, err) == -1)
			goto out;
	if (vlan) {
		/* The user's offsets count from the start of the frame. */
		if (add_expression(&f->user, m->bpf, PROGRAM_NEXT,
			PROGRAM_REJECT, "bpf", err) == -1)
			goto out;
		f->place = FILTER_USER_VLAN;
	}
	if (add_conditions(&body, m, vlan, err) == -1)
		goto out;
	program_add_accept(&accept);
	add_user(f, exclude, &body, &accept, bare);
	if (bare) {
		program_add_runt_guard(&parts[0]);
		program_add_runt_guard(&parts[1]);
	}
	program_add_levels(&parts[0], exclude, &body, PROGRAM_LEVELS);
	program_add_levels(&parts[1], exclude, &body, 1);
	program_add_levels(&parts[2], exclude, &accept, 1);
	program_add_accept(&parts[3]);
	if (no_memory(exclude, PROGRAM_LEVELS) || no_memory(parts, PARTS) ||
	    body.no_memory || accept.no_memory || f->exclude.no_memory ||
	    f->user.no_memory)
		err_sys(err, "filter");
	else
		rc = choose_kernel_part(f, parts, err);
out:
	codes_fini(exclude, PROGRAM_LEVELS);
	codes_fini(parts, PARTS);
	program_fini(&body);
	program_fini(&accept);
	return rc;
}

int
filter_new(struct filter **out, const struct conf *c,
    const struct conf_mirror *m, struct err *err)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_sys(err, "filter");
	f->direction = m->direction;
	f->mark = c->mark;
	if (compile(f, c, m, err) == -1) {
		filter_free(f);
		return -1;
	}
	*out = f;
	return 0;
}

void
filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	program_fini(&f->kernel);
	program_fini(&f->exclude);
	program_fini(&f->user);
	free(f);
}

enum filter_place
filter_place(const struct filter *f)
{
	return f->place;
}

int
filter_attach(const struct filter *f, int fd, bool loopback, struct err *err)
{
	return swap(fd, f, &f->kernel, loopback, err);
}

static bool
run(const struct program *c, const uint8_t *frame, uint32_t caplen,
    uint32_t len)
{
	const struct bpf_program prog = { .bf_len = (u_int)c->n,
		/* the kernel's instructions are libpcap's */
		.bf_insns = (struct bpf_insn *)(void *)c->v };
	const struct pcap_pkthdr hdr = { .caplen = caplen, .len = len };

	return pcap_offline_filter(&prog, &hdr, frame) != 0;
}

bool
filter_match(const struct filter *f, const uint8_t *frame, uint32_t caplen,
    uint32_t len)
{
	return run(&f->exclude, frame, caplen, caplen) &&
	    run(&f->user, frame, caplen, len);
}

bool
filter_match_direction(const struct filter *f, enum packet_direction direction,
    bool loopback)
{
	if (f->direction == CONF_DIR_OUT)
		return direction == PACKET_OUT;
	return direction == PACKET_IN ||
	    (f->direction == CONF_DIR_ALL && !loopback);
}

bool
filter_equal(const struct filter *a, const struct filter *b)
{
	return a->place == b->place && a->direction == b->direction &&
	    a->mark == b->mark && program_equal(&a->kernel, &b->kernel) &&
	    program_equal(&a->exclude, &b->exclude) &&
	    program_equal(&a->user, &b->user);
}
