/* SPDX-License-Identifier: ISC */
/* The Internet checksum and CRC32c. */
#ifndef TM_CHECKSUM_H
#define TM_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* Adds bytes to a running one's complement sum, in memory order (RFC 1071,
 * section 2 (B)). A piece that is not the last has even length. */
uint64_t checksum_add(uint64_t sum, const uint8_t *p, size_t len);

/* Folds and complements: what is stored, with memcpy, in the field. */
uint16_t checksum_finish(uint64_t sum);

/* A 16-bit number in host order as checksum_add would take its two bytes. */
uint64_t checksum_word(uint16_t v);

/* CRC32c (RFC 9260, appendix A) of two pieces, as stored in an SCTP header:
 * least significant byte first. */
uint32_t checksum_crc32c(const uint8_t *head, size_t head_len,
    const uint8_t *body, size_t body_len);

#endif
