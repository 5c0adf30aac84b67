/* SPDX-License-Identifier: ISC */
/* A snapshot of this host's network interfaces, and route look-ups. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
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

const struct iface *
iface_by_name(const struct iface_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].name, name) == 0)
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
	return if_nametoindex(i->name) == i->index;
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
		i->up = (ifa->ifa_flags & IFF_UP) != 0;
		i->loopback = (ifa->ifa_flags & IFF_LOOPBACK) != 0;
		i->ethernet = ll.sll_hatype == ARPHRD_ETHER ||
		    ll.sll_hatype == ARPHRD_LOOPBACK;
		if (ll.sll_halen == sizeof(i->mac))
			memcpy(i->mac, ll.sll_addr, sizeof(i->mac));
		i->mtu = mtu_of(fd, i->name);
	}
	return 0;
}

/* IPv4 addresses come under their label, which is the name of the interface or
 * begins with it and a colon: "eth0:1". */
static bool
is_name_of(const struct iface *i, const char *label)
{
	size_t len = strlen(i->name);

	return strncmp(i->name, label, len) == 0 &&
	    (label[len] == '\0' || label[len] == ':');
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
		for (i = l->v; i < l->v + l->n; i++)
			if (is_name_of(i, ifa->ifa_name))
				break;
		if (i == l->v + l->n)
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
	if (tmp.n > 0)
		qsort(tmp.v, tmp.n, sizeof(*tmp.v), compare_names);
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
