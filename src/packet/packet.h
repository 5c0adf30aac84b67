/* SPDX-License-Identifier: ISC */
/* A captured frame, as every stage of the pipeline sees it. */
#ifndef TM_PACKET_H
#define TM_PACKET_H

#include <stdint.h>

enum packet_direction { PACKET_IN, PACKET_OUT };

struct packet {
	/* The Ethernet frame with its VLAN tags in place. Memory borrowed
	 * from the capture for the time of the call. */
	const uint8_t *data;
	uint32_t caplen; /* bytes at data */
	uint32_t len;    /* bytes of the frame itself, >= caplen */
	uint64_t time_ns; /* since the epoch */
	enum packet_direction direction;
};

/* What a pipeline stage does with one frame. */
typedef void packet_cb(void *arg, const struct packet *p);

#endif
