/* SPDX-License-Identifier: ISC */
/* Saved captures as a source of frames. */
#include "config.h"

#include <pcap/pcap.h>

#include "base/err.h"
#include "capture/filter.h"
#include "capture/savefile.h"

int
savefile_run(const char *path, const struct filter *f, packet_cb *cb,
    void (*block_end)(void *arg), void *arg, uint64_t *nread,
    struct err *err)
{
	char reason[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *data;
	pcap_t *pcap;
	int rc, link;

	*nread = 0;
	pcap = pcap_open_offline_with_tstamp_precision(path,
	    PCAP_TSTAMP_PRECISION_NANO, reason);
	if (pcap == NULL)
		return err_set(err, "%s", reason);
	link = pcap_datalink(pcap);
	if (link != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_name(link);

		pcap_close(pcap);
		return err_set(err, "%s: link type %s, only Ethernet can be "
		    "mirrored", path, name == NULL ? "unknown" : name);
	}
	while ((rc = pcap_next_ex(pcap, &h, &data)) == 1) {
		struct packet p = { .data = data, .caplen = h->caplen,
			.len = h->len < h->caplen ? h->caplen : h->len,
			.time_ns = (uint64_t)h->ts.tv_sec * 1000000000u +
			    (uint64_t)h->ts.tv_usec };

		++*nread;
		if (!filter_match(f, p.data, p.caplen, p.len))
			continue;
		cb(arg, &p);
		/* libpcap reuses its buffer with the next frame. */
		block_end(arg);
	}
	if (rc == PCAP_ERROR)
		err_set(err, "%s: packet %ju: %s", path, (uintmax_t)*nread + 1,
		    pcap_geterr(pcap));
	pcap_close(pcap);
	return rc == PCAP_ERROR ? -1 : 0;
}
