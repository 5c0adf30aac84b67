/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "base/bytes.h"
#include "conf/conf.h"
#include "conf/flowtext.h"
#include "deliver/encap.h"
#include "frame.h"
#include "packet/checksum.h"
#include "packet/packet.h"
#include "packet/beacon.h"
#include "packet/segment.h"
#include "unit.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
static const struct beacon probe = { "noncence", 513 };

static struct beacon_flow
flow(const char *src, const char *dst, unsigned protocol)
{
	struct beacon_flow f = { .protocol = (uint8_t)protocol };

	CU_ASSERT_EQUAL(addr_parse(&f.src, src), 0);
	CU_ASSERT_EQUAL(addr_parse(&f.dst, dst), 0);
	f.src_port = beacon_has_id(protocol) ? 49152 : 0;
	f.dst_port = flowtext_has_ports(protocol) ? 443 : 0;
	return f;
}

static bool
same_flow(const struct beacon_flow *a, const struct beacon_flow *b)
{
	return addr_equal(&a->src, &b->src) && addr_equal(&a->dst, &b->dst) &&
	    a->protocol == b->protocol && a->src_port == b->src_port &&
	    a->dst_port == b->dst_port;
}

static bool
same_probe(const struct beacon *a, const struct beacon *b)
{
	return a->number == b->number &&
	    memcmp(a->nonce, b->nonce, BEACON_NONCE) == 0;
}

/* Of what stands behind IP: right if nothing is left. */
static uint16_t
transport_sum(const struct beacon_flow *f, const uint8_t *p, size_t len)
{
	size_t n = f->src.family == AF_INET ? 4 : 16;
	uint64_t sum = 0;

	if (f->protocol != IPPROTO_ICMP) {
		sum = checksum_add(0, f->src.bytes, n);
		sum = checksum_add(sum, f->dst.bytes, n);
		sum += checksum_word(f->protocol) +
		    checksum_word((uint16_t)len);
	}
	return checksum_finish(checksum_add(sum, p, len));
}

static void
check_frame(const struct beacon_flow *f)
{
	size_t ip = f->src.family == AF_INET ? 20 : 40;
	uint8_t frame[BEACON_FRAME_MAX];
	struct beacon_flow g;
	struct beacon p;
	uint32_t len = beacon_build(frame, &probe, f, mac);

	CU_ASSERT_EQUAL(memcmp(frame, beacon_mac, 6), 0);
	CU_ASSERT_EQUAL(memcmp(frame + 6, mac, 6), 0);
	CU_ASSERT(len <= BEACON_FRAME_MAX && len >= 60);
	CU_ASSERT_TRUE(beacon_read(&p, &g, frame, len));
	CU_ASSERT_TRUE(same_probe(&p, &probe));
	CU_ASSERT_TRUE(same_flow(f, &g));
	if (f->src.family == AF_INET)
		CU_ASSERT_EQUAL(checksum_finish(
				    checksum_add(0, frame + 14, 20)),
		    0);
	if (f->protocol != IPPROTO_SCTP && beacon_has_id(f->protocol))
		CU_ASSERT_EQUAL(transport_sum(f, frame + 14 + ip,
				    len - 14 - ip),
		    0);
	for (uint32_t n = 0; n <= len; n++)
		CU_ASSERT_EQUAL(beacon_read(&p, &g, frame, n),
		    n >= beacon_least(f));
}

static const unsigned protocols[] = { IPPROTO_UDP, IPPROTO_TCP, IPPROTO_SCTP,
	IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_ESP, 99 };

static void
test_frames(void)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		struct beacon_flow f = flow("10.0.0.1", "10.0.0.2",
		    protocols[i]);

		if (protocols[i] != IPPROTO_ICMPV6)
			check_frame(&f);
		f = flow("fd00::1", "fd00::2", protocols[i]);
		if (protocols[i] != IPPROTO_ICMP)
			check_frame(&f);
	}
}

/* CRC32c as its own file tests it; here, that the field holds it. */
static void
test_sctp(void)
{
	struct beacon_flow f = flow("10.0.0.1", "10.0.0.2", IPPROTO_SCTP);
	uint8_t frame[BEACON_FRAME_MAX], *p = frame + 34;
	uint32_t len = beacon_build(frame, &probe, &f, mac) - 34, crc, field;

	memcpy(&field, p + 8, 4);
	memset(p + 8, 0, 4);
	crc = checksum_crc32c(p, len, p, 0);
	CU_ASSERT_EQUAL(field, crc);
	CU_ASSERT_EQUAL(bytes_get16(p + 14), len - 12);
}

