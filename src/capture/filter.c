/* SPDX-License-Identifier: ISC */
/* A mirror's conditions, in the kernel and here. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/classifier.h"
#include "capture/compile.h"
#include "capture/copy.h"
#include "capture/expression.h"
#include "capture/filter.h"
#include "capture/hops.h"
#include "capture/program.h"
#include "conf/conf.h"

#define PARTS 5 /* programs to try in the kernel */

/* Instructions of all rules together that a packet may have to pass in the
 * kernel, where they take about 0.3 ns each, on the CPU that sends or
 * receives it. The classifier takes less, whatever their number, but a packet
 * that no rule wants costs some 0.3 us to get there. */
#define RULES_MAX 512

struct filter {
	struct program kernel; /* without the prologue */
	/* In userspace, in this order. */
	struct program exclude; /* sees the captured length */
	struct program bpf;	/* empty: none */
	struct classifier *rules;
	struct copy *copies;
	enum filter_place place;
	enum conf_direction direction;
	uint32_t mark;
	size_t nhops; /* next hops there can be; 0: frames go anywhere */
};

/* The kernel's conditions on what is not in the frame. */
static void
add_prologue(struct program *p, const struct filter *f, const struct hops *h,
    bool loopback)
{
	program_add_reject_if(p, SKF_AD_MARK, f->mark, true);
	if (f->direction == CONF_DIR_OUT)
		program_add_reject_if(p, SKF_AD_PKTTYPE, PACKET_OUTGOING,
		    false);
	else if (f->direction == CONF_DIR_IN || loopback)
		program_add_reject_if(p, SKF_AD_PKTTYPE, PACKET_OUTGOING, true);
	if (f->nhops > 0)
		program_add_hops(p, h);
}

static int
attach(int fd, const struct filter *f, const struct hops *h,
    const struct program *body, bool loopback, struct err *err)
{
	struct sock_fprog prog;
	struct program c = { 0 };
	int rc = -1;

	add_prologue(&c, f, h, loopback);
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
swap(int fd, const struct filter *f, const struct hops *h,
    const struct program *body, bool loopback, struct err *err)
{
	struct program any = { 0 };
	int rc = attach(fd, f, h, body, loopback, NULL);

	if (rc == 0)
		return 0;
	program_add_accept(&any);
	rc = attach(fd, f, h, &any, loopback, err);
	program_fini(&any);
	return rc == -1 ? -1 : attach(fd, f, h, body, loopback, err);
}

/* Whether the kernel takes body, and then another of its size in its place,
 * also when all next hops are known. */
static bool
kernel_takes(const struct filter *f, const struct program *body)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct hops h = { .n = f->nhops };
	bool ok;

	if (fd == -1)
		return false;
	ok = attach(fd, f, &h, body, true, NULL) == 0 &&
	    swap(fd, f, &h, body, true, NULL) == 0;
	close(fd);
	return ok;
}

/* Chooses the finest program that the kernel takes. parts: candidates from
 * fine to coarse. Returns which one, or -1. */
static int
choose_kernel_part(struct filter *f, struct program parts[static PARTS],
    struct err *err)
{
	for (int i = 0; i < PARTS; i++) {
		if (parts[i].n == 0 || !kernel_takes(f, &parts[i]))
			continue;
		f->kernel = parts[i];
		memset(&parts[i], 0, sizeof(parts[i]));
		return i;
	}
	return err_set(err,
	    "the kernel refuses even the smallest filter; "
	    "see net.core.optmem_max");
}

/* What the conditions are put together from. */
struct pieces {
	struct program exclude[PROGRAM_LEVELS];
	struct program bpf;
	struct program rules; /* empty: too long */
	struct program accept;
	struct program parts[PARTS];
};

