/* SPDX-License-Identifier: ISC */
/* Any bytes as a frame: one key, from those bytes alone, for both ways. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "packet/flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int ok)
{
	if (!ok)
		abort();
}

static void
require_same(const struct flow_key *a, const struct flow_key *b)
{
	require(a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}

static void
check_shape(const struct flow_key *k)
{
	static const uint8_t lengths[] = { [0] = 18, [4] = 14, [6] = 38 };
	uint8_t version = k->bytes[0];

	require(version < sizeof(lengths) && k->len == lengths[version] &&
	    k->len != 0);
}

static void
swap(uint8_t *p, size_t n)
{
	uint8_t first[16];

	memcpy(first, p, n);
	memcpy(p, p + n, n);
	memcpy(p + n, first, n);
}

static int
has_ports(uint8_t proto)
{
	return proto == 6 || proto == 17 || proto == 33 || proto == 132 ||
	    proto == 136;
}

/* Turns an untagged frame round; what has neither addresses nor ports where
 * this looks for them has no direction there. */
static void
turn(uint8_t *frame, size_t size)
{
	uint8_t *ip = frame + 14;
	uint16_t type = bytes_get16(frame + 12);
	size_t n = 40;

	swap(frame, 6);
	if (type == 0x0800 && size >= 14 + 20 && ip[0] >> 4 == 4) {
		n = (size_t)(ip[0] & 15) * 4;
		swap(ip + 12, 4);
		if (n >= 20 && size >= 14 + n + 4 && has_ports(ip[9]))
			swap(ip + n, 2);
	} else if (type == 0x86dd && size >= 14 + 40 && ip[0] >> 4 == 6) {
		swap(ip + 8, 16);
		if (size >= 14 + n + 4 && has_ports(ip[6]))
			swap(ip + n, 2);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size), *longer = malloc(size + 64);
	struct flow_key k, again;

	require(exact != NULL && longer != NULL);
	memcpy(exact, data, size);
	memcpy(longer, data, size);
	memset(longer + size, (int)size, 64);
	flow_key_parse(&k, exact, size);
	check_shape(&k);
	require(flow_hash(exact, size) == flow_key_hash(&k));
	flow_key_parse(&again, longer, size);
	require_same(&again, &k);
	if (size >= 14) {
		turn(longer, size);
		flow_key_parse(&again, longer, size);
	}
	/* What is behind IPv6 extension headers is not turned with them. */
	if (k.bytes[0] != 6 || k.bytes[1] == exact[14 + 6])
		require_same(&again, &k);
	free(exact);
	free(longer);
	return 0;
}
