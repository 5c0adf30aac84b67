/* SPDX-License-Identifier: ISC */
/* GENEVE without options: Ethernet, VNI, all flags zero (RFC 8926, section
 * 3.4). */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "deliver/encap.h"

#define GENEVE_ETHERNET 0x6558u /* transparent Ethernet bridging */

static void
geneve_build(struct encap *e, uint32_t session, bool sequence)
{
	bytes_put16(e->header, 0);
	bytes_put16(e->header + 2, GENEVE_ETHERNET);
	bytes_put32(e->header + 4, session << 8);
	e->len = 8;
}

const struct encap_ops encap_geneve = {
	.protocol = IPPROTO_UDP,
	.build = geneve_build,
};
