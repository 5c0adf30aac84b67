/* SPDX-License-Identifier: ISC */
/* Saved captures as a source of frames. */
#include "config.h"

#include "capture/filter.h"
#include "capture/frames.h"
#include "capture/savefile.h"

struct run {
	const struct filter *filter;
	const struct packet_handler *handler;
};

static int
frame_run(void *arg, struct packet *p)
{
	const struct run *r = arg;

	if (!filter_match(r->filter, p->data, p->caplen, p->len, &p->rule) ||
	    filter_is_copy(r->filter, p))
		return 0;
	r->handler->packet(r->handler->arg, p);
	/* libpcap reuses its buffer with the next frame. */
	r->handler->block_end(r->handler->arg);
	return 0;
}

int
savefile_run(const char *path, const struct filter *f,
    const struct packet_handler *h, uint64_t *nread, struct err *err)
{
	struct run r = { f, h };

	return frames_read(path, frame_run, &r, nread, err);
}
