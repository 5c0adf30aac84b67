/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "conf/flowtext.h"
#include "unit.h"

/* One line for all that has been understood. */
static const char *
show(const struct flowtext *f, char *buf, size_t size)
{
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX], protocol[4];

	snprintf(buf, size, "%s %s %d/%u %s %d/%u dir=%d on=%s len=%u id=%d/%u",
	    flowtext_protocol(f->protocol, protocol), addr_format(&f->src, src),
	    f->has_src_port, f->src_port, addr_format(&f->dst, dst),
	    f->has_dst_port, f->dst_port, (int)f->way.direction,
	    f->way.interface, f->len, f->has_id, f->id);
	return buf;
}

static const struct {
	const char *text, *means;
} good[] = {
	{ "tcp 10.0.0.14:43210 > 93.184.216.34:443 out",
	    "tcp 10.0.0.14 1/43210 93.184.216.34 1/443 dir=2 on= len=0 "
	    "id=0/0" },
	{ "  udp\t10.0.0.14>10.0.0.1:53 ",
	    "udp 10.0.0.14 0/0 10.0.0.1 1/53 dir=0 on= len=0 id=0/0" },
	{ "6 [2001:db8::1]:443 > [::1]:65535 on eth0 in",
	    "tcp 2001:db8::1 1/443 ::1 1/65535 dir=1 on=eth0 len=0 id=0/0" },
	{ "sctp 2001:db8::1 > [fd00::2] len 1514",
	    "sctp 2001:db8::1 0/0 fd00::2 0/0 dir=0 on= len=1514 id=0/0" },
	{ "icmp 10.0.0.1 > 10.0.0.2 id 65535",
	    "icmp 10.0.0.1 0/0 10.0.0.2 0/0 dir=0 on= len=0 id=1/65535" },
	{ "icmp6 fd00::1 > fd00::2",
	    "icmp6 fd00::1 0/0 fd00::2 0/0 dir=0 on= len=0 id=0/0" },
	{ "0x2f 10.0.0.1 > 10.0.0.2",
	    "gre 10.0.0.1 0/0 10.0.0.2 0/0 dir=0 on= len=0 id=0/0" },
	{ "255 10.0.0.1 > 10.0.0.2 on in out",
	    "255 10.0.0.1 0/0 10.0.0.2 0/0 dir=2 on=in len=0 id=0/0" },
};

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "is no flow: it is written as PROTOCOL SOURCE > DESTINATION" },
	{ "tcp 10.0.0.1:1 10.0.0.2:2", "there is no > in \"tcp 10.0.0.1:1" },
	{ "tcp 10.0.0.1:1 out", "quote the flow, or the shell takes it" },
	{ "tcp > 10.0.0.2", "is no flow" },
	{ "tcp 10.0.0.1 >", "is no flow" },
	{ "tcp 10.0.0.1 > > 10.0.0.2", "\">\" is no address" },
	{ "any 10.0.0.1 > 10.0.0.2", "\"any\" is no protocol: allowed are" },
	{ "256 10.0.0.1 > 10.0.0.2", "\"256\" is no protocol" },
	{ "TCP 10.0.0.1 > 10.0.0.2", "\"TCP\" is no protocol" },
	{ "tcp host > 10.0.0.2", "\"host\" is no address: allowed are" },
	{ "tcp 10.0.0.1: > 10.0.0.2", "\"10.0.0.1:\" is no address" },
	{ "tcp [10.0.0.1]:1 > 10.0.0.2", "\"[10.0.0.1]:1\" is no address" },
	{ "tcp [::1 > ::2", "\"[::1\" is no address" },
	{ "tcp [::1]x > ::2", "\"[::1]x\" is no address" },
	{ "tcp [::1]: > ::2", "\"[::1]:\" is no address" },
	{ "tcp 10.0.0.1:65536 > 10.0.0.2", "a port is a number of 0-65535" },
	{ "tcp 10.0.0.1:http > 10.0.0.2", "a port is a number of 0-65535" },
	{ "icmp 10.0.0.1:1 > 10.0.0.2", "only tcp, udp and sctp have ports" },
	{ "tcp 10.0.0.1 > ::1", "one address is IPv4, the other IPv6" },
	{ "icmp ::1 > ::2", "icmp has IPv4 addresses" },
	{ "icmp6 10.0.0.1 > 10.0.0.2", "icmp6 IPv6 ones" },
	{ "tcp 10.0.0.1 > 10.0.0.2 both",
	    "\"both\" is not understood: allowed "
	    "are in, out, on INTERFACE, len" },
	{ "tcp 10.0.0.1 > 10.0.0.2 in out", "there is a direction already" },
	{ "tcp 10.0.0.1 > 10.0.0.2 on a on b", "an interface already" },
	{ "tcp 10.0.0.1 > 10.0.0.2 on", "something is missing behind \"on\"" },
	{ "tcp 10.0.0.1 > 10.0.0.2 on 0123456789abcdef", "at most 15 bytes" },
	{ "tcp 10.0.0.1 > 10.0.0.2 len 59", "a number of 60-65535" },
	{ "tcp 10.0.0.1 > 10.0.0.2 len 65536", "a number of 60-65535" },
	{ "tcp 10.0.0.1 > 10.0.0.2 id 1", "only icmp and icmp6 have one" },
	{ "icmp 10.0.0.1 > 10.0.0.2 id x", "a number of 0-65535" },
	{ "a b c d e f g h i j k l m n o p q", "at most 16 words" },
};

static void
test_good(void)
{
	struct flowtext f;
	struct err err;
	char buf[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL_FATAL(flowtext_parse(&f, good[i].text, &err),
		    0);
		CU_ASSERT_STRING_EQUAL(show(&f, buf, sizeof(buf)),
		    good[i].means);
	}
}

static void
test_bad(void)
{
	struct flowtext f = { .protocol = 99 };
	char text[1000];
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(flowtext_parse(&f, bad[i].text, &err), -1);
		CU_ASSERT_PTR_NOT_NULL(strstr(err.text, bad[i].why));
		if (strstr(err.text, bad[i].why) == NULL)
			printf("%s: %s\n", bad[i].text, err.text);
	}
	memset(text, '>', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	CU_ASSERT_EQUAL(flowtext_parse(&f, text, &err), -1);
	CU_ASSERT_EQUAL(f.protocol, 99);
}

static void
test_way(void)
{
	struct flowtext_way w;
	struct err err;

	CU_ASSERT_EQUAL(flowtext_parse_way(&w, "", &err), 0);
	CU_ASSERT_EQUAL(w.direction, FLOWTEXT_BOTH);
	CU_ASSERT_STRING_EQUAL(w.interface, "");
	CU_ASSERT_EQUAL(flowtext_parse_way(&w, "on eth0 out", &err), 0);
	CU_ASSERT_EQUAL(w.direction, FLOWTEXT_OUT);
	CU_ASSERT_STRING_EQUAL(w.interface, "eth0");
	CU_ASSERT_EQUAL(flowtext_parse_way(&w, "len 100", &err), -1);
	CU_ASSERT_STRING_EQUAL(err.text,
	    "\"len\" is not understood: allowed are in, out, on INTERFACE");
}

static const struct unit_test tests[] = {
	{ "good", test_good },
	{ "bad", test_bad },
	{ "way", test_way },
};
UNIT_MAIN("flowtext", tests)
