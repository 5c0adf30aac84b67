/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "conf/text.h"
#include "ctl/history.h"
#include "ctl/rates.h"
#include "ctl/table.h"
#include "unit.h"

static json_t *
json(const char *text)
{
	json_error_t error;
	json_t *j = json_loads(text, 0, &error);

	if (j == NULL)
		printf("%s: %s\n", error.text, text);
	return j;
}

/* Each @ is replaced by n. */
static json_t *
answer(const char *pattern, long n)
{
	char text[4096], *p = text;

	for (; *pattern != '\0'; pattern++)
		if (*pattern == '@')
			p += sprintf(p, "%ld", n);
		else
			*p++ = *pattern;
	*p = '\0';
	return json(text);
}

static const char pattern[] =
    "{\"version\":\"0.1.0\",\"pid\":7,\"uptime_seconds\":61,"
    "\"generation\":2,\"config\":\"/etc/trafmirrord.conf\",\"mirrors\":["
    "{\"name\":\"web\",\"state\":\"collecting\",\"by_operator\":[\"collect\"],"
    "\"captured_packets\":@,\"captured_bytes\":@00,\"copied_packets\":@,"
    "\"copied_bytes\":@50,\"ring_dropped_packets\":5,"
    "\"under_pressure\":\"sample 10\","
    "\"dropped_packets\":{\"send-error\":@,\"oversize\":0},"
    "\"sources\":[{\"interface\":\"eth0\",\"state\":\"up\","
    "\"captured_packets\":@,\"captured_bytes\":@00,"
    "\"ring_dropped_packets\":5}],"
    "\"targets\":[{\"name\":\"ids\\u001b[1m\",\"state\":\"drained\","
    "\"share\":0.3125,\"copied_packets\":@,\"copied_bytes\":@50,"
    "\"dropped_packets\":@}]}],"
    "\"targets\":[{\"name\":\"ids\\u001b[1m\",\"by_operator\":[\"drained\"]}]}";

/* The lines, each with its look in front. */
static char *
lines_of(const struct table *t)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (size_t i = 0; i < t->n; i++)
		fprintf(f, "%d|%s\n", (int)t->lines[i].look, t->lines[i].text);
	fclose(f);
	return text;
}

static void
expect(const char *text, const json_t *before, const json_t *now,
    const struct history *h, int width, enum art art)
{
	struct rates r = rates_between(before, now, 1);
	struct table t = { 0 };
	char *got;

	table_make(&t, &r, h, width, art);
	got = lines_of(&t);
	CU_ASSERT_STRING_EQUAL(got, text);
	if (strcmp(got, text) != 0)
		printf("%s", got);
	free(got);
	table_fini(&t);
}

static void
test_plain(void)
{
	json_t *a = answer(pattern, 1000), *b = answer(pattern, 13345);

	expect(
	    "0|trafmirrord 0.1.0, pid 7, up 00:01:01, generation 2, /etc/trafmirrord.conf\n"
	    "1|MIRROR <SOURCE >TARGET      STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "2|web                         collecting*   12.3k   9.88M   12.3k   9.88M   12.3k\n"
	    "4|    under pressure: sample 10\n"
	    "3|  ! ring                    lost               5 in all                       0\n"
	    "5|  ! send-error              lost           13345 in all                   12.3k\n"
	    "0|  < eth0                    up            12.3k   9.88M                       0\n"
	    "5|  > ids\\x1b[1m              drained*                31%   12.3k   9.88M   12.3k\n",
	    a, b, NULL, 79, ART_NONE);
	expect(
	    "0|trafmirrord 0.1.0, pid 7, up 00:01:01, generation 2, /etc/trafmirrord.conf\n"
	    "1|MIRROR <SOURCE >TARGET      STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "2|web                         collecting*       -       -       -       -       -\n"
	    "4|    under pressure: sample 10\n"
	    "3|  ! ring                    lost               5 in all                       -\n"
	    "3|  ! send-error              lost           13345 in all                       -\n"
	    "0|  < eth0                    up                -       -                       -\n"
	    "3|  > ids\\x1b[1m              drained*                31%       -       -       -\n",
	    NULL, b, NULL, 79, ART_NONE);
	json_decref(a);
	json_decref(b);
}

