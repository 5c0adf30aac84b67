/* SPDX-License-Identifier: ISC */
/* A flow as people write it. */
#include "config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "conf/flowtext.h"
#include "conf/report.h"
#include "conf/schema.h"

#define WORDS_MAX 16

#define LEN_MIN 60 /* of an Ethernet frame */

struct words {
	char text[2 * FLOWTEXT_MAX];
	char *v[WORDS_MAX + 1]; /* NULL-terminated */
	size_t n;
};

/* Splits at blanks, and around ">". */
static int
split(struct words *w, const char *text, struct err *err)
{
	char *p = w->text, *save = NULL;

	if (strlen(text) >= FLOWTEXT_MAX / 2)
		return err_set(err, "a flow has at most %d bytes",
		    FLOWTEXT_MAX / 2 - 1);
	for (; *text != '\0'; text++)
		if (*text == '>')
			p = stpcpy(p, " > ");
		else
			*p++ = *text;
	*p = '\0';
	w->n = 0;
	for (p = strtok_r(w->text, " \t\n", &save); p != NULL;
	     p = strtok_r(NULL, " \t\n", &save)) {
		if (w->n == WORDS_MAX)
			return err_set(err, "a flow has at most %d words",
			    WORDS_MAX);
		w->v[w->n++] = p;
	}
	w->v[w->n] = NULL;
	return 0;
}

bool
flowtext_has_ports(unsigned protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	    protocol == IPPROTO_SCTP;
}

const char *
flowtext_protocol(unsigned protocol, char buf[static 4])
{
	const char *name = schema_word_name(schema_protocols, (int)protocol);

	snprintf(buf, 4, "%u", protocol & UINT8_MAX);
	return name == NULL ? buf : name;
}

static int
parse_protocol(struct flowtext *f, const char *word, struct err *err)
{
	const struct schema_word *w = schema_protocols;
	char q[REPORT_QUOTE_MAX];
	uint64_t n;

	while (w->name != NULL && strcmp(w->name, word) != 0)
		w++;
	if (w->name != NULL && w->value <= UINT8_MAX)
		n = (uint64_t)w->value;
	else if (num_parse(&n, word, 0, UINT8_MAX) != 0)
		return err_set(err,
		    "%s is no protocol: allowed are tcp, udp, sctp, icmp, "
		    "icmp6, gre, esp, ah, 0-255",
		    report_quote(q, word));
	f->protocol = (uint8_t)n;
	return 0;
}

/* Cuts the port off, if there is one; NULL if the brackets are not right. */
static char *
cut_port(char *word, char **host)
{
	char *bracket = strrchr(word, ']'), *colon;

	*host = word;
	if (word[0] == '[') {
		if (bracket == NULL)
			return NULL;
		*bracket = '\0';
		*host = word + 1;
		if (bracket[1] == '\0')
			return bracket + 1;
		return bracket[1] == ':' && bracket[2] != '\0' ? bracket + 2 :
								 NULL;
	}
	colon = strchr(word, ':');
	/* More of them are an IPv6 address. */
	if (colon == NULL || strchr(colon + 1, ':') != NULL)
		return word + strlen(word);
	*colon = '\0';
	return colon[1] == '\0' ? NULL : colon + 1;
}

static int
parse_end(const struct flowtext *f, const char *word, struct addr *a,
    uint16_t *port, bool *has_port, struct err *err)
{
	char q[REPORT_QUOTE_MAX], copy[FLOWTEXT_MAX], *host, *text;
	uint64_t n;

	snprintf(copy, sizeof(copy), "%s", word);
	report_quote(q, word);
	text = cut_port(copy, &host);
	if (text == NULL || addr_parse(a, host) == -1 ||
	    (copy[0] == '[' && a->family != AF_INET6))
		return err_set(err,
		    "%s is no address: allowed are 192.0.2.1, 192.0.2.1:443, "
		    "2001:db8::1, [2001:db8::1]:443",
		    q);
	*has_port = *text != '\0';
	if (!*has_port)
		return 0;
	if (!flowtext_has_ports(f->protocol))
		return err_set(err, "%s: only tcp, udp and sctp have ports", q);
	if (num_parse(&n, text, 0, UINT16_MAX) != 0)
		return err_set(err, "%s: a port is a number of 0-65535", q);
	*port = (uint16_t)n;
	return 0;
}

static int
take_direction(struct flowtext_way *w, const char *word, struct err *err)
{
	if (w->direction != FLOWTEXT_BOTH)
		return err_set(err, "\"%s\": there is a direction already",
		    word);
	w->direction = strcmp(word, "in") == 0 ? FLOWTEXT_IN : FLOWTEXT_OUT;
	return 0;
}

