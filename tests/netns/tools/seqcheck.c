/* SPDX-License-Identifier: ISC */
/* Finds missing and repeated flowgen numbers in captures of copies. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "pcapfile.h"

#define SHOWN_MAX 10
#define MARK	  "seq="
#define MARK_LEN  4
#define DIGITS	  10

/* A number is looked for anywhere in a record, so that any encapsulation
 * will do and a joined datagram counts once for every copy in it. */
struct seqcheck {
	uint64_t count;	  /* numbers expected: 0 to count - 1 */
	uint64_t *seen;	  /* how often each */
	uint64_t strange; /* numbers beyond count */
	uint64_t records;
};

static void
find_numbers(struct seqcheck *s, char *data, size_t len)
{
	char *end = data + len, *at = data;
	uint64_t n;

	while ((at = memmem(at, end - at, MARK, MARK_LEN)) != NULL) {
		at += MARK_LEN;
		if (end - at <= DIGITS || at[DIGITS] != '\n')
			continue;
		at[DIGITS] = '\0';
		if (num_parse(&n, at, 0, UINT32_MAX) != 0 || n >= s->count)
			s->strange++;
		else
			s->seen[n]++;
		at += DIGITS;
	}
}

static void
count_frame(void *arg, uint8_t *data, uint32_t caplen, uint32_t len)
{
	struct seqcheck *s = arg;

	s->records++;
	find_numbers(s, (char *)data, caplen);
}

static int
report(const struct seqcheck *s)
{
	uint64_t missing = 0, repeated = 0;

	for (uint64_t n = 0; n < s->count; n++) {
		if (s->seen[n] == 1)
			continue;
		if (missing + repeated < SHOWN_MAX)
			printf("%s: %" PRIu64 "\n",
			    s->seen[n] == 0 ? "missing" : "repeated", n);
		missing += s->seen[n] == 0;
		repeated += s->seen[n] > 1;
	}
	printf("%" PRIu64 " packets, %" PRIu64 " of %" PRIu64
	       " numbers, %" PRIu64 " missing, %" PRIu64 " repeated, %" PRIu64
	       " strange\n",
	    s->records, s->count - missing, s->count, missing, repeated,
	    s->strange);
	return missing + repeated + s->strange == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct seqcheck s = { 0 };
	int status;

	if (argc < 3 || num_parse(&s.count, argv[1], 1, UINT32_MAX) != 0) {
		fputs("usage: seqcheck count pcap...\n", stderr);
		return 2;
	}
	if ((s.seen = calloc(s.count, sizeof(*s.seen))) == NULL) {
		perror("seqcheck");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		pcapfile_read(argv[i], count_frame, &s);
	status = report(&s);
	free(s.seen);
	return status;
}
