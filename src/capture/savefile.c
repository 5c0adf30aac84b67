/* SPDX-License-Identifier: ISC */
/* Saved captures as a source of frames. */
#include "config.h"

#include <string.h>

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/filter.h"
#include "capture/savefile.h"

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

static void
frame_run(const struct pcap_pkthdr *hdr, const u_char *data,
    const struct filter *f, const struct packet_handler *h)
{
	struct packet p = { .data = data,
		.caplen = hdr->caplen,
		.len = hdr->len < hdr->caplen ? hdr->caplen : hdr->len,
		.time_ns = (uint64_t)hdr->ts.tv_sec * 1000000000u +
		    (uint64_t)hdr->ts.tv_usec };

	if (!filter_match(f, p.data, p.caplen, p.len, &p.rule) ||
	    filter_is_copy(f, &p))
		return;
	h->packet(h->arg, &p);
	/* libpcap reuses its buffer with the next frame. */
	h->block_end(h->arg);
}

int
savefile_run(const char *path, const struct filter *f,
    const struct packet_handler *h, uint64_t *nread, struct err *err)
{
	struct pcap_pkthdr *hdr;
	const u_char *data;
	pcap_t *pcap;
	int rc;

	*nread = 0;
	if ((pcap = open_file(path, err)) == NULL)
		return -1;
	while ((rc = pcap_next_ex(pcap, &hdr, &data)) == 1) {
		++*nread;
		frame_run(hdr, data, f, h);
	}
	if (rc == PCAP_ERROR)
		err_set(err, "%s: packet %ju: %s", path, (uintmax_t)*nread + 1,
		    pcap_geterr(pcap));
	pcap_close(pcap);
	return rc == PCAP_ERROR ? -1 : 0;
}
