/* SPDX-License-Identifier: ISC */
/* The words and signs of a configuration file. */
#include "config.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "conf/scan.h"

#define WORD_END " \t\r\n#\"'{}()=,"

/* The character n places on; NUL behind the end, which is no part of a
 * file that gets here. */
static char
peek(const struct scan *s, size_t n)
{
	return (char)(s->len - s->at > n ? s->text[s->at + n] : '\0');
}

static void
skip(struct scan *s, size_t n)
{
	while (n-- > 0 && s->at < s->len)
		if (s->text[s->at++] == '\n')
			s->line++;
}

void
scan_blank(struct scan *s, size_t start, size_t end, char with)
{
	for (size_t i = start; i < end; i++)
		if (s->text[i] != '\n')
			s->text[i] = with;
}

/* Returns false if the comment has no end. */
static bool
skip_comment(struct scan *s)
{
	size_t start = s->at;
	bool block = peek(s, 0) == '/' && peek(s, 1) == '*';

	if (block) {
		skip(s, 2);
		while (
		    s->at < s->len && !(peek(s, 0) == '*' && peek(s, 1) == '/'))
			skip(s, 1);
		if (s->at == s->len)
			return false;
		skip(s, 2);
	} else {
		while (s->at < s->len && peek(s, 0) != '\n')
			skip(s, 1);
	}
	scan_blank(s, start, s->at, ' ');
	return true;
}

/* Returns false at a comment without end. */
static bool
skip_space(struct scan *s)
{
	for (;;) {
		char c = peek(s, 0), next = peek(s, 1);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			skip(s, 1);
		else if (c != '#' && (c != '/' || (next != '/' && next != '*')))
			return true;
		else if (!skip_comment(s))
			return false;
	}
}

/* What follows the backslash must be something libconfuse reads, and not
 * as a NUL. Leaves s at the last character of the escape. */
static const char *
scan_escape(struct scan *s)
{
	unsigned value = 0;
	bool hex = peek(s, 0) == 'x';
	size_t n = 0;

	if (!hex && !isdigit((unsigned char)peek(s, 0)))
		return NULL;
	if (hex) {
		while (n < 2 && isxdigit((unsigned char)peek(s, n + 1)))
			value |= (unsigned char)peek(s, ++n) != '0';
	} else {
		for (; isdigit((unsigned char)peek(s, n)); n++)
			value = value > 0xff || peek(s, n) > '7' ?
			    0x100 :
			    value * 8 + (unsigned)(peek(s, n) - '0');
		if (n-- > 3)
			value = 0x100;
	}
	skip(s, n);
	return value == 0 || value > 0xff ?
	    "has an escape that stands for no character: "
	    "write \\x and two digits, not 00" :
	    NULL;
}

static void
scan_quoted(struct scan *s, struct scan_token *t)
{
	char quote = peek(s, 0), c;

	for (skip(s, 1); (c = peek(s, 0)) != quote; skip(s, 1)) {
		const char *fault = NULL;

		if (s->at == s->len) {
			t->kind = SCAN_FATAL;
			t->fault = "the closing quote is missing";
			return;
		}
		if (c == '\\') {
			skip(s, 1);
			if (quote == '"')
				fault = scan_escape(s);
		} else if (quote == '"' && c == '$' && peek(s, 1) == '{') {
			fault = "has a ${...}: environment variables are not "
				"read, write \\${ for the characters";
		}
		if (t->fault == NULL)
			t->fault = fault;
	}
	skip(s, 1);
}

/* How many characters there are before one of stop, or the end. */
static size_t
span_to(const struct scan *s, const char *stop)
{
	size_t n = 0;

	while (strchr(stop, peek(s, n)) == NULL)
		n++;
	return n;
}

static void
scan_bare(struct scan *s, struct scan_token *t)
{
	for (; s->at < s->len && strchr(WORD_END, peek(s, 0)) == NULL;
	     skip(s, 1)) {
		char c = peek(s, 0);

		if (c == '+' && peek(s, 1) == '=')
			break;
		if (c == '*' || c == '+')
			t->fault = c == '*' ?
			    "has an unquoted *: put the word in quotes" :
			    "has an unquoted +: put the word in quotes";
	}
	if (s->text[s->at - 1] == ';' && t->fault == NULL)
		t->fault = t->start == s->at - 1 ?
		    "is not allowed here: options end without one" :
		    "has a \";\": options end without one";
	if (peek(s, 0) == '{' && s->text[s->at - 1] == '$') {
		t->fault = "has a ${...}: environment variables are not read";
		skip(s, span_to(s, "}\n"));
		skip(s, peek(s, 0) == '}');
	}
}

void
scan_next(struct scan *s, struct scan_token *t)
{
	memset(t, 0, sizeof(*t));
	t->start = s->at;
	t->line = s->line;
	t->kind = SCAN_FATAL;
	t->fault = "the end of the comment is missing";
	if (skip_space(s)) {
		t->fault = NULL;
		t->start = s->at;
		t->line = s->line;
		t->kind = SCAN_WORD;
		if (s->at == s->len) {
			t->kind = SCAN_END;
		} else if (strchr("{}()=,", peek(s, 0)) != NULL) {
			t->kind = SCAN_SIGN;
			t->sign = peek(s, 0);
			skip(s, 1);
		} else if (peek(s, 0) == '+' && peek(s, 1) == '=') {
			t->kind = SCAN_APPEND;
			skip(s, 2);
		} else if (peek(s, 0) == '"' || peek(s, 0) == '\'') {
			scan_quoted(s, t);
		} else {
			scan_bare(s, t);
		}
	}
	t->end = s->at;
}
