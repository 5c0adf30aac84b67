/* SPDX-License-Identifier: ISC */
/* Names on the page of status. */
#include "config.h"

#include <stdlib.h>

#include "daemon/page.h"
#include "unit.h"

static void
expect(const char *text, const char *want)
{
	char *html;
	size_t len;
	FILE *f = open_memstream(&html, &len);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	page_text(f, text);
	fclose(f);
	CU_ASSERT_STRING_EQUAL(html, want);
	free(html);
}

static void
test_text(void)
{
	expect("", "");
	expect("web audit", "web audit");
	expect("<script>alert('x')</script>",
	    "&#60;script&#62;alert(&#39;x&#39;)&#60;/script&#62;");
	expect("a\"b&c;", "a&#34;b&#38;c;");
	expect("\xc3\xa9", "\xc3\xa9");
	expect("\x01\xff\n", "\\x01\\xff\\x0a");
}

static const struct unit_test tests[] = {
	{ "text", test_text },
};

UNIT_MAIN("page", tests)
