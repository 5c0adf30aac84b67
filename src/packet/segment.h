/* SPDX-License-Identifier: ISC */
/* Captured frames as the wire carries them: superframes (GSO, GRO) cut into
 * segments, checksums that were left to the hardware computed. */
#ifndef TM_SEGMENT_H
#define TM_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

struct packet;

/* Ethernet, tags, IPv6 with extension headers, TCP with options. */
#define SEGMENT_HEAD_MAX 256

enum segment_kind {
	SEGMENT_AS_IS,	  /* the frame is on the wire as it was captured */
	SEGMENT_CHECKSUM, /* one frame, its checksum completed */
	SEGMENT_CUT,	  /* a superframe, cut */
	SEGMENT_WHOLE,	  /* a superframe that cannot be cut with certainty
			   * (in a tunnel, an unknown kind, incomplete, or
			   * its segments too long for IP) */
};

/* One frame: new headers in front of payload borrowed from the packet. */
struct segment {
	uint8_t head[SEGMENT_HEAD_MAX];
	uint32_t head_len;
	const uint8_t *body;
	uint32_t body_len;
	const struct packet *packet; /* that it was made of */
	bool truncated;		     /* bytes at its end are missing */
};

struct segmenter {
	const struct packet *packet;
	enum segment_kind kind;
	uint32_t l3, l4;   /* offsets of the headers */
	uint32_t head_len; /* of all headers; or up to the checksum's end */
	uint32_t jumbo;	   /* bytes of a jumbo option to leave out, behind l3 */
	uint32_t done;	   /* payload bytes handed out */
	uint32_t total;	   /* payload bytes */
	uint32_t index;	   /* of the next segment */
	uint64_t pseudo;   /* sum of the pseudo header but for the length */
	bool routing;	   /* there is an IPv6 routing header */
	bool sctp;	   /* the checksum to complete is a CRC32c */
	bool started;
};

/* Looks at the headers once. Borrows p until the last segment_next. */
enum segment_kind segment_begin(struct segmenter *s, const struct packet *p);

/* How many frames segment_next will give, and all their bytes. */
uint32_t segment_count(const struct segmenter *s, uint64_t *bytes);

/* The next frame; false when there is none left. As Linux cuts (net/ipv4/
 * tcp_offload.c, udp_offload.c): IPv4 identification counts up, FIN and PSH
 * stay on the last segment, CWR on the first with gso_ecn. */
bool segment_next(struct segmenter *s, struct segment *out);

#endif
