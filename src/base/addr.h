/* SPDX-License-Identifier: ISC */
/* IPv4 and IPv6 addresses and prefixes. */
#ifndef TM_ADDR_H
#define TM_ADDR_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#define ADDR_TEXT_MAX	   50 /* longest printed prefix, with its NUL */
#define ADDR_PORT_TEXT_MAX (ADDR_TEXT_MAX + 8)

struct addr {
	sa_family_t family; /* AF_INET or AF_INET6; 0 = unset */
	uint8_t bytes[16];  /* network order; 4 of them for AF_INET */
};

struct addr_prefix {
	struct addr addr; /* host bits are zero */
	uint8_t len;	  /* bits */
};

/* Where something listens. */
struct addr_port {
	struct addr addr; /* family 0: nowhere */
	uint16_t port;
};

/* Parses a numeric address. Returns 0, or -1 and leaves *a alone. */
int addr_parse(struct addr *a, const char *text);

/* Parses ADDRESS or ADDRESS/LEN. Returns 0; -1 if it is no prefix; -2 if
 * bits are set behind the prefix length. */
int addr_prefix_parse(struct addr_prefix *p, const char *text);

/* Writes the address as inet_ntop(3) does. Returns buf. */
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX]);

/* Writes ADDRESS/LEN, or ADDRESS alone for a single host. Returns buf. */
const char *addr_prefix_format(const struct addr_prefix *p,
    char buf[static ADDR_TEXT_MAX]);

/* Writes ADDRESS:PORT, or [ADDRESS]:PORT of IPv6; nothing for nowhere. Returns
 * buf. */
const char *addr_port_format(const struct addr_port *p,
    char buf[static ADDR_PORT_TEXT_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_port_equal(const struct addr_port *a, const struct addr_port *b);

/* Whether only this host can reach it. */
bool addr_is_loopback(const struct addr *a);

/* Whether every address of inner is in outer. */
bool addr_prefix_covers(const struct addr_prefix *outer,
    const struct addr_prefix *inner);

/* Fills *a from an AF_INET or AF_INET6 socket address; family 0 for any
 * other. */
void addr_from_sockaddr(struct addr *a, const struct sockaddr *sa);

/* The port of such a socket address, in host order. */
uint16_t addr_sockaddr_port(const struct sockaddr *sa);

/* Fills ss with the address and port (host order). Returns its length. */
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port,
    struct sockaddr_storage *ss);

#endif
