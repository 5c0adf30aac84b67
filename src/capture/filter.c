/* SPDX-License-Identifier: ISC */
/* A mirror's conditions as one classic BPF program. */
#include "config.h"

#include <sys/socket.h>
#include <linux/filter.h>
#include <errno.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/expression.h"
#include "capture/filter.h"
#include "conf/conf.h"

#define SNAPLEN	    262144
#define VLAN_LEN    4
#define VLAN_LEVELS 3 /* no tag in the frame, one, two */

/* Where a step of the program goes once its expression has matched or not. */
enum go { GO_NEXT, GO_ACCEPT, GO_REJECT };

struct code {
	struct bpf_insn *v;
	size_t n;
	bool no_memory;
};

struct filter {
	struct code kernel;  /* without the prologue */
	struct code exclude; /* in userspace; it sees the captured length */
	struct code user;    /* in userspace, after exclude */
	enum filter_place place;
	enum conf_direction direction;
	uint32_t mark;
};

/* All of the frame: superframes can be larger than libpcap's longest. */
static const struct bpf_insn accept_insn = BPF_STMT(BPF_RET | BPF_K,
    UINT32_MAX);
static const struct bpf_insn reject_insn = BPF_STMT(BPF_RET | BPF_K, 0);

static void
code_add(struct code *c, const struct bpf_insn *v, size_t n)
{
	struct bpf_insn *p;

	if (n == 0 || c->no_memory)
		return;
	if ((p = realloc(c->v, (c->n + n) * sizeof(*p))) == NULL) {
		c->no_memory = true;
		return;
	}
	memcpy(p + c->n, v, n * sizeof(*p));
	c->v = p;
	c->n += n;
}

static void
code_fini(struct code *c)
{
	free(c->v);
	memset(c, 0, sizeof(*c));
}

static bool
code_equal(const struct code *a, const struct code *b)
{
	return a->n == b->n &&
	    (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

/* Appends a program libpcap made, its returns replaced: jumps inside a
 * program are relative, so programs can be put one behind another. */
static void
code_add_step(struct code *c, const struct bpf_program *p, enum go match,
    enum go miss)
{
	size_t start = c->n;

	code_add(c, p->bf_insns, p->bf_len);
	if (c->no_memory)
		return;
	for (size_t i = start; i < c->n; i++) {
		struct bpf_insn *insn = &c->v[i];
		enum go go;

		if (BPF_CLASS(insn->code) != BPF_RET)
			continue;
		go = insn->k != 0 ? match : miss;
		if (go == GO_ACCEPT)
			*insn = accept_insn;
		else if (go == GO_REJECT)
			*insn = reject_insn;
		else
			*insn = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA,
			    (bpf_u_int32)(c->n - i - 1));
	}
}

/* Words as inbound and ifindex look at what the kernel knows beside the
 * frame; userspace could not match them, and offsets must not be moved. */
static bool
looks_beside_frame(const struct bpf_program *p)
{
	for (u_int i = 0; i < p->bf_len; i++)
		if (BPF_CLASS(p->bf_insns[i].code) == BPF_LD &&
		    BPF_MODE(p->bf_insns[i].code) == BPF_ABS &&
		    p->bf_insns[i].k >= (bpf_u_int32)SKF_AD_OFF)
			return true;
	return false;
}

/* Compiles one expression and appends it as a step. what: for messages. */
static int
add_expression(struct code *c, const char *text, enum go match, enum go miss,
    const char *what, struct err *err)
{
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, SNAPLEN);
	struct bpf_program prog;
	int rc = -1;

	if (pcap == NULL)
		return err_sys(err, "%s", what);
	if (pcap_compile(pcap, &prog, text, 1, PCAP_NETMASK_UNKNOWN) == -1) {
		err_set(err, "%s: %s", what, pcap_geterr(pcap));
		pcap_close(pcap);
		return -1;
	}
	if (looks_beside_frame(&prog)) {
		err_set(err,
		    "%s: inbound, outbound and ifindex are not "
		    "possible here (use direction and sources)",
		    what);
	} else {
		code_add_step(c, &prog, match, miss);
		rc = 0;
	}
	pcap_freecode(&prog);
	pcap_close(pcap);
	return rc;
}

static int
add_rule(struct code *c, const struct conf_mirror *m, const struct conf_rule *r,
    struct err *err)
{
	char *text = expression_rule(r);
	enum go match = GO_ACCEPT, miss = GO_NEXT;
	int rc;

