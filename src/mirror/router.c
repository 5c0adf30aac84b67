/* SPDX-License-Identifier: ISC */
/* Whom this host sends packets to (RTM_GETROUTE, RTM_GETNEIGH). */
#include "config.h"

#include <sys/socket.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "base/err.h"
#include "mirror/router.h"

#define REQUEST_SPACE 256
#define ANSWER_SPACE  8192

#define HAS_MAC                                                              \
	(NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | \
	    NUD_NOARP)

static uint16_t
address_len(const struct addr *a)
{
	return a->family == AF_INET ? 4 : 16;
}

/* Returns 0, or -1 with errno. */
static int
ask(const struct nlmsghdr *request, mnl_cb_t answer, void *arg)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char in[ANSWER_SPACE];
	int rc = -1, error;
	ssize_t n;

	if (nl == NULL)
		return -1;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    mnl_socket_sendto(nl, request, request->nlmsg_len) != -1 &&
	    (n = mnl_socket_recvfrom(nl, in, sizeof(in))) != -1 &&
	    mnl_cb_run(in, (size_t)n, 0, mnl_socket_get_portid(nl), answer,
		arg) != -1)
		rc = 0;
	error = errno;
	mnl_socket_close(nl);
	errno = error;
	return rc;
}

/* ---- routes -------------------------------------------------------------- */

static void
take_address(struct router *r, sa_family_t family, const void *bytes,
    size_t len)
{
	struct addr a = { .family = family };

	if ((family != AF_INET && family != AF_INET6) || len != address_len(&a))
		return;
	memcpy(a.bytes, bytes, len);
	r->address = a;
	r->direct = false;
}

/* IPv4 may go by a router that has an IPv6 address (RTA_VIA). */
static int
on_route_attribute(const struct nlattr *a, void *arg)
{
	struct router *r = arg;
	uint16_t len = mnl_attr_get_payload_len(a);
	const struct rtvia *via = mnl_attr_get_payload(a);

	switch (mnl_attr_get_type(a)) {
	case RTA_OIF:
		if (len == sizeof(uint32_t))
			r->ifindex = mnl_attr_get_u32(a);
		break;
	case RTA_GATEWAY:
		take_address(r, len == 4 ? AF_INET : AF_INET6,
		    mnl_attr_get_payload(a), len);
		break;
	case RTA_VIA:
		if (len > sizeof(*via))
			take_address(r, via->rtvia_family, via->rtvia_addr,
			    len - sizeof(*via));
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int
on_route(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct rtmsg), on_route_attribute, arg);
	return MNL_CB_STOP;
}

int
router_find(struct router *r, const struct addr *dst, const struct addr *src,
    struct err *err)
{
	char space[REQUEST_SPACE];
	struct nlmsghdr *h = mnl_nlmsg_put_header(space);
	struct router found = { .direct = true, .address = *dst };
	struct rtmsg *rt;

	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	rt = mnl_nlmsg_put_extra_header(h, sizeof(*rt));
	rt->rtm_family = (unsigned char)dst->family;
	rt->rtm_dst_len = (unsigned char)(8 * address_len(dst));
	mnl_attr_put(h, RTA_DST, address_len(dst), dst->bytes);
	if (src != NULL) {
		rt->rtm_src_len = rt->rtm_dst_len;
		mnl_attr_put(h, RTA_SRC, address_len(src), src->bytes);
	}
	if (ask(h, on_route, &found) == -1)
		return err_sys(err, "route");
	*r = found;
	return 0;
}

/* ---- neighbours ---------------------------------------------------------- */

struct neighbour {
	bool known;
	uint8_t mac[HOPS_MAC];
};

static int
on_neighbour_attribute(const struct nlattr *a, void *arg)
{
	struct neighbour *n = arg;

	if (mnl_attr_get_type(a) == NDA_LLADDR &&
	    mnl_attr_get_payload_len(a) == HOPS_MAC) {
		memcpy(n->mac, mnl_attr_get_payload(a), HOPS_MAC);
		n->known = true;
	}
	return MNL_CB_OK;
}

static int
on_neighbour(const struct nlmsghdr *h, void *arg)
{
	const struct ndmsg *nd = mnl_nlmsg_get_payload(h);

	if ((nd->ndm_state & HAS_MAC) != 0)
		mnl_attr_parse(h, sizeof(*nd), on_neighbour_attribute, arg);
	return MNL_CB_STOP;
}

bool
router_mac(uint8_t mac[static HOPS_MAC], unsigned ifindex, const struct addr *a)
{
	char space[REQUEST_SPACE];
	struct nlmsghdr *h = mnl_nlmsg_put_header(space);
	struct neighbour found = { .known = false };
	struct ndmsg *nd;

	h->nlmsg_type = RTM_GETNEIGH;
	h->nlmsg_flags = NLM_F_REQUEST;
	nd = mnl_nlmsg_put_extra_header(h, sizeof(*nd));
	nd->ndm_family = (unsigned char)a->family;
	nd->ndm_ifindex = (int)ifindex;
	mnl_attr_put(h, NDA_DST, address_len(a), a->bytes);
	if (ask(h, on_neighbour, &found) == -1 || !found.known)
		return false;
	memcpy(mac, found.mac, HOPS_MAC);
	return true;
}
