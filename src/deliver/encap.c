/* SPDX-License-Identifier: ISC */
/* What stands between the outer IP header and the copied frame. */
#include "config.h"

#include <netinet/in.h>
#include <string.h>

#include "deliver/encap.h"

static const struct encap_ops *const encaps[] = {
	[CONF_VXLAN] = &encap_vxlan,
	[CONF_GRE] = &encap_gre,
	[CONF_GENEVE] = &encap_geneve,
	[CONF_ERSPAN] = &encap_erspan,
	[CONF_ERSPAN3] = &encap_erspan3,
};

void
encap_init(struct encap *e, enum conf_encap kind, uint32_t session,
    bool sequence)
{
	memset(e, 0, sizeof(*e));
	e->protocol = encaps[kind]->protocol;
	encaps[kind]->build(e, session, sequence);
}

size_t
encap_outer_len(const struct encap *e, sa_family_t family)
{
	return (family == AF_INET ? 20u : 40u) +
	    (e->protocol == IPPROTO_UDP ? 8u : 0u);
}