	if (text == NULL)
		return err_sys(err, "rule \"%s\"", r->name);
	if (m->filter == CONF_FILTER_ALL) {
		match = GO_NEXT;
		miss = GO_REJECT;
	} else if (r->drop) {
		match = GO_REJECT;
	}
	rc = add_expression(c, text, match, miss, "rule", err);
	free(text);
	return rc;
}

/* level: VLAN tags in front of what is excluded. */
static int
add_exclude(struct code *c, unsigned level, const struct conf *conf,
    const struct conf_mirror *m, struct err *err)
{
	char *text = expression_exclude(conf, m, VLAN_LEN * level);
	int rc;

	if (text == NULL)
		return err_sys(err, "exclude-targets");
	rc = *text == '\0' ?
	    0 :
	    add_expression(c, text, GO_REJECT, GO_NEXT, "exclude-targets", err);
	free(text);
	return rc;
}

static int
add_rules(struct code *c, const struct conf_mirror *m, struct err *err)
{
	for (size_t i = 0; i < m->nrules; i++)
		if (add_rule(c, m, &m->rules[i], err) == -1)
			return -1;
	if (m->nrules == 0 || m->filter == CONF_FILTER_ALL)
		code_add(c, &accept_insn, 1);
	else
		code_add(c, &reject_insn, 1);
	return 0;
}

static void
shift_offsets(struct bpf_insn *v, size_t n, bpf_u_int32 by)
{
	for (size_t i = 0; i < n; i++) {
		u_short class = BPF_CLASS(v[i].code);
		u_short mode = BPF_MODE(v[i].code);
		bool load = class == BPF_LD || class == BPF_LDX;

		if (load && v[i].k >= 12 &&
		    (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH))
			v[i].k += by;
	}
}

/* A frame too short to hold an EtherType behind two tags is taken as it is:
 * loads behind its end would reject it. */
static void
add_runt_guard(struct code *c)
{
	const struct bpf_insn guard[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 14 + VLAN_LEN * VLAN_LEVELS,
		    1, 0),
		accept_insn,
	};

	code_add(c, guard, sizeof(guard) / sizeof(guard[0]));
}

/* Makes a program see through VLAN tags that are inside the frame: one copy
 * of it for each depth, with offsets moved by 4, and a look at the
 * EtherType to choose between them. exclude: what to begin with at each
 * depth, or none of it. */
static void
add_vlan_levels(struct code *out, const struct code exclude[static VLAN_LEVELS],
    const struct code *body)
{
	for (bpf_u_int32 level = 0; level < VLAN_LEVELS; level++) {
		struct bpf_insn look[] = {
			BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			    12 + VLAN_LEN * level),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x8100, 2, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x88a8, 1, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x9100, 0, 1),
			BPF_STMT(BPF_JMP | BPF_JA,
			    (bpf_u_int32)(exclude[level].n + body->n)),
		};
		size_t start;

		if (level < VLAN_LEVELS - 1)
			code_add(out, look, sizeof(look) / sizeof(look[0]));
		start = out->n;
		code_add(out, exclude[level].v, exclude[level].n);
		code_add(out, body->v, body->n);
		if (!out->no_memory)
			shift_offsets(out->v + start, out->n - start,
			    VLAN_LEN * level);
	}
}

/* The kernel's conditions on what is not in the frame. */
static void
add_prologue(struct code *c, const struct filter *f, bool loopback)
{
	const struct bpf_insn mark[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (bpf_u_int32)(SKF_AD_OFF + SKF_AD_MARK)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, f->mark, 0, 1),
		reject_insn,
	};
	struct bpf_insn direction[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    (bpf_u_int32)(SKF_AD_OFF + SKF_AD_PKTTYPE)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
		reject_insn,
	};

	code_add(c, mark, 3);
	if (f->direction == CONF_DIR_OUT) {
		direction[1].jt = 1;
		direction[1].jf = 0;
	} else if (f->direction == CONF_DIR_ALL && !loopback) {
		return;
	}
	code_add(c, direction, 3);
}

static int
attach(int fd, const struct filter *f, const struct code *body, bool loopback,
    struct err *err)
{
	struct sock_fprog prog;
	struct code c = { 0 };
	int rc = -1;

	add_prologue(&c, f, loopback);
	code_add(&c, body->v, body->n);
	if (c.no_memory) {
		err_sys(err, "filter");
	} else if (c.n > BPF_MAXINSNS) {
		errno = E2BIG;
		err_set(err, "filter: %zu instructions, the kernel takes %d",
		    c.n, BPF_MAXINSNS);
	} else {
		prog.len = (unsigned short)c.n;
		/* struct bpf_insn and struct sock_filter are one layout */
		prog.filter = (struct sock_filter *)(void *)c.v;
		rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
		    sizeof(prog));
		if (rc == -1)
			err_sys(err, "filter: %zu instructions", c.n);
	}
	code_fini(&c);
	return rc;
}