static void
check_text(const char *src, const char *dst, unsigned protocol,
    const char *text)
{
	struct beacon_flow f = flow(src, dst, protocol);
	char buf[BEACON_FLOW_TEXT_MAX];

	CU_ASSERT_STRING_EQUAL(beacon_flow_format(&f, buf), text);
}

static void
test_text(void)
{
	check_text("10.0.0.1", "10.0.0.2", IPPROTO_TCP,
	    "tcp 10.0.0.1:49152 > 10.0.0.2:443");
	check_text("fd00::1", "fd00::2", IPPROTO_UDP,
	    "udp [fd00::1]:49152 > [fd00::2]:443");
	check_text("10.0.0.1", "10.0.0.2", IPPROTO_ICMP,
	    "icmp 10.0.0.1 > 10.0.0.2");
	check_text("fd00::1", "fd00::2", 99, "99 fd00::1 > fd00::2");
}

static void
test_tagged(void)
{
	struct beacon_flow f = flow("10.0.0.1", "10.0.0.2", IPPROTO_TCP), g;
	struct frame tagged = { .len = 0 };
	struct beacon p;

	tagged.len = beacon_build(tagged.b, &probe, &f, mac);
	frame_tag(&tagged, 0x8100, 7);
	CU_ASSERT_TRUE(beacon_read(&p, &g, tagged.b, tagged.len));
	frame_tag(&tagged, 0x88a8, 8);
	CU_ASSERT_TRUE(beacon_read(&p, &g, tagged.b, tagged.len));
	CU_ASSERT_TRUE(same_flow(&f, &g));
	CU_ASSERT_TRUE(same_probe(&p, &probe));
}

/* A copy of the probe of that flow, made with the headers that targets use. */
static size_t
copy(struct frame *f, enum conf_encap encap, const char *src, const char *dst,
    const struct beacon_flow *inner)
{
	uint8_t frame[BEACON_FRAME_MAX], header[ENCAP_HEADER_MAX];
	uint32_t len = beacon_build(frame, &probe, inner, mac);
	struct packet p = { .data = frame, .caplen = len, .len = len };
	struct segment s = { .packet = &p };
	struct encap e;

	encap_init(&e, encap, 513, true);
	memcpy(header, e.header, e.len);
	if (e.put != NULL)
		e.put(header, &s, 1);
	frame_ether(f, 0);
	frame_ip(f, src, dst, (uint8_t)e.protocol,
	    (uint16_t)(e.len + len + (e.protocol == IPPROTO_UDP ? 8 : 0)));
	if (e.protocol == IPPROTO_UDP)
		frame_udp(f, 50000, 4789, 0);
	frame_bytes(f, header, e.len);
	frame_bytes(f, frame, len);
	return f->len - len + beacon_least(inner);
}

static void
check_copy(enum conf_encap encap, const char *src, const char *dst,
    const struct beacon_flow *inner)
{
	bool udp = conf_encap_has_ports(encap);
	struct beacon_copy c;
	struct frame f;
	uint32_t at = 0;
	size_t least = copy(&f, encap, src, dst, inner);
	struct addr a;

	CU_ASSERT_TRUE(beacon_read_copy(&c, f.b, f.len));
	CU_ASSERT_TRUE(same_probe(&c.probe, &probe));
	CU_ASSERT_TRUE(same_flow(&c.flow, inner));
	CU_ASSERT_EQUAL(c.encap, encap);
	CU_ASSERT_EQUAL(c.session, 513);
	CU_ASSERT_EQUAL(c.src_port, udp ? 50000 : 0);
	CU_ASSERT_EQUAL(c.dst_port, udp ? 4789 : 0);
	addr_parse(&a, src);
	CU_ASSERT_TRUE(addr_equal(&a, &c.src));
	addr_parse(&a, dst);
	CU_ASSERT_TRUE(addr_equal(&a, &c.dst));
	for (size_t n = 0; n < f.len; n++)
		CU_ASSERT_EQUAL(beacon_read_copy(&c, f.b, n), n >= least);
	for (uint32_t n = BEACON_COPY_FIRST; n <= BEACON_COPY_LAST; n += 4)
		if (bytes_get32(f.b + 14 + n) == BEACON_WORD)
			at = n;
	CU_ASSERT_NOT_EQUAL(at, 0);
}

