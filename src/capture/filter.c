/* SPDX-License-Identifier: ISC */
/* A mirror's conditions as one classic BPF program. */
#include "config.h"

#include <sys/socket.h>
#include <errno.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/compile.h"
#include "capture/expression.h"
#include "capture/filter.h"
#include "capture/program.h"
#include "conf/conf.h"

#define PARTS 4 /* programs to try in the kernel */

struct filter {
	struct program kernel;	/* without the prologue */
	struct program exclude; /* in userspace; it sees the captured length */
	struct program user;	/* in userspace, after exclude */
	enum filter_place place;
	enum conf_direction direction;
	uint32_t mark;
};

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
	if (m->bpf != NULL && !vlan && compile_bpf(body, m, err) == -1)
		return -1;
	return compile_rules(body, m, err);
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
		if (compile_exclude(&exclude[level], level, c, m, err) == -1)
			goto out;
	if (vlan) {
		/* The user's offsets count from the start of the frame. */
		if (compile_bpf(&f->user, m, err) == -1)
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

bool
filter_match(const struct filter *f, const uint8_t *frame, uint32_t caplen,
    uint32_t len)
{
	return program_match(&f->exclude, frame, caplen, caplen) &&
	    program_match(&f->user, frame, caplen, len);
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
