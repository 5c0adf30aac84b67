/* SPDX-License-Identifier: ISC */
/* What getifaddrs(3) gives is scripted: tests have no interfaces. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/iface.h"
#include "unit.h"

int __wrap_getifaddrs(struct ifaddrs **out);
void __wrap_freeifaddrs(struct ifaddrs *ifa);

static struct ifaddrs list[8];
static struct sockaddr_storage addresses[8];
static char names[8][IFNAMSIZ];
static size_t nlist;
static bool fails;

int
__wrap_getifaddrs(struct ifaddrs **out)
{
	errno = ENOBUFS;
	*out = nlist == 0 ? NULL : list;
	return fails ? -1 : 0;
}

void
__wrap_freeifaddrs(struct ifaddrs *ifa)
{
}

static struct sockaddr_storage *
add(const char *name, unsigned flags)
{
	struct ifaddrs *ifa = &list[nlist];
	struct sockaddr_storage *ss = &addresses[nlist];

	memset(ifa, 0, sizeof(*ifa));
	memset(ss, 0, sizeof(*ss));
	snprintf(names[nlist], IFNAMSIZ, "%s", name);
	ifa->ifa_name = names[nlist];
	ifa->ifa_flags = flags;
	ifa->ifa_addr = (struct sockaddr *)ss;
	if (nlist > 0)
		list[nlist - 1].ifa_next = ifa;
	nlist++;
	return ss;
}

static void
add_link(const char *name, int index, unsigned short type, unsigned flags)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET,
		.sll_ifindex = index,
		.sll_hatype = type,
		.sll_halen = 6,
		.sll_addr = { 2, 0, 0, 0, 0, (unsigned char)index } };

	memcpy(add(name, flags), &ll, sizeof(ll));
}

static void
add_address(const char *label, const char *text)
{
	struct addr a;

	CU_ASSERT_EQUAL(addr_parse(&a, text), 0);
	addr_to_sockaddr(&a, 0, add(label, 0));
}

static const char *
owner(const struct iface_list *l, const char *text)
{
	const struct iface *i;
	struct addr a;

	CU_ASSERT_EQUAL(addr_parse(&a, text), 0);
	i = iface_by_addr(l, &a);
	return i == NULL ? "" : i->name;
}

static void
test_list(void)
{
	struct iface_list l;
	struct err err;

	nlist = 0;
	add_link("lo", 1, ARPHRD_LOOPBACK, IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
	add_link("eth10", 3, ARPHRD_ETHER, IFF_UP);
	add_link("eth1", 2, ARPHRD_ETHER, 0);
	add_link("tun0", 4, ARPHRD_NONE, IFF_UP);
	add_address("eth1", "10.0.0.1");
	add_address("eth1:web", "10.0.0.2");
	add_address("eth10", "fd00::1");
	add_address("gone", "10.0.0.3");
	CU_ASSERT_EQUAL_FATAL(iface_list_get(&l, &err), 0);
	CU_ASSERT_EQUAL(l.n, 4);
	CU_ASSERT_STRING_EQUAL(l.v[0].name, "eth1");
	CU_ASSERT_STRING_EQUAL(l.v[1].name, "eth10");
	CU_ASSERT_EQUAL(l.v[0].index, 2);
	CU_ASSERT_EQUAL(l.v[0].mac[5], 2);
	CU_ASSERT_TRUE(l.v[0].ethernet && !l.v[0].up && !l.v[0].loopback);
	CU_ASSERT_FALSE(l.v[1].up); /* no carrier */
	CU_ASSERT_TRUE(l.v[2].ethernet && l.v[2].up && l.v[2].loopback);
	CU_ASSERT_FALSE(l.v[3].ethernet);
	CU_ASSERT_PTR_EQUAL(iface_by_name(&l, "eth10"), &l.v[1]);
	CU_ASSERT_PTR_NULL(iface_by_name(&l, "eth1:web"));
	CU_ASSERT_PTR_EQUAL(iface_by_index(&l, 3), &l.v[1]);
	CU_ASSERT_PTR_NULL(iface_by_index(&l, 9));
	CU_ASSERT_STRING_EQUAL(owner(&l, "10.0.0.1"), "eth1");
	CU_ASSERT_STRING_EQUAL(owner(&l, "10.0.0.2"), "eth1");
	CU_ASSERT_STRING_EQUAL(owner(&l, "fd00::1"), "eth10");
	CU_ASSERT_STRING_EQUAL(owner(&l, "10.0.0.3"), "");
	iface_list_fini(&l);
	CU_ASSERT_EQUAL(l.n, 0);
}

static void
test_failure(void)
{
	struct iface_list l;
	struct err err = { "" };

	nlist = 0;
	CU_ASSERT_EQUAL(iface_list_get(&l, &err), 0);
	CU_ASSERT_EQUAL(l.n, 0);
	iface_list_fini(&l);
	fails = true;
	CU_ASSERT_EQUAL(iface_list_get(&l, &err), -1);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, strerror(ENOBUFS)));
	fails = false;
}

static const struct unit_test tests[] = {
	{ "list", test_list },
	{ "failure", test_failure },
};
UNIT_MAIN("iface", tests)
