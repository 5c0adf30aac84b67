/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/err.h"
#include "daemon/request.h"
#include "unit.h"

static void
expect_refused(const char *line, const char *why)
{
	struct request r;
	struct err err = { "" };

	CU_ASSERT_EQUAL(request_parse(&r, line, strlen(line), &err), -1);
	CU_ASSERT_PTR_NULL(r.json);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, why));
	if (strstr(err.text, why) == NULL)
		printf("%s: %s\n", line, err.text);
}

static void
expect_good(const char *line, enum request_command command, const char *name,
    bool reads)
{
	struct request r;
	struct err err = { "" };

	CU_ASSERT_EQUAL_FATAL(request_parse(&r, line, strlen(line), &err), 0);
	CU_ASSERT_EQUAL(r.command, command);
	CU_ASSERT_EQUAL(r.reads, reads);
	CU_ASSERT_EQUAL(r.name == NULL, name == NULL);
	if (name != NULL)
		CU_ASSERT_STRING_EQUAL(r.name, name);
	request_fini(&r);
}

static void
test_good(void)
{
	expect_good("{\"command\":\"ping\"}", REQUEST_PING, NULL, true);
	expect_good("{\"command\":\"status\",\"protocol\":1}", REQUEST_STATUS,
	    NULL, true);
	expect_good(" {\"mirror\":\"\xc3\xa9 x\",\"command\":\"status\"} ",
	    REQUEST_STATUS, "\xc3\xa9 x", true);
	expect_good("{\"command\":\"explain\",\"flow\":\"\"}", REQUEST_EXPLAIN,
	    NULL, true);
	expect_good("{\"command\":\"explain\",\"packets\":[],\"mirror\":\"m\","
		    "\"first\":1,\"way\":\"\"}",
	    REQUEST_EXPLAIN, "m", true);
	expect_good("{\"command\":\"metrics\"}", REQUEST_METRICS, NULL, true);
	expect_good("{\"command\":\"reload\"}", REQUEST_RELOAD, NULL, false);
	expect_good("{\"command\":\"drain\",\"target\":\"a\"}", REQUEST_DRAIN,
	    "a", false);
	expect_good("{\"command\":\"reset\",\"name\":\"a\"}", REQUEST_RESET,
	    "a", false);
	expect_good("{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":"
		    "{\"a\":\"\",\"b\":\"c=d\"}}",
	    REQUEST_TAG, "m", false);
	expect_good("{\"command\":\"untag\",\"mirror\":\"m\",\"keys\":[\"a\"]}",
	    REQUEST_UNTAG, "m", false);
}

static void
test_bad(void)
{
	expect_refused("", "a request is a JSON object");
	expect_refused("[]", "a request is a JSON object");
	expect_refused("{\"command\":\"ping\"} x", "a request is");
	expect_refused("{\"command\":\"ping\",\"command\":\"ping\"}",
	    "a request is");
	expect_refused("{\"command\":\"ping\\u0000\"}", "a request is");
	expect_refused("{\"command\":\"\xff\"}", "a request is");
	expect_refused("{\"command\":1}", "\"command\" is missing");
	expect_refused("{\"command\":\"PING\"}",
	    "there is no command \"PING\" (there are: ping, version, status, "
	    "metrics, explain, reload, enable, disable, drain, undrain, tag, untag, "
	    "reset, verify)");
	expect_refused("{\"command\":\"ping\",\"mirror\":\"a\"}",
	    "ping does not take \"mirror\"");
	expect_refused("{\"command\":\"ping\",\"protocol\":\"1\"}",
	    "protocol 1 only");
	expect_refused("{\"command\":\"explain\",\"file\":\"/etc/passwd\"}",
	    "explain does not take \"file\"");
	expect_refused("{\"command\":\"enable\"}", "has to be a name");
	expect_refused("{\"command\":\"enable\",\"mirror\":\"\"}",
	    "has to be a name");
	expect_refused("{\"command\":\"enable\",\"mirror\":\"a\\n\"}",
	    "has to be a name");
	expect_refused("{\"command\":\"status\",\"mirror\":null}",
	    "has to be a name");
}

static void
test_tags(void)
{
	expect_refused("{\"command\":\"tag\",\"mirror\":\"m\"}",
	    "\"tags\" has to be an object of 1-64");
	expect_refused("{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":{}}",
	    "has to be an object");
	expect_refused("{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":[1]}",
	    "has to be an object");
	expect_refused(
	    "{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":{\"\":\"x\"}}",
	    "a tag is \"key=value\"");
	expect_refused(
	    "{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":{\"a=\":\"x\"}}",
	    "a tag is \"key=value\"");
	expect_refused(
	    "{\"command\":\"tag\",\"mirror\":\"m\",\"tags\":{\"a\":1}}",
	    "a tag is \"key=value\"");
	expect_refused("{\"command\":\"untag\",\"mirror\":\"m\",\"keys\":[]}",
	    "\"keys\" has to be an array of 1-64");
	expect_refused(
	    "{\"command\":\"untag\",\"mirror\":\"m\",\"keys\":[\"a=b\"]}",
	    "the key of a tag");
}

static const struct unit_test tests[] = {
	{ "good", test_good },
	{ "bad", test_bad },
	{ "tags", test_tags },
};
UNIT_MAIN("request", tests)
