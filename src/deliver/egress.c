/* SPDX-License-Identifier: ISC */
/* The interface that copies leave by, and what it does with joined ones. */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "base/err.h"
#include "deliver/egress.h"

#define FEATURE	      "tx-udp-segmentation"
#define REQUEST_SPACE 256 /* bytes of a request for a route */
#define ANSWER_SPACE  8192

/* ---- the route --------------------------------------------------------- */

static void
put_end(struct nlmsghdr *h, const struct sockaddr_storage *ss,
    uint16_t addr_type, uint16_t port_type)
{
	const struct sockaddr_in *v4 = (const void *)ss;
	const struct sockaddr_in6 *v6 = (const void *)ss;

	if (ss->ss_family == AF_INET) {
		mnl_attr_put(h, addr_type, 4, &v4->sin_addr);
		mnl_attr_put_u16(h, port_type, v4->sin_port);
	} else {
		mnl_attr_put(h, addr_type, 16, &v6->sin6_addr);
		mnl_attr_put_u16(h, port_type, v6->sin6_port);
	}
}

/* An interface that the socket is bound to decides among routes. */
static void
put_interface(struct nlmsghdr *h, int fd)
{
	char name[IFNAMSIZ] = "";
	socklen_t len = sizeof(name);

	if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len) == 0 &&
	    name[0] != '\0')
		mnl_attr_put_u32(h, RTA_OIF, if_nametoindex(name));
}

static unsigned char
get_tos(int fd, sa_family_t family)
{
	socklen_t len = sizeof(int);
	int tos = 0;

	if (family == AF_INET)
		getsockopt(fd, IPPROTO_IP, IP_TOS, &tos, &len);
	else
		getsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, &len);
	return (unsigned char)tos;
}

static int
put_request(struct nlmsghdr *h, int fd)
{
	struct sockaddr_storage local, peer;
	socklen_t len = sizeof(local), peer_len = sizeof(peer);
	socklen_t mark_len = sizeof(int);
	struct rtmsg *rt;
	int mark;

	if (getsockname(fd, (struct sockaddr *)&local, &len) == -1 ||
	    getpeername(fd, (struct sockaddr *)&peer, &peer_len) == -1 ||
	    getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &mark_len) == -1)
		return -1;
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	rt->rtm_family = (unsigned char)peer.ss_family;
	rt->rtm_dst_len = peer.ss_family == AF_INET ? 32 : 128;
	rt->rtm_src_len = rt->rtm_dst_len;
	rt->rtm_tos = get_tos(fd, peer.ss_family);
	put_end(h, &peer, RTA_DST, RTA_DPORT);
	put_end(h, &local, RTA_SRC, RTA_SPORT);
	mnl_attr_put_u8(h, RTA_IP_PROTO, IPPROTO_UDP);
	mnl_attr_put_u32(h, RTA_MARK, (uint32_t)mark);
	put_interface(h, fd);
	return 0;
}

static int
on_attribute(const struct nlattr *a, void *arg)
{
	unsigned *ifindex = arg;

	if (mnl_attr_get_type(a) == RTA_OIF &&
	    mnl_attr_validate(a, MNL_TYPE_U32) == 0)
		*ifindex = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

static int
on_route(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct rtmsg), on_attribute, arg);
	return MNL_CB_STOP;
}

/* Returns the index of the interface, or 0 with errno. */
static unsigned
ask(struct mnl_socket *nl, int fd)
{
	char out[REQUEST_SPACE], in[ANSWER_SPACE];
	struct nlmsghdr *h = mnl_nlmsg_put_header(out);
	unsigned ifindex = 0;
	ssize_t n;

	if (put_request(h, fd) == -1 ||
	    mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == -1 ||
	    mnl_socket_sendto(nl, h, h->nlmsg_len) == -1 ||
	    (n = mnl_socket_recvfrom(nl, in, sizeof(in))) == -1)
		return 0;
	errno = ENETUNREACH;
	if (mnl_cb_run(in, (size_t)n, 0, mnl_socket_get_portid(nl), on_route,
		&ifindex) == -1)
		return 0;
	return ifindex;
}

