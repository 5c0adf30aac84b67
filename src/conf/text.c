/* SPDX-License-Identifier: ISC */
/* Printable UTF-8. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "conf/text.h"

/* What a reader could not see, or would see in the wrong place: control
 * characters, separators of lines, surrogates, noncharacters, what changes the
 * direction of writing, and all that Unicode 15 calls
 * Default_Ignorable_Code_Point. Not iswprint(3): it depends on the locale. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0, 0x1f },
	{ 0x7f, 0x9f },
	{ 0xad, 0xad },
	{ 0x34f, 0x34f },
	{ 0x61c, 0x61c },
	{ 0x115f, 0x1160 },
	{ 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },
	{ 0x200b, 0x200f },
	{ 0x2028, 0x202e },
	{ 0x2060, 0x206f },
	{ 0x3164, 0x3164 },
	{ 0xd800, 0xdfff },
	{ 0xfdd0, 0xfdef },
	{ 0xfe00, 0xfe0f },
	{ 0xfeff, 0xfeff },
	{ 0xffa0, 0xffa0 },
	{ 0xfff0, 0xfffb },
	{ 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a },
	{ 0xe0000, 0xe0fff },
	{ 0x110000, UINT32_MAX },
};

/* Reads one character. Returns its bytes, 0 if there is no valid one. */
static size_t
decode(uint32_t *c, const unsigned char *p, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 :
	    p[0] < 0xc0	       ? 0 :
	    p[0] < 0xe0	       ? 2 :
	    p[0] < 0xf0	       ? 3 :
	    p[0] < 0xf8	       ? 4 :
				 0;

	if (n == 0 || n > len)
		return 0;
	*c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c < least[n] ? 0 : n;
}

static bool
is_printable(uint32_t c)
{
	if ((c & 0xfffe) == 0xfffe) /* a noncharacter in every plane */
		return false;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]);
	     i++)
		if (c >= unprintable[i].first && c <= unprintable[i].last)
			return false;
	return true;
}

size_t
text_step(const char *text, size_t len)
{
	uint32_t c = 0;
	size_t n = decode(&c, (const unsigned char *)text, len);

	return is_printable(c) ? n : 0;
}

bool
text_is_printable(const char *text, size_t len)
{
	while (len > 0) {
		size_t n = text_step(text, len);

		if (n == 0)
			return false;
		text += n;
		len -= n;
	}
	return true;
}

size_t
text_length(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

void
text_put(FILE *f, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		size_t n = text_step(text, len);

		if (n == 0) {
			fprintf(f, "\\x%02x", (unsigned char)*text);
			n = 1;
		} else {
			fwrite(text, 1, n, f);
		}
		text += n;
		len -= n;
	}
}
