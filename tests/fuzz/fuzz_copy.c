/* SPDX-License-Identifier: ISC */
/* Any bytes as a frame: no byte behind it is read, and what is known as a
 * copy is known behind a VLAN tag, too. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "capture/copy.h"
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] =
    "target t4 { address = 10.9.0.1 }"
    "target t6 { address = \"fd09::1\" }"
    "target g4 { address = 10.9.0.2 encap = gre }"
    "target e4 { address = 10.9.0.3 encap = erspan }"
    "mirror m { sources = { eth9 } targets = { t4, t6, g4, e4 } }";

static void
require(int ok)
{
	if (!ok)
		abort();
}

static struct copy *
open_copies(void)
{
	struct conf_report r = { 0 };
	struct conf *c = conf_load_text(text, strlen(text), "fuzz", &r);
	struct copy *copies = NULL;

	require(c != NULL && copy_new(&copies, c, NULL) == 0);
	conf_free(c);
	conf_report_fini(&r);
	return copies;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct copy *copies;
	uint8_t *exact = malloc(size), *tagged = malloc(size + 4);
	enum copy_kind kind;

	if (copies == NULL)
		copies = open_copies();
	require(exact != NULL && tagged != NULL);
	memcpy(exact, data, size);
	kind = copy_look(copies, exact, size);
	require(copy_look(copies, exact, size) == kind);
	/* A frame of 8 tags cannot have one more. */
	if (size >= 14 && bytes_get16(exact + 12) == 0x0800) {
		memcpy(tagged, data, 12);
		memcpy(tagged + 12, "\x81\0\0\5", 4);
		memcpy(tagged + 16, data + 12, size - 12);
		require(copy_look(copies, tagged, size + 4) == kind);
	}
	free(exact);
	free(tagged);
	return 0;
}
