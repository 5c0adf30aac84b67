/* SPDX-License-Identifier: ISC */
/* Any bytes as a frame: filter_match reads no further, and says what the
 * kernel says; but for a frame that ends within its headers, which the kernel
 * may reject where a rule could still take it. */
#include "config.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/filter.h"
#include "conf/conf.h"
#include "whole.h"

#define FRAME_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const mirrors[] = {
	"",
	"exclude-targets = false",
	"filter = any rule web { protocol = tcp dst-port = { 80, 8000-8999 } }"
	"rule dns { protocol = udp dst-port = 53 bidirectional = true }"
	"rule net { src = { 10.0.0.0/8, \"fd00::/16\" } dst = 192.0.2.0/24 }",
	"filter = all rule tcp { protocol = tcp } rule net { src = 10.0.0.0/8 }"
	"rule port { src-port = 1024-65535 }",
	"filter = first rule no { src-port = 22 action = drop }"
	"rule six { src = \"::/0\" action = drop }"
	"rule rest { protocol = tcp } rule ping { protocol = icmp }",
	"bpf = \"udp port 53 or icmp6 or arp or sctp\"",
	"bpf = \"tcp[tcpflags] & tcp-syn != 0 and "
	"ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0\""
	"rule web { dst-port = 80 bidirectional = true }",
	"bpf = \"udp or tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420\"",
	"bpf = \"ether proto 0x0806 or greater 200 or ip protochain 17\"",
	"bpf = \"vlan 5 and udp\"",
	"bpf = \"not vlan\" rule tcp { protocol = tcp }",
};

#define NMIRRORS (sizeof(mirrors) / sizeof(mirrors[0]))

struct both {
	struct filter *user;
	int in, kernel; /* a frame sent to in arrives, if it is accepted */
};

static struct both filters[NMIRRORS];
static uint8_t *frame_end; /* nothing can be read behind it */

/* libFuzzer sees no branches inside of the programs: each set of filters that
 * accept a frame is news to it instead. */
static uint8_t seen[1 << NMIRRORS]
    __attribute__((section("__libfuzzer_extra_counters")));

static void
require(int ok)
{
	if (!ok)
		abort();
}

static struct conf *
load(const char *options)
{
	struct conf_report r = { 0 };
	char text[4096];
	struct conf *c;

	snprintf(text, sizeof(text),
	    "target t4 { address = 10.9.0.1 }"
	    "target t6 { address = \"fd09::1\" }"
	    "target g4 { address = 10.9.0.2 encap = gre }"
	    "target g6 { address = \"fd09::2\" encap = gre }"
	    "mirror m { sources = { eth9 } targets = { t4, t6, g4, g6 } %s }",
	    options);
	c = conf_load_text(text, strlen(text), "fuzz", &r);
	for (size_t i = 0; i < r.nerrors; i++)
		fprintf(stderr, "%s\n", r.errors[i]);
	conf_report_fini(&r);
	require(c != NULL);
	return c;
}

static void
both_open(struct both *b, const char *options)
{
	struct conf *c = load(options);
	struct err err = { "" };
	int fds[2];

	if (filter_new(&b->user, c, &c->mirrors[0], &err) == -1)
		fprintf(stderr, "%s\n", err.text);
	conf_free(c);
	require(b->user != NULL);
	require(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds) == 0);
	require(filter_attach(b->user, NULL, fds[1], false, NULL) == 0);
	b->in = fds[0];
	b->kernel = fds[1];
}

static void
open_all(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *p = mmap(NULL, FRAME_MAX + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(p != MAP_FAILED);
	frame_end = p + FRAME_MAX;
	require(mprotect(frame_end, page, PROT_NONE) == 0);
	for (size_t i = 0; i < NMIRRORS; i++)
		both_open(&filters[i], mirrors[i]);
}

static bool
kernel_accepts(const struct both *b, const uint8_t *frame, size_t len)
{
	char byte;

	require(send(b->in, frame, len, MSG_DONTWAIT) == (ssize_t)len);
	return recv(b->kernel, &byte, 1, MSG_DONTWAIT) == 1;
}

/* What the kernel takes no decision on, it must let pass. Returns whether the
 * frame matches. */
static bool
check(size_t i, const uint8_t *frame, size_t len)
{
	const struct both *b = &filters[i];
	bool whole = filter_place(b->user) == FILTER_KERNEL;
	uint32_t rule;
	bool user = filter_match(b->user, frame, (uint32_t)len, (uint32_t)len,
	    &rule);
	bool kernel = kernel_accepts(b, frame, len);
	bool cut = strstr(mirrors[i], "rule ") != NULL &&
	    !whole_frame(frame, len);

	if ((user && !kernel && !cut) || (kernel && !user && whole)) {
		fprintf(stderr, "%s\nuserspace: %d, the kernel: %d\n",
		    mirrors[i], user, kernel);
		abort();
	}
	/* A frame whose end was not captured. */
	filter_match(b->user, frame, (uint32_t)len, UINT32_MAX, &rule);
	return user;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned accepting = 0;
	uint8_t *frame;

	if (size == 0 || size > FRAME_MAX)
		return 0;
	if (frame_end == NULL)
		open_all();
	frame = frame_end - size;
	memcpy(frame, data, size);
	for (size_t i = 0; i < NMIRRORS; i++)
		accepting |= (unsigned)check(i, frame, size) << i;
	seen[accepting] = 1;
	return 0;
}
