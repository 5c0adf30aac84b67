/* SPDX-License-Identifier: ISC */
/* Classic BPF programs, put together from pieces. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "base/bytes.h"
#include "capture/hops.h"
#include "capture/program.h"

#define ADDRESSES 12u /* bytes in front of the first tag or EtherType */
#define VLAN_LEN  4u

/* All of the frame: superframes can be larger than libpcap's longest. */
static const struct sock_filter accept_insn = BPF_STMT(BPF_RET | BPF_K,
    UINT32_MAX);
static const struct sock_filter reject_insn = BPF_STMT(BPF_RET | BPF_K, 0);

static void
add(struct program *p, const struct sock_filter *v, size_t n)
{
	struct sock_filter *more;

	if (n == 0 || p->no_memory)
		return;
	if ((more = realloc(p->v, (p->n + n) * sizeof(*more))) == NULL) {
		p->no_memory = true;
		return;
	}
	memcpy(more + p->n, v, n * sizeof(*more));
	p->v = more;
	p->n += n;
}

void
program_fini(struct program *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}

bool
program_equal(const struct program *a, const struct program *b)
{
	return a->n == b->n &&
	    (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(*a->v)) == 0);
}

void
program_add(struct program *p, const struct program *more)
{
	add(p, more->v, more->n);
	p->no_memory |= more->no_memory;
}

void
program_add_accept(struct program *p)
{
	add(p, &accept_insn, 1);
}

void
program_add_reject(struct program *p)
{
	add(p, &reject_insn, 1);
}

/* Jumps inside a program are relative, so programs can be put one behind
 * another. */
void
program_add_step(struct program *p, const struct sock_filter *v, size_t n,
    enum program_go match, enum program_go miss)
{
	size_t start = p->n;

	add(p, v, n);
	if (p->no_memory)
		return;
	for (size_t i = start; i < p->n; i++) {
		struct sock_filter *insn = &p->v[i];
		enum program_go go;

		if (BPF_CLASS(insn->code) != BPF_RET)
			continue;
		go = insn->k != 0 ? match : miss;
		if (go == PROGRAM_ACCEPT)
			*insn = accept_insn;
		else if (go == PROGRAM_REJECT)
			*insn = reject_insn;
		else
			*insn = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
			    (uint32_t)(p->n - i - 1));
	}
}

void
program_add_reject_if(struct program *p, int ad, uint32_t value, bool equal)
{
	const struct sock_filter v[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + ad)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, equal ? 0 : 1,
		    equal ? 1 : 0),
		reject_insn,
	};

	add(p, v, sizeof(v) / sizeof(v[0]));
}

/* The end of a MAC address says more than its beginning, which is the maker's
 * and often the same. */
void
program_add_hops(struct program *p, const struct hops *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct sock_filter v[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			    bytes_get32(h->mac[i] + 2), 0, 3),
			BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			    bytes_get16(h->mac[i]), 0, 1),
			BPF_STMT(BPF_JMP | BPF_JA,
			    (uint32_t)((h->n - i - 1) * 5 + 1)),
		};

		add(p, v, sizeof(v) / sizeof(v[0]));
	}
	add(p, &reject_insn, 1);
}

static void
shift_offsets(struct sock_filter *v, size_t n, uint32_t by)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t class = BPF_CLASS(v[i].code);
		uint16_t mode = BPF_MODE(v[i].code);
		bool load = class == BPF_LD || class == BPF_LDX;

		if (load && v[i].k >= ADDRESSES &&
		    (mode == BPF_ABS || mode == BPF_IND || mode == BPF_MSH))
			v[i].k += by;
	}
}

void
program_add_runt_guard(struct program *p)
{
	const struct sock_filter guard[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
		    14 + VLAN_LEN * PROGRAM_LEVELS, 1, 0),
		accept_insn,
	};

	add(p, guard, sizeof(guard) / sizeof(guard[0]));
}

void
program_add_levels(struct program *p,
    const struct program exclude[static PROGRAM_LEVELS],
    const struct program *body, uint32_t levels)
{
	for (uint32_t level = 0; level < levels; level++) {
		const struct sock_filter next = BPF_STMT(BPF_JMP | BPF_JA,
		    (uint32_t)(exclude[level].n + body->n));
		const struct sock_filter look[] = {
			BPF_STMT(BPF_LD | BPF_H | BPF_ABS,
			    ADDRESSES + VLAN_LEN * level),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x8100, 2, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x88a8, 1, 0),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x9100, 0, 1),
			level + 1 < levels ? next : accept_insn,
		};
		size_t start;

		if (level < PROGRAM_LEVELS - 1)
			add(p, look, sizeof(look) / sizeof(look[0]));
		start = p->n;
		program_add(p, &exclude[level]);
		program_add(p, body);
		if (!p->no_memory)
			shift_offsets(p->v + start, p->n - start,
			    VLAN_LEN * level);
	}
}

bool
program_match(const struct program *p, const uint8_t *frame, uint32_t caplen,
    uint32_t len)
{
	const struct bpf_program prog = { .bf_len = (u_int)p->n,
		/* the kernel's instructions are libpcap's */
		.bf_insns = (struct bpf_insn *)(void *)p->v };
	const struct pcap_pkthdr hdr = { .caplen = caplen, .len = len };

	return pcap_offline_filter(&prog, &hdr, frame) != 0;
}
