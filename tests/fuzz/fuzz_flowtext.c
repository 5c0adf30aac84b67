/* SPDX-License-Identifier: ISC */
/* Any text as a flow: what is understood becomes a frame of the length that it
 * says, and what is not is complained of. */
#include "config.h"

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "capture/field.h"
#include "conf/flowtext.h"
#include "packet/craft.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool good)
{
	if (!good)
		abort();
}

static void
craft(const struct flowtext *f)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	static uint8_t frame[CRAFT_MAX];
	struct fields fields;
	uint32_t len = craft_frame(frame, f, macs);

	check(len <= CRAFT_MAX && len >= f->len);
	field_read(&fields, frame, len);
	check(fields.version == (f->src.family == AF_INET ? 4 : 6));
	if (flowtext_has_ports(f->protocol))
		check(fields.src_port == f->src_port &&
		    fields.dst_port == f->dst_port);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct flowtext_way way;
	struct flowtext f;
	struct err err = { "" };
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (flowtext_parse(&f, text, &err) == 0)
		craft(&f);
	else
		check(err.text[0] != '\0');
	err.text[0] = '\0';
	check(flowtext_parse_way(&way, text, &err) == 0 || err.text[0] != '\0');
	free(text);
	return 0;
}