static void
test_copies(void)
{
	const struct beacon_flow inner[] = {
		flow("10.0.0.1", "10.0.0.2", IPPROTO_UDP),
		flow("10.0.0.1", "10.0.0.2", IPPROTO_TCP),
		flow("fd00::1", "fd00::2", IPPROTO_UDP),
		flow("fd00::1", "fd00::2", IPPROTO_SCTP),
		flow("fd00::1", "fd00::2", IPPROTO_TCP),
	};

	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		for (int e = CONF_VXLAN; e <= CONF_ERSPAN3; e++) {
			check_copy((enum conf_encap)e, "10.9.0.1", "10.9.0.2",
			    &inner[i]);
			check_copy((enum conf_encap)e, "fd09::1", "fd09::2",
			    &inner[i]);
		}
}

static void
check_answer(enum conf_encap encap, const char *src, const char *dst)
{
	struct beacon_flow inner = flow("10.0.0.1", "10.0.0.2", IPPROTO_UDP);
	bool udp = conf_encap_has_ports(encap);
	uint8_t answer[BEACON_ANSWER_MAX];
	struct beacon_copy c, back;
	struct frame f;
	uint32_t at = 0;
	size_t n;

	copy(&f, encap, src, dst, &inner);
	CU_ASSERT_TRUE_FATAL(beacon_read_copy(&c, f.b, f.len));
	n = beacon_build_answer(answer, &c);
	CU_ASSERT(n <= BEACON_ANSWER_MAX);
	frame_ether(&f, 0);
	frame_ip(&f, dst, src, udp ? IPPROTO_UDP : IPPROTO_GRE, (uint16_t)n);
	frame_bytes(&f, answer, n);
	if (udp) {
		CU_ASSERT_EQUAL(bytes_get16(answer), 4789);
		CU_ASSERT_EQUAL(bytes_get16(answer + 2), 50000);
	}
	CU_ASSERT_TRUE(beacon_read_answer(&back, f.b, f.len));
	CU_ASSERT_TRUE(same_probe(&back.probe, &probe));
	CU_ASSERT_TRUE(addr_equal(&back.dst, &c.dst));
	CU_ASSERT_EQUAL(back.encap, encap);
	CU_ASSERT_EQUAL(back.session, 513);
	CU_ASSERT_EQUAL(back.dst_port, c.dst_port);
	for (size_t k = 0; k < f.len; k++)
		CU_ASSERT_FALSE(beacon_read_answer(&back, f.b, k));
	for (uint32_t k = BEACON_ANSWER_FIRST; k <= BEACON_ANSWER_LAST; k += 4)
		if (bytes_get32(f.b + 14 + k) == BEACON_ANSWER_WORD)
			at = k;
	CU_ASSERT_NOT_EQUAL(at, 0);
	CU_ASSERT_FALSE(beacon_read_copy(&back, f.b, f.len));
}

static void
test_answers(void)
{
	for (int e = CONF_VXLAN; e <= CONF_ERSPAN3; e++) {
		check_answer((enum conf_encap)e, "10.9.0.1", "10.9.0.2");
		check_answer((enum conf_encap)e, "fd09::1", "fd09::2");
	}
}

static void
test_others(void)
{
	struct beacon_copy c;
	struct beacon_flow g;
	struct beacon p;
	struct frame f;

	frame_ether(&f, 0);
	frame_ip(&f, "10.0.0.1", "10.0.0.2", IPPROTO_UDP, 108);
	frame_udp(&f, 1, 2, 100);
	CU_ASSERT_FALSE(beacon_read(&p, &g, f.b, f.len));
	CU_ASSERT_FALSE(beacon_read_copy(&c, f.b, f.len));
	CU_ASSERT_FALSE(beacon_read_answer(&c, f.b, f.len));
	frame_ether(&f, 0x0806);
	CU_ASSERT_FALSE(beacon_read(&p, &g, f.b, f.len));
}

static const struct unit_test tests[] = {
	{ "frames are read as they were built", test_frames },
	{ "SCTP has its checksum", test_sctp },
	{ "flows as people write them", test_text },
	{ "VLAN tags are stepped over", test_tagged },
	{ "copies of all encapsulations", test_copies },
	{ "answers take the way back", test_answers },
	{ "other frames are none", test_others },
};

UNIT_MAIN("beacon", tests)
