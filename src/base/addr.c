/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6 addresses and prefixes. */
#include "config.h"

#include <sys/socket.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"

static uint8_t
addr_bits(const struct addr *a)
{
	return a->family == AF_INET ? 32 : 128;
}

int
addr_parse(struct addr *a, const char *text)
{
	struct addr tmp = { 0 };

	if (inet_pton(AF_INET, text, tmp.bytes) == 1)
		tmp.family = AF_INET;
	else if (inet_pton(AF_INET6, text, tmp.bytes) == 1)
		tmp.family = AF_INET6;
	else
		return -1;
	*a = tmp;
	return 0;
}

/* Clears the bits behind the prefix length; tells whether any was set. */
static bool
mask_host_bits(struct addr_prefix *p)
{
	bool dirty = false;

	for (unsigned i = 0; i < addr_bits(&p->addr) / 8u; i++) {
		unsigned keep = p->len > i * 8 ? p->len - i * 8 : 0;
		uint8_t mask = keep >= 8 ? 0xff : (uint8_t)(0xff00 >> keep);

		if (p->addr.bytes[i] & (uint8_t)~mask)
			dirty = true;
		p->addr.bytes[i] &= mask;
	}
	return dirty;
}

int
addr_prefix_parse(struct addr_prefix *p, const char *text)
{
	const char *slash = strchr(text, '/');
	char host[ADDR_TEXT_MAX];
	struct addr_prefix tmp;
	uint64_t len;
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);

	if (n >= sizeof(host))
		return -1;
	memcpy(host, text, n);
	host[n] = '\0';
	if (addr_parse(&tmp.addr, host) == -1)
		return -1;
	len = addr_bits(&tmp.addr);
	if (slash != NULL && num_parse(&len, slash + 1, 0, len) != 0)
		return -1;
	tmp.len = (uint8_t)len;
	if (mask_host_bits(&tmp))
		return -2;
	*p = tmp;
	return 0;
}

const char *
addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	if (inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX) == NULL)
		snprintf(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

const char *
addr_prefix_format(const struct addr_prefix *p, char buf[static ADDR_TEXT_MAX])
{
	size_t n;

	addr_format(&p->addr, buf);
	n = strlen(buf);
	if (p->len != addr_bits(&p->addr))
		snprintf(buf + n, ADDR_TEXT_MAX - n, "/%u", p->len);
	return buf;
}

const char *
addr_port_format(const struct addr_port *p, char buf[static ADDR_PORT_TEXT_MAX])
{
	char host[ADDR_TEXT_MAX];

	addr_format(&p->addr, host);
	if (p->addr.family == 0)
		buf[0] = '\0';
	else
		snprintf(buf, ADDR_PORT_TEXT_MAX,
		    p->addr.family == AF_INET ? "%s:%u" : "[%s]:%u", host,
		    p->port);
	return buf;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->bytes, b->bytes, addr_bits(a) / 8u) == 0;
}

bool
addr_port_equal(const struct addr_port *a, const struct addr_port *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port;
}

bool
addr_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };
	static const uint8_t mapped[13] = { [10] = 0xff, 0xff, 127 };

	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 &&
	    (memcmp(a->bytes, one, sizeof(one)) == 0 ||
		memcmp(a->bytes, mapped, sizeof(mapped)) == 0);
}

bool
addr_prefix_covers(const struct addr_prefix *outer,
    const struct addr_prefix *inner)
{
	struct addr_prefix cut = *inner;

	if (outer->addr.family != inner->addr.family || outer->len > inner->len)
		return false;
	cut.len = outer->len;
	mask_host_bits(&cut);
	return addr_equal(&cut.addr, &outer->addr);
}

void
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		a->family = AF_INET;
		memcpy(a->bytes, &in.sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		a->family = AF_INET6;
		memcpy(a->bytes, &in6.sin6_addr, 16);
	}
}

uint16_t
addr_sockaddr_port(const struct sockaddr *sa)
{
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		return ntohs(in.sin_port);
	}
	memcpy(&in6, sa, sizeof(in6));
	return ntohs(in6.sin6_port);
}

socklen_t
addr_to_sockaddr(const struct addr *a, uint16_t port,
    struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET,
			.sin_port = htons(port) };

		memcpy(&in.sin_addr, a->bytes, 4);
		memcpy(ss, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_port = htons(port) };

	memcpy(&in6.sin6_addr, a->bytes, 16);
	memcpy(ss, &in6, sizeof(in6));
	return sizeof(in6);
}