static void
test_art(void)
{
	json_t *a = answer(pattern, 1000), *b = answer(pattern, 1000);
	struct history *h = history_new();

	for (int i = 0; i < 10; i++) {
		history_begin(h);
		if (i != 1)
			history_add(h, "web", i == 2 ? 0 : i * 1000);
	}
	expect(
	    "0|trafmirrord 0.1.0, pid 7, up 00:01:01, generation 2, /etc/trafmirrord.conf\n"
	    "1|MIRROR <SOURCE >TARGET       STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "2|web                          collecting*       0       0       0       0       0\n"
	    "6|                                                      ▁ ▁▄▅▅▆▇██ max 9.00k/s\n"
	    "4|    under pressure: sample 10\n"
	    "3|  ! ring                     lost               5 in all                       0\n"
	    "3|  ! send-error               lost            1000 in all                       0\n"
	    "0|  < eth0                     up                0       0                       0\n"
	    "3|  > ids\\x1b[1m               drained*    ███▏        31%       0       0       0\n",
	    a, b, h, 80, ART_BLOCKS);
	expect(
	    "0|trafmirrord 0.1.0, pid 7, up 00:01:01, generation 2, /etc/trafmirrord.conf\n"
	    "1|MIRROR <SOURCE >TARGET       STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "2|web                          collecting*       0       0       0       0       0\n"
	    "6|                                                      _ _-==+*## max 9.00k/s\n"
	    "4|    under pressure: sample 10\n"
	    "3|  ! ring                     lost               5 in all                       0\n"
	    "3|  ! send-error               lost            1000 in all                       0\n"
	    "0|  < eth0                     up                0       0                       0\n"
	    "3|  > ids\\x1b[1m               drained*    ###         31%       0       0       0\n",
	    a, b, h, 80, ART_ASCII);
	expect("0|trafmirrord 0.1.0, pid 7\n"
	       "1|MIRROR <S… STATE        \n"
	       "2|web        collecting*  \n"
	       "6|    -==+*## max 9.00k/s\n"
	       "4|    under pressure: samp\n"
	       "3|  ! ring   lost         \n"
	       "3|  ! send-… lost         \n"
	       "0|  < eth0   up           \n"
	       "3|  > ids…   drained*    #\n",
	    a, b, h, 24, ART_ASCII);
	history_free(h);
	json_decref(a);
	json_decref(b);
}

static void
test_empty(void)
{
	json_t *a = json("{}"),
	       *b = json("{\"mirrors\":[{},7,{\"sources\":[{}],"
			 "\"targets\":[{}]}]}");

	expect(
	    "0|trafmirrord ?, pid 0, up 00:00:00, generation 0, ?\n"
	    "1|MIRROR <SOURCE >TARGET      STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "0|no mirrors\n",
	    a, a, NULL, 79, ART_NONE);
	expect(
	    "0|trafmirrord ?, pid 0, up 00:00:00, generation 0, ?\n"
	    "1|MIRROR <SOURCE >TARGET      STATE        CAPT/s   bit/s  COPY/s   bit/s  LOST/s\n"
	    "4|?                           ?                 -       -       -       -       -\n"
	    "4|?                           ?                 -       -       -       -       -\n"
	    "4|?                           ?                 -       -       -       -       -\n"
	    "4|  < ?                       ?                 -       -                       -\n"
	    "4|  > ?                       ?                        0%       -       -       -\n",
	    b, b, NULL, 79, ART_NONE);
	json_decref(a);
	json_decref(b);
}

static int
columns(const char *text)
{
	int sum = 0;

	while (*text != '\0') {
		wchar_t c = 0;
		size_t n = text_step(text, strlen(text));

		CU_ASSERT_FATAL(n > 0); /* printable */
		mbtowc(&c, text, n);
		sum += wcwidth(c);
		text += n;
	}
	return sum;
}

/* Whatever is in an answer, no line is wider than it may be. */
static void
test_width(void)
{
	static const char *const names[] = { "", "a",
		"監視サーバー監視サーバー", "e\xcc\x81\xcc\x81\xcc\x81",
		"\x1b[2J\x1b]0;x\x07",
		"a-name-of-sixty-characters-------------------------------",
		"\xe2\x80\xae\xc2\xad", "\xf0\x9f\x98\x80" };
	json_t *a = answer(pattern, 0),
	       *b = answer(pattern, 2 + (long)(unit_random() >> 20));
	json_t *m = json_array_get(json_object_get(b, "mirrors"), 0);
	struct rates r = rates_between(a, b, 1);
	struct history *h = history_new();

	history_begin(h);
	for (int i = 0; i < 400; i++) {
		const char *name = names[unit_random() % 8];
		int width = 1 + (int)(unit_random() % 120);
		struct table t = { 0 };

		json_object_set_new(m, "name", json_string(name));
		json_object_set_new(m, "state",
		    json_string(names[unit_random() % 8]));
		json_object_set_new(
		    json_array_get(json_object_get(m, "targets"), 0), "share",
		    json_real((double)(unit_random() % 40) / 16 - 1));
		history_add(h, name, (double)unit_random());
		table_make(&t, &r, h, width, (enum art)(unit_random() % 3));
		table_add(&t, TABLE_LOSS, name, width);
		for (size_t k = 0; k < t.n; k++) {
			CU_ASSERT(columns(t.lines[k].text) <= width);
			if (columns(t.lines[k].text) > width)
				printf("%d: %s\n", width, t.lines[k].text);
		}
		table_fini(&t);
	}
	history_free(h);
	json_decref(a);
	json_decref(b);
}

static const struct unit_test tests[] = {
	{ "plain", test_plain },
	{ "art", test_art },
	{ "empty", test_empty },
	{ "width", test_width },
};

int
main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	return unit_main(argc, argv, "table", tests,
	    sizeof(tests) / sizeof(tests[0]));
}
