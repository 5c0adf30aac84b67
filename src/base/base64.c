/* SPDX-License-Identifier: ISC */
/* Bytes as text. */
#include "config.h"

#include <string.h>

#include "base/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(char *text, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)p[i] << 16;

		v |= n > 1 ? (uint32_t)p[i + 1] << 8 : 0;
		v |= n > 2 ? p[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			*text++ = k <= n ? digits[v >> (18 - 6 * k) & 63] : '=';
	}
	*text = '\0';
}

/* Of a group of four the bytes that they are, which go to *v; 0: it is
 * none. */
static size_t
decode_group(uint32_t *v, const char *text)
{
	size_t n = 4;

	while (n > 2 && text[n - 1] == '=')
		n--;
	*v = 0;
	for (size_t i = 0; i < n; i++) {
		const char *digit = text[i] == '\0' ? NULL :
						      strchr(digits, text[i]);

		if (digit == NULL)
			return 0;
		*v |= (uint32_t)(digit - digits) << (18 - 6 * i);
	}
	/* Bits that belong to no byte are zero. */
	return n == 4 || (*v << (8 * (n - 1)) & 0xffffff) == 0 ? n - 1 : 0;
}

int
base64_decode(uint8_t *p, size_t room, size_t *len, const char *text)
{
	size_t chars = strlen(text), done = 0;

	if (chars % 4 != 0)
		return -1;
	for (size_t i = 0; i < chars; i += 4) {
		uint32_t v;
		size_t n = decode_group(&v, text + i);

		if (n == 0 || (n < 3 && i + 4 < chars) || room - done < n)
			return -1;
		for (size_t k = 0; k < n; k++)
			p[done++] = (uint8_t)(v >> (16 - 8 * k));
	}
	*len = done;
	return 0;
}