static int
take_interface(struct flowtext_way *w, const char *name, struct err *err)
{
	char q[REPORT_QUOTE_MAX];

	if (w->interface[0] != '\0')
		return err_set(err, "on %s: there is an interface already",
		    report_quote(q, name));
	if (strlen(name) >= sizeof(w->interface))
		return err_set(err,
		    "on %s: a name of an interface has at most "
		    "%d bytes",
		    report_quote(q, name), IFNAMSIZ - 1);
	strcpy(w->interface, name);
	return 0;
}

static int
take_number(const char *word, const char *text, uint64_t min, uint64_t max,
    uint64_t *n, struct err *err)
{
	char q[REPORT_QUOTE_MAX];

	if (num_parse(n, text, min, max) != 0)
		return err_set(err, "%s %s: allowed is a number of %ju-%ju",
		    word, report_quote(q, text), (uintmax_t)min,
		    (uintmax_t)max);
	return 0;
}

static int
take_id(struct flowtext *f, const char *text, struct err *err)
{
	uint64_t n;

	if (f->protocol != IPPROTO_ICMP && f->protocol != IPPROTO_ICMPV6)
		return err_set(err, "id: only icmp and icmp6 have one");
	if (take_number("id", text, 0, UINT16_MAX, &n, err) == -1)
		return -1;
	f->has_id = true;
	f->id = (uint16_t)n;
	return 0;
}

static int
take_len(struct flowtext *f, const char *text, struct err *err)
{
	uint64_t n;

	if (take_number("len", text, LEN_MIN, FLOWTEXT_LEN_MAX, &n, err) == -1)
		return -1;
	f->len = (uint32_t)n;
	return 0;
}

/* f: NULL if only words of a way are allowed. */
static int
parse_options(struct flowtext *f, struct flowtext_way *w, char **v,
    struct err *err)
{
	char q[REPORT_QUOTE_MAX];
	int rc = 0;

	for (; *v != NULL && rc == 0; v++) {
		const char *word = *v;
		bool len = f != NULL && strcmp(word, "len") == 0;
		bool id = f != NULL && strcmp(word, "id") == 0;

		if (strcmp(word, "in") == 0 || strcmp(word, "out") == 0) {
			rc = take_direction(w, word, err);
			continue;
		}
		if (!len && !id && strcmp(word, "on") != 0)
			return err_set(err,
			    "%s is not understood: allowed are in, out, on "
			    "INTERFACE%s",
			    report_quote(q, word),
			    f == NULL ? "" : ", len BYTES, id NUMBER");
		if (*++v == NULL)
			return err_set(err,
			    "something is missing behind \"%s\"", word);
		rc = len ? take_len(f, *v, err) :
		    id	 ? take_id(f, *v, err) :
			   take_interface(w, *v, err);
	}
	return rc;
}

static int
check_families(const struct flowtext *f, struct err *err)
{
	if (f->src.family != f->dst.family)
		return err_set(err, "one address is IPv4, the other IPv6");
	if (f->protocol ==
	    (f->src.family == AF_INET ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return err_set(err, "icmp has IPv4 addresses, icmp6 IPv6 ones");
	return 0;
}

int
flowtext_parse(struct flowtext *f, const char *text, struct err *err)
{
	char q[REPORT_QUOTE_MAX];
	struct flowtext tmp = { 0 };
	struct words w;
	size_t arrow = 0;

	if (split(&w, text, err) == -1)
		return -1;
	while (arrow < w.n && strcmp(w.v[arrow], ">") != 0)
		arrow++;
	if (w.n > 0 && arrow == w.n)
		return err_set(err,
		    "there is no > in %s: quote the flow, or the shell takes "
		    "it for its own, as in " FLOWTEXT_EXAMPLE,
		    report_quote(q, text));
	if (arrow != 2 || w.n < 4)
		return err_set(err,
		    "%s is no flow: it is written as PROTOCOL SOURCE > "
		    "DESTINATION, as in " FLOWTEXT_EXAMPLE,
		    report_quote(q, text));
	if (parse_protocol(&tmp, w.v[0], err) == -1 ||
	    parse_end(&tmp, w.v[1], &tmp.src, &tmp.src_port, &tmp.has_src_port,
		err) == -1 ||
	    parse_end(&tmp, w.v[3], &tmp.dst, &tmp.dst_port, &tmp.has_dst_port,
		err) == -1 ||
	    check_families(&tmp, err) == -1 ||
	    parse_options(&tmp, &tmp.way, w.v + 4, err) == -1)
		return -1;
	*f = tmp;
	return 0;
}

int
flowtext_parse_way(struct flowtext_way *way, const char *text, struct err *err)
{
	struct flowtext_way tmp = { 0 };
	struct words w;

	if (split(&w, text, err) == -1 ||
	    parse_options(NULL, &tmp, w.v, err) == -1)
		return -1;
	*way = tmp;
	return 0;
}
