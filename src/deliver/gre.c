/* SPDX-License-Identifier: ISC */
/* GRE with key, and a sequence number on request (RFC 2784, RFC 2890). */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "deliver/encap.h"

#define GRE_FLAG_KEY	  0x2000u
#define GRE_FLAG_SEQUENCE 0x1000u
#define GRE_ETHERNET	  0x6558u /* transparent Ethernet bridging */

static void
gre_put(uint8_t *header, const struct segment *frame, uint32_t sequence)
{
	bytes_put32(header + 8, sequence);
}

static void
gre_build(struct encap *e, uint32_t session, bool sequence)
{
	bytes_put16(e->header,
	    GRE_FLAG_KEY | (sequence ? GRE_FLAG_SEQUENCE : 0));
	bytes_put16(e->header + 2, GRE_ETHERNET);
	bytes_put32(e->header + 4, session);
	e->len = 8;
	if (sequence) {
		e->len = 12;
		e->put = gre_put;
	}
}

const struct encap_ops encap_gre = {
	.protocol = IPPROTO_GRE,
	.build = gre_build,
};
