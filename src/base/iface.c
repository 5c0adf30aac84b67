/* SPDX-License-Identifier: ISC */
/* A snapshot of this host's network interfaces, and route look-ups. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/iface.h"

static int
compare_names(const void *a, const void *b)
{
	const struct iface *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
compare_name(const void *name, const void *i)
{
	return strcmp(name, ((const struct iface *)i)->name);
}

static struct iface *
find(const struct iface_list *l, const char *name)
{
	if (l->n == 0)
		return NULL;
	return bsearch(name, l->v, l->n, sizeof(*l->v), compare_name);
}

const struct iface *
iface_by_name(const struct iface_list *l, const char *name)
{
	return find(l, name);
}

const struct iface *
iface_by_index(const struct iface_list *l, unsigned index)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].index == index)
			return &l->v[i];
	return NULL;
}

const struct iface *
iface_by_addr(const struct iface_list *l, const struct addr *a)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; j < l->v[i].naddrs; j++)
			if (addr_equal(&l->v[i].addrs[j], a))
				return &l->v[i];
	return NULL;
}

bool
iface_exists(const struct iface *i)
{
	unsigned index = if_nametoindex(i->name);

	return index == i->index || (index == 0 && errno != ENODEV);
}

static unsigned
mtu_of(int fd, const char *name)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	return ioctl(fd, SIOCGIFMTU, &ifr) == -1 ? 0 : (unsigned)ifr.ifr_mtu;
}

/* getifaddrs(3) gives each interface once as AF_PACKET. */
static int
add_links(struct iface_list *l, const struct ifaddrs *ifa, int fd)
{
	for (; ifa != NULL; ifa = ifa->ifa_next) {
		struct sockaddr_ll ll;
		struct iface *v, *i;

		if (ifa->ifa_addr == NULL ||
		    ifa->ifa_addr->sa_family != AF_PACKET)
			continue;
		memcpy(&ll, ifa->ifa_addr, sizeof(ll));
		if ((v = realloc(l->v, (l->n + 1) * sizeof(*v))) == NULL)
			return -1;
		l->v = v;
		i = &v[l->n++];
		memset(i, 0, sizeof(*i));
		memcpy(i->name, ifa->ifa_name,
		    strnlen(ifa->ifa_name, IFNAMSIZ - 1));
		i->index = (unsigned)ll.sll_ifindex;
		i->up = (ifa->ifa_flags & IFF_UP) != 0 &&
		    (ifa->ifa_flags & IFF_RUNNING) != 0;
		i->loopback = (ifa->ifa_flags & IFF_LOOPBACK) != 0;
		i->ethernet = ll.sll_hatype == ARPHRD_ETHER ||
		    ll.sll_hatype == ARPHRD_LOOPBACK;
		if (ll.sll_halen == sizeof(i->mac))
			memcpy(i->mac, ll.sll_addr, sizeof(i->mac));
		i->mtu = mtu_of(fd, i->name);
	}
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), compare_names);
	return 0;
}

/* IPv4 addresses come under their label, which is the name of the interface or
 * begins with it and a colon, which no name has: "eth0:1". */
static struct iface *
find_label(const struct iface_list *l, const char *label)
{
	char name[IFNAMSIZ];
	size_t len = strcspn(label, ":");

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, label, len);
	name[len] = '\0';
	return find(l, name);
}

static int
add_addresses(struct iface_list *l, const struct ifaddrs *ifa)
{
	for (; ifa != NULL; ifa = ifa->ifa_next) {
		struct addr a = { 0 };
		struct addr *v;
		struct iface *i;

		if (ifa->ifa_addr != NULL)
			addr_from_sockaddr(&a, ifa->ifa_addr);
		if (a.family == 0)
			continue;
		if ((i = find_label(l, ifa->ifa_name)) == NULL)
			continue;
		v = realloc(i->addrs, (i->naddrs + 1) * sizeof(*v));
		if (v == NULL)
			return -1;
		i->addrs = v;
		v[i->naddrs++] = a;
	}
	return 0;
}

int
iface_list_get(struct iface_list *l, struct err *err)
{
	struct iface_list tmp = { 0 };
	struct ifaddrs *ifa = NULL;
	int fd;

	if ((fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		return err_sys(err, "interfaces: socket");
	if (getifaddrs(&ifa) == -1 || add_links(&tmp, ifa, fd) == -1 ||
	    add_addresses(&tmp, ifa) == -1)
		goto fail;
	freeifaddrs(ifa);
	close(fd);
	*l = tmp;
	return 0;
fail:
	err_sys(err, "interfaces: list");
	iface_list_fini(&tmp);
	if (ifa != NULL)
		freeifaddrs(ifa);
	close(fd);
	return -1;
}

void
iface_list_fini(struct iface_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].addrs);
	free(l->v);
	memset(l, 0, sizeof(*l));
}

int
iface_route_get(struct iface_route *r, const struct addr *dst,
    const char *interface, struct err *err)
{
	bool v4 = dst->family == AF_INET;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(dst, 9, &ss);
	int fd, mtu = 0;

	fd = socket(dst->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(err, "route: socket");
	if (interface != NULL &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
		(socklen_t)strlen(interface)) == -1)
		goto fail;
	/* Connecting a datagram socket asks the routing table, no more. */
	if (connect(fd, (struct sockaddr *)&ss, len) == -1)
		goto fail;
	len = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		goto fail;
	len = sizeof(mtu);
	if (getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
		v4 ? IP_MTU : IPV6_MTU, &mtu, &len) == -1)
		goto fail;
	addr_from_sockaddr(&r->source, (struct sockaddr *)&ss);
	r->mtu = (unsigned)mtu;
	close(fd);
	return 0;
fail:
	err_sys(err, "no route");
	close(fd);
	return -1;
}
