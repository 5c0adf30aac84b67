/* SPDX-License-Identifier: ISC */
/* From frame to flow: one key, and one hash, for both directions. */
#ifndef TM_FLOW_H
#define TM_FLOW_H

#include <stddef.h>
#include <stdint.h>

/* Seed of every hash that decides where copies go. Public and fixed, so that
 * hosts with one configuration choose alike: "trafmirr" as a number. */
#define FLOW_SEED 0x747261666d697272ULL

#define FLOW_KEY_MAX 38

/* The canonical key, the very bytes that are hashed; the lesser of the two
 * (address, port) pairs comes first (compared as bytes).
 *   IPv4: 4, protocol, addr A (4), addr B (4), port A (2), port B (2)  = 14
 *   IPv6: 6, protocol, addr A (16), addr B (16), port A (2), port B (2) = 38
 *   other: 0, 0, MAC A (6), MAC B (6), EtherType (2), 0, 0             = 18
 * Ports in network order; 0 for protocols without ports, for every fragment
 * (the first one too, so that all of a datagram stay together). ICMP echo:
 * the identifier in both ports. ICMP errors: the key of the quoted packet.
 * VLAN tags are skipped and not part of the key. */
struct flow_key {
	uint8_t bytes[FLOW_KEY_MAX];
	uint8_t len;
};

/* Reads the headers of an Ethernet frame; never past len. A frame too short
 * or too odd for the next header is keyed by what could be read. */
void flow_key_parse(struct flow_key *k, const uint8_t *frame, size_t len);

/* XXH3_64bits_withSeed(key, FLOW_SEED). */
uint64_t flow_key_hash(const struct flow_key *k);

/* Both in one. */
uint64_t flow_hash(const uint8_t *frame, size_t len);

#endif
