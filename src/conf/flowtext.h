/* SPDX-License-Identifier: ISC */
/* A flow as people write it: "tcp 10.0.0.14:43210 > 93.184.216.34:443 out". */
#ifndef TM_FLOWTEXT_H
#define TM_FLOWTEXT_H

#include <net/if.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

struct err;

#define FLOWTEXT_MAX	 512 /* bytes, with its NUL */
#define FLOWTEXT_LEN_MAX 65535

#define FLOWTEXT_EXAMPLE "\"tcp 10.0.0.14:43210 > 93.184.216.34:443 out\""

enum flowtext_direction { FLOWTEXT_BOTH, FLOWTEXT_IN, FLOWTEXT_OUT };

/* How a packet meets this host. */
struct flowtext_way {
	enum flowtext_direction direction; /* both: it is not said */
	char interface[IFNAMSIZ];	   /* "": it is not said */
};

struct flowtext {
	uint8_t protocol;
	struct addr src, dst; /* of one family */
	uint16_t src_port, dst_port;
	bool has_src_port, has_dst_port;
	bool has_id; /* of an ICMP echo */
	uint16_t id;
	uint32_t len; /* of the Ethernet frame; 0: it is not said */
	struct flowtext_way way;
};

/* Whether packets of the protocol have ports that can be written. */
bool flowtext_has_ports(unsigned protocol);

/* Parses PROTOCOL SRC[:PORT] > DST[:PORT] and, in any order, in or out,
 * on INTERFACE, len BYTES and id NUMBER. IPv6 with a port is in brackets.
 * Returns 0, or -1 with what is wrong. */
int flowtext_parse(struct flowtext *f, const char *text, struct err *err);

/* Parses the words alone that say how a packet meets this host; the text may
 * be empty. */
int flowtext_parse_way(struct flowtext_way *w, const char *text,
    struct err *err);

/* "tcp", or the number. */
const char *flowtext_protocol(unsigned protocol, char buf[static 4]);

#endif
