/* SPDX-License-Identifier: ISC */
/* Any bytes as a probe, a copy or an answer: what is read of them alone is
 * read again from what is built of it. */
#include "config.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/beacon.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
require_same(const struct beacon *a, const struct beacon *b)
{
	require(a->number == b->number &&
	    memcmp(a->nonce, b->nonce, BEACON_NONCE) == 0);
}

static void
check_probe(const struct beacon *p, const struct beacon_flow *f)
{
	static const uint8_t mac[6];
	char text[BEACON_FLOW_TEXT_MAX];
	uint8_t frame[BEACON_FRAME_MAX];
	struct beacon_flow g;
	struct beacon q;
	uint32_t len = beacon_build(frame, p, f, mac);

	require(len <= BEACON_FRAME_MAX && len >= beacon_least(f));
	require(beacon_read(&q, &g, frame, len));
	require_same(p, &q);
	require(addr_equal(&f->src, &g.src) && addr_equal(&f->dst, &g.dst));
	require(f->protocol == g.protocol && f->src_port == g.src_port &&
	    f->dst_port == g.dst_port);
	require(strlen(beacon_flow_format(f, text)) < sizeof(text) - 1);
}

/* An answer to the copy, as it would come over IPv4. */
static void
check_answer(const struct beacon_copy *c)
{
	uint8_t frame[34 + BEACON_ANSWER_MAX] = { 0 };
	struct beacon_copy back;
	size_t n = beacon_build_answer(frame + 34, c);

	require(n <= BEACON_ANSWER_MAX);
	bytes_put16(frame + 12, 0x0800);
	frame[14] = 0x45;
	frame[23] = conf_encap_has_ports(c->encap) ? IPPROTO_UDP : IPPROTO_GRE;
	require(beacon_read_answer(&back, frame, 34 + n));
	require_same(&c->probe, &back.probe);
	require(addr_equal(&c->dst, &back.dst) && c->encap == back.encap &&
	    c->session == back.session && c->dst_port == back.dst_port);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size);
	struct beacon_flow f;
	struct beacon_copy c;
	struct beacon p;

	require(exact != NULL);
	memcpy(exact, data, size);
	if (beacon_read(&p, &f, exact, size))
		check_probe(&p, &f);
	if (beacon_read_copy(&c, exact, size)) {
		check_probe(&c.probe, &c.flow);
		check_answer(&c);
	}
	if (beacon_read_answer(&c, exact, size))
		require(c.dst.family == AF_INET || c.dst.family == AF_INET6);
	free(exact);
	return 0;
}
