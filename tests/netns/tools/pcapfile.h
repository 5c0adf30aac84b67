/* SPDX-License-Identifier: ISC */
/* Reads the captures that tcpdump has written on this machine. */
#ifndef TM_PCAPFILE_H
#define TM_PCAPFILE_H

#include <stdint.h>

/* A frame: caplen of its len bytes, which are the callback's to change. */
typedef void pcapfile_cb(void *arg, uint8_t *data, uint32_t caplen,
    uint32_t len);

/* Exits with 2, and a message, if the file cannot be read to its end. */
void pcapfile_read(const char *path, pcapfile_cb *frame, void *arg);

#endif
