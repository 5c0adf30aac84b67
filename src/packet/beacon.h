/* SPDX-License-Identifier: ISC */
/* Beacons, the probes that trafmirrorctl verify sends: a frame that the filter
 * of a mirror lets pass, and what says on the far side that its copy has
 * come. */
#ifndef TM_BEACON_H
#define TM_BEACON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "conf/conf.h"

#define BEACON_WORD	   0x544d5031u /* "TMP1": the payload begins with it */
#define BEACON_ANSWER_WORD 0x544d4131u /* "TMA1", likewise */

/* Where these words can be in an IP packet, every four bytes: in a copy over
 * any encapsulation, IPv4 or IPv6 inside and out, up to two VLAN tags; in an
 * answer. */
#define BEACON_COPY_FIRST   70u
#define BEACON_COPY_LAST    142u
#define BEACON_ANSWER_FIRST 24u
#define BEACON_ANSWER_LAST  48u

#define BEACON_NONCE	  8
#define BEACON_LEN	  24 /* bytes of payload; the last ones are zero */
#define BEACON_FRAME_MAX  98
#define BEACON_ANSWER_MAX 48

#define BEACON_FLOW_TEXT_MAX (2 * ADDR_TEXT_MAX + 40)

/* Of the block that RFC 9542 keeps for documentation: no interface has it, so
 * that whoever gets the frame drops it. */
extern const uint8_t beacon_mac[6]; /* 00:00:5e:00:53:74 */

struct beacon {
	uint8_t nonce[BEACON_NONCE]; /* of the run */
	uint16_t number;	     /* within the run */
};

struct beacon_flow {
	struct addr src, dst; /* of one family */
	uint8_t protocol;
	/* Of TCP, UDP and SCTP; src_port is the identifier of an ICMP echo. */
	uint16_t src_port, dst_port;
};

/* As trafmirrorctl takes it: "udp 192.0.2.1:9 > 198.51.100.1:9". Returns
 * buf. */
const char *beacon_flow_format(const struct beacon_flow *f,
    char buf[static BEACON_FLOW_TEXT_MAX]);

/* Whether src_port is in the packets of the protocol. */
bool beacon_has_id(unsigned protocol);

/* Writes the frame, from the interface with that MAC address to beacon_mac,
 * with right checksums and a TTL of 1. Returns its length. */
uint32_t beacon_build(uint8_t frame[static BEACON_FRAME_MAX],
    const struct beacon *p, const struct beacon_flow *f,
    const uint8_t mac[static 6]);

/* How many bytes of the frame have to be there for beacon_read. */
uint32_t beacon_least(const struct beacon_flow *f);

/* Whether an Ethernet frame of any origin is a probe; reads no more than len
 * bytes. */
bool beacon_read(struct beacon *p, struct beacon_flow *f, const uint8_t *frame,
    size_t len);

/* A probe's copy, as it goes to a target. */
struct beacon_copy {
	struct beacon probe;
	struct beacon_flow flow;
	struct addr src, dst;	     /* outer */
	uint16_t src_port, dst_port; /* 0 without UDP */
	enum conf_encap encap;
	uint32_t session;
};

/* Whether an Ethernet frame of any origin is one, likewise. */
bool beacon_read_copy(struct beacon_copy *c, const uint8_t *frame, size_t len);

/* Writes the answer, from the UDP or GRE header on: it takes the way of the
 * copy back, ports and all, so that what lets answers of a flow through lets it
 * through. The UDP checksum is left to the caller. Returns its length. */
size_t beacon_build_answer(uint8_t answer[static BEACON_ANSWER_MAX],
    const struct beacon_copy *c);

/* Whether an Ethernet frame of any origin is an answer, and to which copy: all
 * but flow and the outer source. */
bool beacon_read_answer(struct beacon_copy *c, const uint8_t *frame,
    size_t len);

#endif