/* Attaches body; where the kernel has no room for it beside the program
 * before, by way of one that accepts. */
static int
swap(int fd, const struct filter *f, const struct code *body, bool loopback,
    struct err *err)
{
	struct bpf_insn accept = accept_insn;
	const struct code any = { .v = &accept, .n = 1 };

	if (attach(fd, f, body, loopback, NULL) == 0)
		return 0;
	if (attach(fd, f, &any, loopback, err) == -1)
		return -1;
	return attach(fd, f, body, loopback, err);
}

/* Whether the kernel takes body, and then another of its size in its place. */
static bool
kernel_takes(const struct filter *f, const struct code *body)
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
choose_kernel_part(struct filter *f, struct code *parts, size_t n,
    struct err *err)
{
	for (size_t i = 0; i < n; i++) {
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
add_conditions(struct code *body, const struct conf_mirror *m, bool vlan,
    struct err *err)
{
	if (m->bpf != NULL && !vlan &&
	    add_expression(body, m->bpf, GO_NEXT, GO_REJECT, "bpf", err) == -1)
		return -1;
	return add_rules(body, m, err);
}

/* bare: nothing but exclude keeps a frame out. */
static void
add_user(struct filter *f, const struct code exclude[static VLAN_LEVELS],
    const struct code *body, const struct code *accept, bool bare)
{
	static const struct code none[VLAN_LEVELS];

	add_runt_guard(&f->exclude);
	add_vlan_levels(&f->exclude, exclude, accept);
	if (bare)
		code_add(&f->user, &accept_insn, 1);
	else
		add_vlan_levels(&f->user, none, body);
}

static bool
no_memory(const struct code *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c[i].no_memory)
			return true;
	return false;
}

static void
codes_fini(struct code *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		code_fini(&c[i]);
}

static int
compile(struct filter *f, const struct conf *c, const struct conf_mirror *m,
    struct err *err)
{
	struct code exclude[VLAN_LEVELS] = { { 0 } }, parts[3] = { { 0 } };
	struct code body = { 0 }, accept = { 0 };
	bool vlan = m->bpf != NULL && expression_uses_vlan(m->bpf);
	bool bare = m->nrules == 0 && m->bpf == NULL;
	int rc = -1;

	for (unsigned level = 0; level < VLAN_LEVELS; level++)
		if (add_exclude(&exclude[level], level, c, m, err) == -1)
			goto out;
	if (vlan) {
		/* The user's offsets count from the start of the frame. */
		if (add_expression(&f->user, m->bpf, GO_NEXT, GO_REJECT, "bpf",
			err) == -1)
			goto out;
		f->place = FILTER_USER_VLAN;
	}
	if (add_conditions(&body, m, vlan, err) == -1)
		goto out;
	code_add(&accept, &accept_insn, 1);
	add_user(f, exclude, &body, &accept, bare);
	if (bare)
		add_runt_guard(&parts[0]);
	add_vlan_levels(&parts[0], exclude, &body);
	add_vlan_levels(&parts[1], exclude, &accept);
	code_add(&parts[2], &accept_insn, 1);
	if (no_memory(exclude, VLAN_LEVELS) || no_memory(parts, 3) ||
	    body.no_memory || accept.no_memory || f->exclude.no_memory ||
	    f->user.no_memory)
		err_sys(err, "filter");
	else
		rc = choose_kernel_part(f, parts, 3, err);
out:
	codes_fini(exclude, VLAN_LEVELS);
	codes_fini(parts, 3);
	code_fini(&body);
	code_fini(&accept);
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
	code_fini(&f->kernel);
	code_fini(&f->exclude);
	code_fini(&f->user);
	free(f);
}

enum filter_place
filter_place(const struct filter *f)
{
	return f->place;
}

unsigned
filter_length(const struct filter *f)
{
	return (unsigned)f->kernel.n;
}

int
filter_attach(const struct filter *f, int fd, bool loopback, struct err *err)
{
	return swap(fd, f, &f->kernel, loopback, err);
}

static bool
run(const struct code *c, const uint8_t *frame, uint32_t caplen, uint32_t len)
{
	const struct bpf_program prog = { .bf_len = (u_int)c->n,
		.bf_insns = c->v };
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
filter_equal(const struct filter *a, const struct filter *b)
{
	return a->place == b->place && a->direction == b->direction &&
	    a->mark == b->mark && code_equal(&a->kernel, &b->kernel) &&
	    code_equal(&a->exclude, &b->exclude) &&
	    code_equal(&a->user, &b->user);
}
