/* SPDX-License-Identifier: ISC */
/* Frames that end within their headers. */
#include "config.h"

#include <netinet/in.h>

#include "base/bytes.h"
#include "whole.h"

bool
whole_frame(const uint8_t *p, size_t len)
{
	size_t at = 14;
	uint16_t type;
	uint8_t proto;

	if (len < at)
		return false;
	for (int i = 0;; i++, at += 4) {
		type = bytes_get16(p + at - 2);
		if (i == 2 ||
		    (type != 0x8100 && type != 0x88a8 && type != 0x9100))
			break;
		if (len < at + 4)
			return false;
	}
	p += at;
	len -= at;
	if (type != 0x0800 && type != 0x86dd)
		return true;
	if (len < (type == 0x0800 ? 20 : 40))
		return false;
	proto = p[type == 0x0800 ? 9 : 6];
	if (type == 0x86dd && proto == IPPROTO_FRAGMENT)
		return len > 40;
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP &&
	    proto != IPPROTO_SCTP)
		return true;
	if (type == 0x86dd)
		return len >= 44;
	return (bytes_get16(p + 6) & 0x1fff) != 0 ||
	    len >= (size_t)(p[0] & 15) * 4 + 4;
}
