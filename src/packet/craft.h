/* SPDX-License-Identifier: ISC */
/* The frame that a flow written by people stands for. */
#ifndef TM_CRAFT_H
#define TM_CRAFT_H

#include <stdint.h>

#include "conf/flowtext.h"

#define CRAFT_MAX FLOWTEXT_LEN_MAX

/* Writes a packet in the middle of the flow, with right lengths and checksums,
 * and returns its bytes: f->len, or as few as there can be. TCP: ACK alone, or
 * with data; SCTP: a DATA chunk; ICMP: an echo request. What is not said is 0.
 * macs: destination and source. */
uint32_t craft_frame(uint8_t frame[static CRAFT_MAX], const struct flowtext *f,
    const uint8_t macs[static 12]);

#endif
