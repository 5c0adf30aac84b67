/* SPDX-License-Identifier: ISC */
/* Reads the captures that tcpdump has written on this machine. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pcapfile.h"

#define MAGIC_US   0xa1b2c3d4
#define MAGIC_NS   0xa1b23c4d
#define RECORD_MAX (1 << 20)

/* The capture's own fields are read in host order: it was written here. */
struct file_header {
	uint32_t magic;
	uint8_t rest[20];
};
struct record_header {
	uint32_t seconds, fraction, caplen, len;
};

static void
die(const char *file, const char *why)
{
	fprintf(stderr, "%s: %s\n", file, why);
	exit(2);
}

void
pcapfile_read(const char *path, pcapfile_cb *frame, void *arg)
{
	static uint8_t data[RECORD_MAX];
	struct file_header head;
	struct record_header rec;
	FILE *f = fopen(path, "r");

	if (f == NULL)
		die(path, strerror(errno));
	if (fread(&head, sizeof(head), 1, f) != 1 ||
	    (head.magic != MAGIC_US && head.magic != MAGIC_NS))
		die(path, "not a pcap file of this machine");
	while (fread(&rec, sizeof(rec), 1, f) == 1) {
		if (rec.caplen > sizeof(data) ||
		    fread(data, 1, rec.caplen, f) != rec.caplen)
			die(path, "cut off");
		frame(arg, data, rec.caplen, rec.len);
	}
	if (!feof(f))
		die(path, strerror(errno));
	fclose(f);
}
