/* SPDX-License-Identifier: ISC */
/* A captured frame, as every stage of the pipeline sees it. */
#ifndef TM_PACKET_H
#define TM_PACKET_H

#include <stdbool.h>
#include <stdint.h>

enum packet_direction { PACKET_IN, PACKET_OUT };

/* What the kernel left to the hardware, or joined after it (GSO and GRO):
 * one frame stands for several on the wire. */
enum packet_gso {
	PACKET_GSO_NONE,
	PACKET_GSO_TCP,
	PACKET_GSO_UDP,
	PACKET_GSO_OTHER
};

struct packet {
	/* The Ethernet frame with its VLAN tags in place. Memory borrowed
	 * from the capture for the time of the call. */
	const uint8_t *data;
	uint32_t caplen;  /* bytes at data */
	uint32_t len;	  /* bytes of the frame itself, >= caplen */
	uint64_t time_ns; /* since the epoch */
	enum packet_direction direction;
	enum packet_gso gso;
	uint16_t gso_size; /* payload bytes of each frame on the wire */
	/* TCP's CWR is that of RFC 3168, on the first frame only; without
	 * this it is part of a counter (AccECN, RFC 9768) that all have. */
	bool gso_ecn;
	/* The checksum at data + csum_start + csum_offset is still to be
	 * computed over everything from csum_start on (CHECKSUM_PARTIAL). */
	bool csum_partial;
	uint32_t csum_start;
	uint16_t csum_offset;
	uint32_t rule;	/* that collected it, or PACKET_NO_RULE */
	bool like_copy; /* it may be a copy that has come round */
};

/* No single rule: all of them, or there is no choice. */
#define PACKET_NO_RULE UINT32_MAX

/* Whether an EtherType begins a VLAN tag: 802.1Q, 802.1ad, and what older
 * equipment writes for the outer one. */
static inline bool
packet_is_vlan(uint16_t type)
{
	return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/* What a pipeline stage does with one frame. */
typedef void packet_cb(void *arg, const struct packet *p);

/* Who gets captured frames. Frames stay valid until the next block_end. */
struct packet_handler {
	packet_cb *packet;
	void (*block_end)(void *arg);
	void *arg;
};

#endif
