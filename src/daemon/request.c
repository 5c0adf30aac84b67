/* SPDX-License-Identifier: ISC */
/* One line that a client of the control socket sends. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "conf/report.h"
#include "conf/text.h"
#include "conf/value.h"
#include "daemon/reply.h"
#include "daemon/request.h"

#define REQUEST_TAGS_MAX 64
#define REQUEST_NAME_MAX 255 /* bytes */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const explain_members[] = { "flow", "packets", "first",
	"seen", "way", NULL };

static const struct command {
	const char *name;
	enum request_command command;
	const char *argument; /* NULL: none */
	bool optional;
	bool reads;
	const char *tags;	 /* NULL: none */
	const char *const *more; /* members that the verb looks at */
} commands[] = {
	{ "ping", REQUEST_PING, NULL, false, true, NULL, NULL },
	{ "version", REQUEST_VERSION, NULL, false, true, NULL, NULL },
	{ "status", REQUEST_STATUS, "mirror", true, true, NULL, NULL },
	{ "metrics", REQUEST_METRICS, NULL, false, true, NULL, NULL },
	{ "explain", REQUEST_EXPLAIN, "mirror", true, true, NULL,
	    explain_members },
	{ "reload", REQUEST_RELOAD, NULL, false, false, NULL, NULL },
	{ "enable", REQUEST_ENABLE, "mirror", false, false, NULL, NULL },
	{ "disable", REQUEST_DISABLE, "mirror", false, false, NULL, NULL },
	{ "drain", REQUEST_DRAIN, "target", false, false, NULL, NULL },
	{ "undrain", REQUEST_UNDRAIN, "target", false, false, NULL, NULL },
	{ "tag", REQUEST_TAG, "mirror", false, false, "tags", NULL },
	{ "untag", REQUEST_UNTAG, "mirror", false, false, "keys", NULL },
	{ "reset", REQUEST_RESET, "name", false, false, NULL, NULL },
	{ "verify", REQUEST_VERIFY, "mirror", false, false, NULL, NULL },
};

static const struct command *
find_command(const char *name, struct err *err)
{
	char q[REPORT_QUOTE_MAX], names[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < COUNT(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		len += (size_t)snprintf(names + len, sizeof(names) - len,
		    "%s%s", i == 0 ? "" : ", ", commands[i].name);
	}
	err_set(err, "there is no command %s (there are: %s)",
	    report_quote(q, name), names);
	return NULL;
}

static bool
is_known(const struct command *c, const char *key)
{
	for (size_t i = 0; c->more != NULL && c->more[i] != NULL; i++)
		if (strcmp(key, c->more[i]) == 0)
			return true;
	return strcmp(key, "protocol") == 0 || strcmp(key, "command") == 0 ||
	    (c->argument != NULL && strcmp(key, c->argument) == 0) ||
	    (c->tags != NULL && strcmp(key, c->tags) == 0);
}

static int
check_keys(const struct command *c, json_t *json, struct err *err)
{
	char q[REPORT_QUOTE_MAX];
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
		if (!is_known(c, key))
			return err_set(err, "%s does not take %s", c->name,
			    report_quote(q, key));
	value = json_object_get(json, "protocol");
	if (value != NULL && json_integer_value(value) != REPLY_PROTOCOL)
		return err_set(err, "this daemon speaks protocol %d only",
		    REPLY_PROTOCOL);
	return 0;
}

static int
take_name(struct request *r, const struct command *c, struct err *err)
{
	json_t *value;

	if (c->argument == NULL)
		return 0;
	value = json_object_get(r->json, c->argument);
	if (value == NULL && c->optional)
		return 0;
	r->name = json_string_value(value);
	if (r->name == NULL || r->name[0] == '\0' ||
	    strlen(r->name) > REQUEST_NAME_MAX ||
	    !text_is_printable(r->name, strlen(r->name)))
		return err_set(err, "%s: \"%s\" has to be a name", c->name,
		    c->argument);
	return 0;
}

static int
check_tags(json_t *tags, struct err *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(tags, key, value) {
		const char *text = json_string_value(value);
		char tag[512] = "";

		if (text != NULL && strchr(key, '=') == NULL)
			snprintf(tag, sizeof(tag), "%s=%s", key, text);
		if (!value_is_tag(tag))
			return err_set(err, "a tag is " VALUE_TAG);
	}
	return 0;
}

static int
check_tag_keys(json_t *keys, struct err *err)
{
	json_t *key;
	size_t i;

	json_array_foreach(keys, i, key) {
		const char *text = json_string_value(key);
		char tag[512] = "";

		if (text != NULL && strchr(text, '=') == NULL)
			snprintf(tag, sizeof(tag), "%s=", text);
		if (!value_is_tag(tag))
			return err_set(err,
			    "the key of a tag is printable "
			    "UTF-8 of 1-60 characters "
			    "without =");
	}
	return 0;
}

static int
take_tags(struct request *r, const struct command *c, struct err *err)
{
	size_t n;

	if (c->tags == NULL)
		return 0;
	r->tags = json_object_get(r->json, c->tags);
	n = c->command == REQUEST_TAG ? json_object_size(r->tags) :
					json_array_size(r->tags);
	if (n == 0 || n > REQUEST_TAGS_MAX)
		return err_set(err, "%s: \"%s\" has to be %s of 1-%d", c->name,
		    c->tags,
		    c->command == REQUEST_TAG ? "an object" : "an array",
		    REQUEST_TAGS_MAX);
	return c->command == REQUEST_TAG ? check_tags(r->tags, err) :
					   check_tag_keys(r->tags, err);
}

int
request_parse(struct request *r, const char *line, size_t len, struct err *err)
{
	const struct command *c;
	const char *name;
	json_error_t why;

	memset(r, 0, sizeof(*r));
	r->json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(r->json)) {
		err_set(err,
		    "not understood: a request is a JSON object on one line, "
		    "as {\"command\":\"status\"}");
		goto fail;
	}
	name = json_string_value(json_object_get(r->json, "command"));
	if (name == NULL) {
		err_set(err, "\"command\" is missing");
		goto fail;
	}
	if ((c = find_command(name, err)) == NULL ||
	    check_keys(c, r->json, err) == -1 || take_name(r, c, err) == -1 ||
	    take_tags(r, c, err) == -1)
		goto fail;
	r->command = c->command;
	r->reads = c->reads;
	return 0;
fail:
	request_fini(r);
	return -1;
}

void
request_fini(struct request *r)
{
	json_decref(r->json);
	r->json = NULL;
}