static int
compile_pieces(struct pieces *pc, const struct conf *c,
    const struct conf_mirror *m, struct err *err)
{
	for (unsigned level = 0; level < PROGRAM_LEVELS; level++)
		if (compile_exclude(&pc->exclude[level], level, c, m, err) ==
		    -1)
			return -1;
	if (m->bpf != NULL && compile_bpf(&pc->bpf, m, err) == -1)
		return -1;
	program_add_accept(&pc->accept);
	return compile_rules(&pc->rules, m, RULES_MAX, err);
}

/* vlan: the user's offsets count from the start of the frame. */
static void
add_user(struct filter *f, const struct pieces *pc, bool vlan)
{
	static const struct program none[PROGRAM_LEVELS];
	struct program body = { 0 };

	program_add_runt_guard(&f->exclude);
	program_add_levels(&f->exclude, pc->exclude, &pc->accept,
	    PROGRAM_LEVELS);
	if (pc->bpf.n == 0)
		return;
	program_add(&body, &pc->bpf);
	program_add(&body, &pc->accept);
	if (vlan)
		program_add(&f->bpf, &body);
	else
		program_add_levels(&f->bpf, none, &body, PROGRAM_LEVELS);
	f->bpf.no_memory |= body.no_memory;
	program_fini(&body);
}

/* bare: nothing but exclude keeps a frame out. */
static void
add_parts(struct pieces *pc, bool vlan, bool bare)
{
	struct program whole = { 0 }, coarse = { 0 };
	struct program *v = pc->parts;

	if (!vlan)
		program_add(&coarse, &pc->bpf);
	program_add(&whole, &coarse);
	program_add(&whole, &pc->rules);
	program_add(&coarse, &pc->accept);
	if (pc->rules.n > 0) {
		if (bare) {
			program_add_runt_guard(&v[0]);
			program_add_runt_guard(&v[1]);
		}
		program_add_levels(&v[0], pc->exclude, &whole, PROGRAM_LEVELS);
		program_add_levels(&v[1], pc->exclude, &whole, 1);
	}
	program_add_levels(&v[2], pc->exclude, &coarse, PROGRAM_LEVELS);
	program_add_levels(&v[3], pc->exclude, &pc->accept, 1);
	program_add_accept(&v[4]);
	v[4].no_memory |= whole.no_memory || coarse.no_memory;
	program_fini(&whole);
	program_fini(&coarse);
}

static void
pieces_fini(struct pieces *pc)
{
	for (size_t i = 0; i < PROGRAM_LEVELS; i++)
		program_fini(&pc->exclude[i]);
	for (size_t i = 0; i < PARTS; i++)
		program_fini(&pc->parts[i]);
	program_fini(&pc->bpf);
	program_fini(&pc->rules);
	program_fini(&pc->accept);
}

static bool
no_memory(const struct filter *f, const struct pieces *pc)
{
	bool lost = f->exclude.no_memory || f->bpf.no_memory;

	for (size_t i = 0; i < PARTS; i++)
		lost |= pc->parts[i].no_memory;
	return lost;
}

/* part: the one that the kernel took. */
static enum filter_place
place_of(int part, const struct pieces *pc, bool vlan)
{
	if (vlan)
		return FILTER_USER_VLAN;
	if (part == 0)
		return FILTER_KERNEL;
	return part == 2 && pc->rules.n == 0 ? FILTER_USER_RULES :
					       FILTER_USER_TOO_BIG;
}

static int
compile(struct filter *f, const struct conf *c, const struct conf_mirror *m,
    struct err *err)
{
	struct pieces pc = { .bpf = { 0 } };
	bool vlan = m->bpf != NULL && expression_uses_vlan(m->bpf);
	int part = -1;

	if (compile_pieces(&pc, c, m, err) == -1)
		goto out;
	add_user(f, &pc, vlan);
	add_parts(&pc, vlan, m->nrules == 0 && m->bpf == NULL);
	if (no_memory(f, &pc))
		err_set(err, "filter: no memory");
	else
		part = choose_kernel_part(f, pc.parts, err);
	f->place = place_of(part, &pc, vlan);
out:
	pieces_fini(&pc);
	return part == -1 ? -1 : 0;
}

