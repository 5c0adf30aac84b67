/* SPDX-License-Identifier: ISC */
/* Conditions of a mirror, each compiled by libpcap. */
#include "config.h"

#include <stdlib.h>

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/compile.h"
#include "capture/expression.h"
#include "capture/program.h"
#include "conf/conf.h"
#include "conf/report.h"

#define SNAPLEN	 262144
#define VLAN_LEN 4

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

int
compile_bpf(struct program *c, const struct conf_mirror *m, struct err *err)
{
	return add_expression(c, m->bpf, PROGRAM_NEXT, PROGRAM_REJECT, "bpf",
	    err);
}

/* Takes text. */
static int
add_excluded(struct program *c, char *text, struct err *err)
{
	int rc;

	if (text == NULL)
		return err_sys(err, "exclude-targets");
	rc = *text == '\0' ? 0 :
			     add_expression(c, text, PROGRAM_REJECT,
				 PROGRAM_NEXT, "exclude-targets", err);
	free(text);
	return rc;
}

int
compile_exclude(struct program *c, unsigned level, const struct conf *conf,
    const struct conf_mirror *m, struct err *err)
{
	unsigned shift = VLAN_LEN * level;

	for (size_t i = 0; i < conf->ntargets; i += EXPRESSION_TARGETS)
		if (add_excluded(c, expression_exclude(conf, m, i, shift),
			err) == -1)
			return -1;
	return add_excluded(c, expression_pings(conf, shift), err);
}

int
compile_rules(struct program *c, const struct conf_mirror *m, size_t most,
    struct err *err)
{
	for (size_t i = 0; i < m->nrules && c->n <= most; i++)
		if (add_rule(c, m, &m->rules[i], err) == -1)
			return -1;
	if (m->nrules == 0 || m->filter == CONF_FILTER_ALL)
		program_add_accept(c);
	else
		program_add_reject(c);
	/* It never grows so far that thousands of rules take time. */
	if (c->n > most)
		program_fini(c);
	return 0;
}