int
egress_find(char name[static IFNAMSIZ], int fd, struct err *err)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	unsigned ifindex;
	int rc = 0;

	if (nl == NULL)
		return err_sys(err, "route: socket");
	ifindex = ask(nl, fd);
	if (ifindex == 0 || if_indextoname(ifindex, name) == NULL)
		rc = err_sys(err, "route");
	mnl_socket_close(nl);
	return rc;
}

/* ---- the interface ----------------------------------------------------- */

static int
ethtool(int fd, const char *name, void *command)
{
	struct ifreq ifr = { 0 };

	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	ifr.ifr_data = command;
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

/* How many features the kernel knows, 0 if it does not tell. */
static uint32_t
count_features(int fd, const char *name)
{
	uint64_t space[sizeof(struct ethtool_sset_info) / sizeof(uint64_t) +
	    1] = { 0 };
	struct ethtool_sset_info *info = (void *)space;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = UINT64_C(1) << ETH_SS_FEATURES;
	if (ethtool(fd, name, info) == -1 || info->sset_mask == 0)
		return 0;
	return info->data[0];
}

/* The number of FEATURE, or n. */
static uint32_t
find_feature(int fd, const char *name, uint32_t n)
{
	size_t len = sizeof(struct ethtool_gstrings) +
	    (size_t)n * ETH_GSTRING_LEN;
	struct ethtool_gstrings *g = calloc(1, len);
	uint32_t i = 0;

	if (g == NULL)
		return n;
	g->cmd = ETHTOOL_GSTRINGS;
	g->string_set = ETH_SS_FEATURES;
	g->len = n;
	if (ethtool(fd, name, g) == -1)
		i = n;
	while (i < n &&
	    strncmp((const char *)g->data + (size_t)i * ETH_GSTRING_LEN,
		FEATURE, ETH_GSTRING_LEN) != 0)
		i++;
	free(g);
	return i;
}

/* Whether the interface takes joined datagrams: also if nobody can tell. */
static bool
takes_joined(int fd, const char *name)
{
	uint32_t n = count_features(fd, name), words = (n + 31) / 32, i;
	struct ethtool_gfeatures *g;
	bool takes = true;

	/* Asked for 0 names, the kernel would give all. */
	if (n == 0 || (i = find_feature(fd, name, n)) == n)
		return true;
	g = calloc(1, sizeof(*g) + words * sizeof(g->features[0]));
	if (g == NULL)
		return true;
	g->cmd = ETHTOOL_GFEATURES;
	g->size = words;
	if (ethtool(fd, name, g) == 0)
		takes = g->features[i / 32].active >> i % 32 & 1;
	free(g);
	return takes;
}

/* Drivers of virtual interfaces tell no bus (a bridge: "N/A"), or belong to a
 * hypervisor that may hand joined datagrams on to a neighbour. */
static bool
is_hardware(int fd, const char *name)
{
	static const char *const virtual[] = { "tun", "virtio_net", "vmxnet3",
		"hv_netvsc", "vif", NULL };
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	if (ethtool(fd, name, &info) == -1 || info.bus_info[0] == '\0' ||
	    strcmp(info.bus_info, "N/A") == 0)
		return false;
	for (size_t i = 0; virtual[i] != NULL; i++)
		if (strcmp(info.driver, virtual[i]) == 0)
			return false;
	return true;
}

enum egress_kind
egress_kind(const char *name)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum egress_kind kind = EGRESS_HANDS_ON;

	if (fd == -1)
		return kind;
	if (!takes_joined(fd, name))
		kind = EGRESS_CUTS;
	else if (is_hardware(fd, name))
		kind = EGRESS_HARDWARE;
	close(fd);
	return kind;
}
