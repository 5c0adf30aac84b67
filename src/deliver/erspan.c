/* SPDX-License-Identifier: ISC */
/* ERSPAN type II and III in GRE with a sequence number, as in
 * draft-foschiano-erspan-03. */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "deliver/encap.h"
#include "packet/packet.h"
#include "packet/segment.h"

#define GRE_FLAG_SEQUENCE 0x1000u
#define GRE_LEN		  8 /* with the sequence number */

#define ERSPAN_PROTOCOL	 0x88beu
#define ERSPAN3_PROTOCOL 0x22ebu

/* Of the first word, which both types have; version and session are the same
 * in every copy. */
#define ERSPAN_VERSION(v)   ((uint32_t)(v) << 28)
#define ERSPAN_VLAN(vid)    ((vid) << 16)
#define ERSPAN_COS(pcp)	    ((pcp) << 13)
#define ERSPAN_TAG_IN_FRAME (3u << 11) /* En of type II */
#define ERSPAN_TRUNCATED    (1u << 10)
#define ERSPAN_SAME	    0xf00003ffu

/* Of the last half-word of type III. */
#define ERSPAN3_ETHERNET  0x8000u /* P; the frame type FT is 0 */
#define ERSPAN3_EGRESS	  0x0008u /* D */
#define ERSPAN3_IEEE_1588 0x0004u /* Gra */

#define NS_PER_S 1000000000u

/* Writes the sequence number and what both types say of the outer VLAN tag
 * and of missing bytes. in_frame: to be set if there is a tag. */
static void
put_common(uint8_t *header, const struct segment *frame, uint32_t sequence,
    uint32_t in_frame)
{
	const struct packet *p = frame->packet;
	uint32_t word = bytes_get32(header + GRE_LEN) & ERSPAN_SAME;

	if (p->caplen >= 16 && packet_is_vlan(bytes_get16(p->data + 12))) {
		uint32_t tci = bytes_get16(p->data + 14);

		word |= ERSPAN_VLAN(tci & 0xfff) | ERSPAN_COS(tci >> 13) |
		    in_frame;
	}
	if (frame->truncated)
		word |= ERSPAN_TRUNCATED;
	bytes_put32(header + 4, sequence);
	bytes_put32(header + GRE_LEN, word);
}

static void
erspan_put(uint8_t *header, const struct segment *frame, uint32_t sequence)
{
	put_common(header, frame, sequence, ERSPAN_TAG_IN_FRAME);
}

/* With that Gra the time stamp is the nanoseconds of an IEEE 1588 time. Its
 * seconds would be in an optional sub-header, which Linux and Open vSwitch
 * take for the beginning of the frame. */
static void
erspan3_put(uint8_t *header, const struct segment *frame, uint32_t sequence)
{
	const struct packet *p = frame->packet;

	put_common(header, frame, sequence, 0);
	bytes_put32(header + GRE_LEN + 4, (uint32_t)(p->time_ns % NS_PER_S));
	bytes_put16(header + GRE_LEN + 10,
	    ERSPAN3_ETHERNET | ERSPAN3_IEEE_1588 |
		(p->direction == PACKET_OUT ? ERSPAN3_EGRESS : 0));
}

static void
build(struct encap *e, uint16_t protocol, uint32_t word)
{
	bytes_put16(e->header, GRE_FLAG_SEQUENCE);
	bytes_put16(e->header + 2, protocol);
	bytes_put32(e->header + GRE_LEN, word);
}

static void
erspan_build(struct encap *e, uint32_t session, bool sequence)
{
	build(e, ERSPAN_PROTOCOL, ERSPAN_VERSION(1) | session);
	e->len = GRE_LEN + 8;
	e->put = erspan_put;
}

static void
erspan3_build(struct encap *e, uint32_t session, bool sequence)
{
	build(e, ERSPAN3_PROTOCOL, ERSPAN_VERSION(2) | session);
	e->len = GRE_LEN + 12;
	e->put = erspan3_put;
}

const struct encap_ops encap_erspan = {
	.protocol = IPPROTO_GRE,
	.build = erspan_build,
};

const struct encap_ops encap_erspan3 = {
	.protocol = IPPROTO_GRE,
	.build = erspan3_build,
};
