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
 * Up to 8 VLAN tags (0x8100, 0x88a8, 0x9100) are skipped and not part of the
 * key. "Other" is whatever has no IPv4 or IPv6 header of the right version
 * and full length (without options) behind them; its EtherType is the last
 * one read, 0 if that is a length (below 0x600: LLC), and a frame shorter
 * than 14 bytes is read as if zeros followed.
 * The protocol of IPv6 is the one behind up to 16 extension headers (0, 43,
 * 44, 51, 60, 135), or where this chain is cut off, the last one named.
 * Ports, in network order, are those of TCP, UDP, UDP-Lite, DCCP and SCTP.
 * An ICMP echo, and ICMPv4 types 13-18, has its identifier in both. All else
 * has 0: other protocols; a transport header that is cut off or, in IPv4,
 * behind a header length below 20; every fragment (the first one too, so
 * that all of a datagram stay together; an IPv6 "fragment" that is the whole
 * datagram is none). Length fields of IP itself are not looked at.
 * ICMP errors (ICMPv4 3, 4, 5, 11, 12; ICMPv6 1-4) have the key of the packet
 * they quote, if its IP header is whole; one that quotes another error has
 * that one's addresses and protocol. */
struct flow_key {
	uint8_t bytes[FLOW_KEY_MAX];
	uint8_t len;
};

/* Reads the headers of an Ethernet frame; never past len. A frame too short
 * or too odd for the next header is keyed by what could be read. Only
 * bytes[0..len - 1] of the key are set. */
void flow_key_parse(struct flow_key *k, const uint8_t *frame, size_t len);

/* XXH3_64bits_withSeed(key, FLOW_SEED). */
uint64_t flow_key_hash(const struct flow_key *k);

/* Both in one. */
uint64_t flow_hash(const uint8_t *frame, size_t len);

/* The same hash of any other identity. */
uint64_t flow_hash_bytes(const void *p, size_t len);

#endif
