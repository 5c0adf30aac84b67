/* SPDX-License-Identifier: ISC */
/* Has the kernel resolve a neighbour (arp(7), RFC 4861). */
#include "config.h"

#include <sys/socket.h>
#include <net/if.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "daemon/solicit.h"

#define DISCARD 9 /* RFC 863 */

static int
set_int(int fd, int level, int option, int v)
{
	return setsockopt(fd, level, option, &v, sizeof(v));
}

/* By this interface or none, and no further than to its network; with the mark
 * that our own captures leave out. */
static int
confine(int fd, unsigned ifindex, sa_family_t family, uint32_t mark)
{
	char name[IF_NAMESIZE];

	if (if_indextoname(ifindex, name) == NULL ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name,
		(socklen_t)strlen(name)) == -1 ||
	    set_int(fd, SOL_SOCKET, SO_MARK, (int)mark) == -1)
		return -1;
	if (family == AF_INET6)
		return set_int(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 1);
	if (set_int(fd, SOL_SOCKET, SO_DONTROUTE, 1) == -1)
		return -1;
	return set_int(fd, IPPROTO_IP, IP_TTL, 1);
}

void
solicit_send(unsigned ifindex, const struct addr *a, uint32_t mark)
{
	int fd = socket(a->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(a, DISCARD, &ss);
	char text[ADDR_TEXT_MAX];

	if (a->family == AF_INET6)
		((struct sockaddr_in6 *)(void *)&ss)->sin6_scope_id = ifindex;
	if (fd == -1 || confine(fd, ifindex, a->family, mark) == -1 ||
	    sendto(fd, "", 0, MSG_DONTWAIT, (struct sockaddr *)&ss, len) == -1)
		log_debug("neighbour %s: solicit: %s", addr_format(a, text),
		    strerror(errno));
	if (fd != -1)
		close(fd);
}
