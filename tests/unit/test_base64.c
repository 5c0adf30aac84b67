/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/base64.h"
#include "unit.h"

/* The vectors of RFC 4648, section 10. */
static const struct {
	const char *bytes, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void
test_vectors(void)
{
	uint8_t bytes[16];
	char text[32];
	size_t len;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t n = strlen(vectors[i].bytes);

		base64_encode(text, (const uint8_t *)vectors[i].bytes, n);
		CU_ASSERT_STRING_EQUAL(text, vectors[i].text);
		CU_ASSERT_EQUAL(strlen(text), BASE64_LEN(n));
		CU_ASSERT_EQUAL(base64_decode(bytes, n, &len, vectors[i].text),
		    0);
		CU_ASSERT_EQUAL(len, n);
		CU_ASSERT_EQUAL(memcmp(bytes, vectors[i].bytes, n), 0);
	}
}

static void
test_bad(void)
{
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Z===",
		"====", "Zh==", "Zm9=", "Zg==Zg==", "Zm8=Zm8=", "Zm9\n",
		"Zm 9v", "Zm9v=", "\xc3\xa9Zg", "Z=g=", "Zg=v" };
	uint8_t bytes[16];
	size_t len;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(base64_decode(bytes, sizeof(bytes), &len,
				    bad[i]),
		    -1);
	CU_ASSERT_EQUAL(base64_decode(bytes, 2, &len, "Zm9v"), -1);
}

static void
test_random(void)
{
	uint8_t in[200], out[200];
	char text[BASE64_LEN(200) + 1];
	size_t len;

	for (int i = 0; i < 2000; i++) {
		size_t n = unit_random() % sizeof(in);

		for (size_t k = 0; k < n; k++)
			in[k] = (uint8_t)unit_random();
		base64_encode(text, in, n);
		CU_ASSERT_EQUAL(base64_decode(out, n, &len, text), 0);
		CU_ASSERT_TRUE(len == n && memcmp(in, out, n) == 0);
	}
}

static const struct unit_test tests[] = {
	{ "vectors", test_vectors },
	{ "bad", test_bad },
	{ "random", test_random },
};
UNIT_MAIN("base64", tests)
