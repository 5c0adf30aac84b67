/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/addr.h"
#include "unit.h"

static void
test_parse(void)
{
	char buf[ADDR_TEXT_MAX];
	struct addr a = { 0 };

	CU_ASSERT_EQUAL(addr_parse(&a, "10.0.0.14"), 0);
	CU_ASSERT_EQUAL(a.family, AF_INET);
	CU_ASSERT_STRING_EQUAL(addr_format(&a, buf), "10.0.0.14");
	CU_ASSERT_EQUAL(addr_parse(&a, "FD00:9:0::12"), 0);
	CU_ASSERT_EQUAL(a.family, AF_INET6);
	CU_ASSERT_STRING_EQUAL(addr_format(&a, buf), "fd00:9::12");
	CU_ASSERT_EQUAL(addr_parse(&a, "10.0.0"), -1);
	CU_ASSERT_EQUAL(addr_parse(&a, "10.0.0.256"), -1);
	CU_ASSERT_EQUAL(addr_parse(&a, "ids.example"), -1);
	CU_ASSERT_EQUAL(addr_parse(&a, ""), -1);
	a.family = 0;
	CU_ASSERT_STRING_EQUAL(addr_format(&a, buf), "none");
}

static void
test_prefix(void)
{
	struct addr_prefix p;
	char buf[ADDR_TEXT_MAX];

	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.0.0.0/8"), 0);
	CU_ASSERT_STRING_EQUAL(addr_prefix_format(&p, buf), "10.0.0.0/8");
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "0.0.0.0/0"), 0);
	CU_ASSERT_STRING_EQUAL(addr_prefix_format(&p, buf), "0.0.0.0/0");
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.1.2.3"), 0);
	CU_ASSERT_STRING_EQUAL(addr_prefix_format(&p, buf), "10.1.2.3");
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "fd00::/7"), -2);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "fd00::/9"), 0);
	CU_ASSERT_STRING_EQUAL(addr_prefix_format(&p, buf), "fd00::/9");
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.0.0.1/8"), -2);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.0.0.0/33"), -1);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.0.0.0/"), -1);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "10.0.0.0/-1"), -1);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, "x/8"), -1);
	CU_ASSERT_EQUAL(
	    addr_prefix_parse(&p,
		"1111111111111111111111111111111111111111111111111111111/8"),
	    -1);
}

static void
expect_port(const char *text, uint16_t port, const char *want, bool loopback)
{
	struct addr_port p = { .port = port };
	char buf[ADDR_PORT_TEXT_MAX];

	if (text != NULL)
		CU_ASSERT_EQUAL(addr_parse(&p.addr, text), 0);
	CU_ASSERT_STRING_EQUAL(addr_port_format(&p, buf), want);
	CU_ASSERT_EQUAL(addr_is_loopback(&p.addr), loopback);
	CU_ASSERT(addr_port_equal(&p, &p));
}

static void
test_port(void)
{
	struct addr_port a = { .port = 1 }, b = { .port = 1 };

	expect_port(NULL, 0, "", false);
	expect_port("127.0.0.1", 9842, "127.0.0.1:9842", true);
	expect_port("127.255.0.9", 1, "127.255.0.9:1", true);
	expect_port("0.0.0.0", 65535, "0.0.0.0:65535", false);
	expect_port("::1", 9842, "[::1]:9842", true);
	expect_port("::", 9842, "[::]:9842", false);
	expect_port("::ffff:127.0.0.2", 7, "[::ffff:127.0.0.2]:7", true);
	expect_port("::ffff:10.0.0.2", 7, "[::ffff:10.0.0.2]:7", false);
	expect_port("1111:2222:3333:4444:5555:6666:7777:8888", 65535,
	    "[1111:2222:3333:4444:5555:6666:7777:8888]:65535", false);
	addr_parse(&a.addr, "127.0.0.1");
	addr_parse(&b.addr, "127.0.0.1");
	CU_ASSERT(addr_port_equal(&a, &b));
	b.port = 2;
	CU_ASSERT_FALSE(addr_port_equal(&a, &b));
	b = (struct addr_port) { .port = 1 };
	CU_ASSERT_FALSE(addr_port_equal(&a, &b));
}

static int
covers(const char *outer, const char *inner)
{
	struct addr_prefix o, i;

	CU_ASSERT_EQUAL(addr_prefix_parse(&o, outer), 0);
	CU_ASSERT_EQUAL(addr_prefix_parse(&i, inner), 0);
	return addr_prefix_covers(&o, &i);
}

static void
test_covers(void)
{
	CU_ASSERT_TRUE(covers("10.0.0.0/8", "10.1.2.3"));
	CU_ASSERT_TRUE(covers("10.0.0.0/8", "10.0.0.0/8"));
	CU_ASSERT_TRUE(covers("0.0.0.0/0", "10.0.0.0/8"));
	CU_ASSERT_TRUE(covers("fd00::/15", "fd01:2::/32"));
	CU_ASSERT_FALSE(covers("10.0.0.0/8", "11.0.0.1"));
	CU_ASSERT_FALSE(covers("10.0.0.0/9", "10.0.0.0/8"));
	CU_ASSERT_FALSE(covers("0.0.0.0/0", "::/0"));
}

static void
test_sockaddr(void)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };
	struct sockaddr_storage ss;
	struct addr a, b;

	for (size_t i = 0; i < 2; i++) {
		addr_parse(&a, texts[i]);
		CU_ASSERT_EQUAL(addr_to_sockaddr(&a, 4789, &ss),
		    i == 0 ? sizeof(struct sockaddr_in) :
			     sizeof(struct sockaddr_in6));
		addr_from_sockaddr(&b, (struct sockaddr *)&ss);
		CU_ASSERT_TRUE(addr_equal(&a, &b));
	}
	CU_ASSERT_EQUAL(((struct sockaddr_in6 *)&ss)->sin6_port, htons(4789));
	ss.ss_family = AF_UNIX;
	addr_from_sockaddr(&b, (struct sockaddr *)&ss);
	CU_ASSERT_EQUAL(b.family, 0);
	CU_ASSERT_FALSE(addr_equal(&a, &b));
}

static const struct unit_test tests[] = {
	{ "parse", test_parse },
	{ "prefix", test_prefix },
	{ "covers", test_covers },
	{ "sockaddr", test_sockaddr },
	{ "port", test_port },
};
UNIT_MAIN("addr", tests)
