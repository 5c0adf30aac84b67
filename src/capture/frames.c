/* SPDX-License-Identifier: ISC */
/* The frames in a saved capture. */
#include "config.h"

#include <string.h>

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/frames.h"

/* libpcap names the file only when it cannot be opened at all. */
static void
open_error(const char *path, const char *reason, struct err *err)
{
	if (strncmp(reason, path, strlen(path)) == 0)
		err_set(err, "%s", reason);
	else
		err_set(err, "%s: %s", path, reason);
}

static pcap_t *
open_file(const char *path, struct err *err)
{
	char reason[PCAP_ERRBUF_SIZE];
	const char *name;
	pcap_t *pcap;
	int link;

	pcap = pcap_open_offline_with_tstamp_precision(path,
	    PCAP_TSTAMP_PRECISION_NANO, reason);
	if (pcap == NULL) {
		open_error(path, reason, err);
		return NULL;
	}
	link = pcap_datalink(pcap);
	if (link == DLT_EN10MB)
		return pcap;
	name = pcap_datalink_val_to_name(link);
	pcap_close(pcap);
	err_set(err, "%s: link type %s, only Ethernet can be mirrored", path,
	    name == NULL ? "unknown" : name);
	return NULL;
}

static struct packet
make_packet(const struct pcap_pkthdr *hdr, const u_char *data)
{
	return (struct packet) { .data = data,
		.caplen = hdr->caplen,
		.len = hdr->len < hdr->caplen ? hdr->caplen : hdr->len,
		.time_ns = (uint64_t)hdr->ts.tv_sec * 1000000000u +
		    (uint64_t)hdr->ts.tv_usec,
		.rule = PACKET_NO_RULE };
}

int
frames_read(const char *path, int (*each)(void *arg, struct packet *p),
    void *arg, uint64_t *nread, struct err *err)
{
	struct pcap_pkthdr *hdr;
	const u_char *data;
	pcap_t *pcap;
	int rc;

	*nread = 0;
	if ((pcap = open_file(path, err)) == NULL)
		return -1;
	while ((rc = pcap_next_ex(pcap, &hdr, &data)) == 1) {
		struct packet p = make_packet(hdr, data);

		++*nread;
		if (each(arg, &p) != 0)
			break;
	}
	if (rc == PCAP_ERROR)
		err_set(err, "%s: packet %ju: %s", path, (uintmax_t)*nread + 1,
		    pcap_geterr(pcap));
	pcap_close(pcap);
	return rc == PCAP_ERROR ? -1 : 0;
}
