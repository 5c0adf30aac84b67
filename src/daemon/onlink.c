/* SPDX-License-Identifier: ISC */
/* Whether an address is on the network of an interface (RTM_GETROUTE,
 * rtnetlink(7)). */
#include "config.h"

#include <linux/rtnetlink.h>
#include <errno.h>

#include <libmnl/libmnl.h>

#include "base/addr.h"
#include "daemon/onlink.h"

#define REQUEST_SPACE 256
#define ANSWER_SPACE  8192

static int
on_attribute(const struct nlattr *a, void *arg)
{
	bool *direct = arg;

	switch (mnl_attr_get_type(a)) {
	case RTA_GATEWAY:
	case RTA_VIA:
	case RTA_MULTIPATH:
		*direct = false;
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
on_route(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *rt = mnl_nlmsg_get_payload(h);
	bool *direct = arg;

	*direct = rt->rtm_type == RTN_UNICAST;
	mnl_attr_parse(h, sizeof(*rt), on_attribute, direct);
	return MNL_CB_STOP;
}

/* The route itself (RTM_F_FIB_MATCH): without one the kernel would take any
 * address for one that is on the network of the interface. */
static void
put_request(struct nlmsghdr *h, unsigned ifindex, const struct addr *a)
{
	unsigned char bytes = a->family == AF_INET ? 4 : 16;
	struct rtmsg *rt;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	rt->rtm_family = (unsigned char)a->family;
	rt->rtm_dst_len = (unsigned char)(8 * bytes);
	rt->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(h, RTA_DST, bytes, a->bytes);
	mnl_attr_put_u32(h, RTA_OIF, ifindex);
}

static bool
is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->bytes[0] == 0xfe &&
	    (a->bytes[1] & 0xc0) == 0x80;
}

bool
onlink_reaches(unsigned ifindex, const struct addr *a)
{
	char out[REQUEST_SPACE], in[ANSWER_SPACE];
	struct nlmsghdr *h = mnl_nlmsg_put_header(out);
	struct mnl_socket *nl;
	bool direct = true;
	ssize_t n;

	if (is_link_local(a))
		return true;
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl == NULL)
		return true;
	put_request(h, ifindex, a);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(nl, h, h->nlmsg_len) != -1 &&
	    (n = mnl_socket_recvfrom(nl, in, sizeof(in))) != -1 &&
	    mnl_cb_run(in, (size_t)n, 0, mnl_socket_get_portid(nl), on_route,
		&direct) == -1)
		direct = errno != ENETUNREACH && errno != EHOSTUNREACH;
	mnl_socket_close(nl);
	return direct;
}
