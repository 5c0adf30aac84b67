/* SPDX-License-Identifier: ISC */
/* VXLAN: I flag, VNI, all reserved bits zero (RFC 7348, section 5). */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "deliver/encap.h"

#define VXLAN_FLAG_I 0x08000000u

static void
vxlan_build(struct encap *e, uint32_t session, bool sequence)
{
	bytes_put32(e->header, VXLAN_FLAG_I);
	bytes_put32(e->header + 4, session << 8);
	e->len = 8;
}

const struct encap_ops encap_vxlan = {
	.protocol = IPPROTO_UDP,
	.build = vxlan_build,
};