int
filter_new(struct filter **out, const struct conf *c,
    const struct conf_mirror *m, struct err *err)
{
	struct filter *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return err_sys(err, "filter");
	f->direction = m->nnext_hops > 0 ? CONF_DIR_OUT : m->direction;
	f->nhops = m->nnext_hops;
	f->mark = c->mark;
	if (classifier_new(&f->rules, m, err) == -1 ||
	    copy_new(&f->copies, c, err) == -1 || compile(f, c, m, err) == -1) {
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
	program_fini(&f->bpf);
	classifier_free(f->rules);
	copy_free(f->copies);
	free(f);
}

enum filter_place
filter_place(const struct filter *f)
{
	return f->place;
}

int
filter_attach(const struct filter *f, const struct hops *h, int fd,
    bool loopback, struct err *err)
{
	return swap(fd, f, h, &f->kernel, loopback, err);
}

bool
filter_match(const struct filter *f, const uint8_t *frame, uint32_t caplen,
    uint32_t len, uint32_t *rule)
{
	return program_match(&f->exclude, frame, caplen, caplen) &&
	    (f->bpf.n == 0 || program_match(&f->bpf, frame, caplen, len)) &&
	    classifier_match(f->rules, frame, caplen, rule);
}

void
filter_ask(const struct filter *f, const struct packet *p,
    struct filter_parts *parts)
{
	parts->exclude = program_match(&f->exclude, p->data, p->caplen,
	    p->caplen);
	parts->bpf = f->bpf.n == 0 ||
	    program_match(&f->bpf, p->data, p->caplen, p->len);
	parts->rules = classifier_match(f->rules, p->data, p->caplen,
	    &parts->rule);
}

void
filter_lacks(const struct filter *f, const struct packet *p, uint32_t *lacks)
{
	classifier_lacks(f->rules, p->data, p->caplen, lacks);
}

bool
filter_finish(const struct filter *f, struct packet *p, uint32_t inserted)
{
	if (f->place == FILTER_KERNEL && !classifier_tells(f->rules)) {
		p->rule = PACKET_NO_RULE;
		return true;
	}
	/* Addresses are no matter to rules: without the bytes in front it is
	 * the frame that the kernel's part saw. */
	if (f->place == FILTER_KERNEL || f->place == FILTER_USER_RULES)
		return classifier_match(f->rules, p->data + inserted,
			   p->caplen - inserted, &p->rule) ||
		    f->place == FILTER_KERNEL;
	return filter_match(f, p->data, p->caplen, p->len, &p->rule);
}

bool
filter_is_copy(const struct filter *f, struct packet *p)
{
	enum copy_kind kind = copy_look(f->copies, p->data, p->caplen);

	p->like_copy = kind == COPY_LIKE;
	return kind == COPY_OURS;
}

bool
filter_is_copy_apart(const struct filter *f, struct copy_memory *m,
    struct packet *p)
{
	enum copy_kind kind = copy_look_apart(f->copies, m, p->data, p->caplen);

	p->like_copy = kind == COPY_LIKE;
	return kind == COPY_OURS;
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
filter_match_hops(const struct filter *f, const struct hops *h,
    const uint8_t *frame, uint32_t caplen)
{
	return f->nhops == 0 || hops_match(h, frame, caplen);
}

bool
filter_equal(const struct filter *a, const struct filter *b)
{
	return a->place == b->place && a->direction == b->direction &&
	    a->mark == b->mark && a->nhops == b->nhops &&
	    program_equal(&a->kernel, &b->kernel) &&
	    program_equal(&a->exclude, &b->exclude) &&
	    program_equal(&a->bpf, &b->bpf) &&
	    classifier_equal(a->rules, b->rules) &&
	    copy_equal(a->copies, b->copies);
}
