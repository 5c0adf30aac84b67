/* SPDX-License-Identifier: ISC */
/* The grammar: finds what libconfuse would stop at, or pass over. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/report.h"
#include "conf/scan.h"
#include "conf/schema.h"
#include "conf/syntax.h"

#define WHERE_MAX 512 /* as SECTION_WHERE_MAX */

/* One section that is being read; up is the one it stands in. */
struct block {
	const struct block *up;
	const struct schema *schema;
	struct conf_pos *seen; /* by the option's place in the schema */
	unsigned line;	       /* where it begins */
	unsigned indent;       /* of that line */
	char where[WHERE_MAX]; /* "mirror "a": rule "b": " */
};

struct walk {
	struct scan scan;
	struct scan_token tok;
	struct syntax *syntax;
	size_t statement;   /* where the one being read begins */
	unsigned depth;	    /* sections that are open */
	unsigned unclosed;  /* line of a section with another's }, or 0 */
	const char *option; /* being read, for messages, or NULL */
	bool tainted;	    /* the statement is wrong and must be cut out */
};

/* Functions that return bool return false when nothing more can be read. */

static void complain(struct walk *w, const struct block *b, unsigned line,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static void
complain(struct walk *w, const struct block *b, unsigned line, const char *fmt,
    ...)
{
	struct conf_pos pos = { w->syntax->file, line };
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	va_end(ap);
	conf_report_error(w->syntax->report, &pos, "%s%s%s%s", b->where,
	    w->option == NULL ? "" : w->option, w->option == NULL ? "" : ": ",
	    text == NULL ? "out of memory" : text);
	free(text);
	w->tainted = true;
}

/* The token as it is written, in quotes. */
static const char *
quote_token(const struct walk *w, char buf[static REPORT_QUOTE_MAX])
{
	const struct scan_token *t = &w->tok;
	size_t start = t->start, n = t->end - t->start;
	char text[REPORT_QUOTE_MAX];
	char c = w->scan.text[start];

	if (t->kind == SCAN_WORD && (c == '"' || c == '\'')) {
		start++;
		n -= 2;
	}
	snprintf(text, sizeof(text), "%.*s",
	    n < sizeof(text) ? (int)n : (int)sizeof(text) - 1,
	    w->scan.text + start);
	return report_quote(buf, text);
}

static bool
advance(struct walk *w, const struct block *b)
{
	char q[REPORT_QUOTE_MAX];

	scan_next(&w->scan, &w->tok);
	if (w->tok.kind == SCAN_FATAL) {
		complain(w, b, w->tok.line, "%s", w->tok.fault);
		return false;
	}
	if (w->tok.fault != NULL)
		complain(w, b, w->tok.line, "%s %s", quote_token(w, q),
		    w->tok.fault);
	return true;
}

static bool
is_sign(const struct walk *w, char sign)
{
	return w->tok.kind == SCAN_SIGN && w->tok.sign == sign;
}

/* The column of the token that begins a line, or of what does. Sets *first to
 * whether it is the token. */
static unsigned
indent_of(const struct walk *w, const struct scan_token *t, bool *first)
{
	const char *text = w->scan.text;
	size_t at = t->start;
	unsigned column = 0;

	while (at > 0 && text[at - 1] != '\n')
		at--;
	for (; at < t->start && (text[at] == ' ' || text[at] == '\t'); at++)
		column += text[at] == '\t' ? 8 - column % 8 : 1;
	*first = at == t->start;
	return column;
}

/* A } below the beginning of the section around was most likely meant for
 * that one. */
static void
note_closing(struct walk *w, const struct block *b)
{
	bool first;
	unsigned indent = indent_of(w, &w->tok, &first);

	if (b->up->up == NULL)
		w->unclosed = 0;
	else if (w->unclosed == 0 && first && indent < b->indent &&
	    indent == b->up->indent)
		w->unclosed = b->line;
}

/* Where the section begins that has no }. */
static unsigned
unclosed_line(const struct walk *w, const struct block *b)
{
	return w->unclosed != 0 ? w->unclosed : b->line;
}

/* Always false: where the token is wrong, nothing behind it is right. */
static bool
unexpected(struct walk *w, const struct block *b, const char *expected)
{
	char q[REPORT_QUOTE_MAX];

	if (w->tok.kind == SCAN_END && w->depth > 0)
		complain(w, b, w->tok.line,
		    "the file ends in the section "
		    "that begins in line %u: a \"}\" is missing",
		    unclosed_line(w, b));
	else if (w->tok.kind == SCAN_END)
		complain(w, b, w->tok.line,
		    "the file ends where %s is "
		    "expected",
		    expected);
	else
		complain(w, b, w->tok.line, "%s is not allowed here (%s)%s",
		    quote_token(w, q), expected,
		    is_sign(w, '=') ? "; words with a = in them need quotes" :
				      "");
	return false;
}

/* Reads on behind the sign that closes what was just opened. */
static bool
skip_to(struct walk *w, const struct block *b, char open, char close)
{
	for (unsigned depth = 1; depth > 0;) {
		if (!advance(w, b))
			return false;
		if (w->tok.kind == SCAN_END)
			return unexpected(w, b, "the end of the statement");
		if (is_sign(w, open))
			depth++;
		if (is_sign(w, close))
			depth--;
	}
	return true;
}

/* NAME = WORD, NAME = { ... }, NAME(...), NAME { ... }, NAME WORD { ... } */
static bool
skip_unknown(struct walk *w, const struct block *b)
{
	if (!advance(w, b))
		return false;
	if (is_sign(w, '('))
		return skip_to(w, b, '(', ')');
	if (is_sign(w, '=') || w->tok.kind == SCAN_APPEND) {
		if (!advance(w, b))
			return false;
		if (w->tok.kind == SCAN_WORD)
			return true;
	} else if (w->tok.kind == SCAN_WORD && !advance(w, b)) {
		return false;
	}
	if (!is_sign(w, '{'))
		return unexpected(w, b, "a value or a section");
	/* Perhaps a misspelt target, whose name would be missed. */
	w->syntax->incomplete |= b->up == NULL;
	return skip_to(w, b, '{', '}');
}

/* Whether the next token says that a value follows, not a section. */
static bool
is_assigned(const struct walk *w)
{
	struct scan ahead = w->scan;
	struct scan_token t;

	scan_next(&ahead, &t);
	return t.kind == SCAN_APPEND || (t.kind == SCAN_SIGN && t.sign == '=');
}

static bool
is_section_around(const struct block *b, const char *name, size_t len)
{
	for (b = b->up; b != NULL; b = b->up) {
		const struct schema_option *o = schema_find(b->schema, name,
		    len);

		if (o != NULL && o->type == SCHEMA_SECTION)
			return true;
	}
	return false;
}

static bool
unknown_option(struct walk *w, const struct block *b, const char *name,
    size_t len)
{
	const struct schema_option *near = schema_nearest(b->schema, name, len);
	char q[REPORT_QUOTE_MAX], known[512] = "";
	size_t n = 0;

	quote_token(w, q);
	if (is_section_around(b, name, len) && !is_assigned(w)) {
		complain(w, b, w->tok.line,
		    "%s cannot stand in the section "
		    "that begins in line %u: a \"}\" is missing before it",
		    q, unclosed_line(w, b));
		return false;
	}
	for (size_t i = 0; i < b->schema->n; i++)
		n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s",
		    n == 0 ? "" : ", ", b->schema->options[i].name);
	complain(w, b, w->tok.line, "unknown option %s%s%s%s (%s)", q,
	    near == NULL ? "" : ": did you mean \"",
	    near == NULL ? "" : near->name, near == NULL ? "" : "\"?", known);
	return skip_unknown(w, b);
}

/* Reads what follows the { of a list; *n becomes how many values it has. */
static bool
list(struct walk *w, const struct block *b, size_t *n)
{
	char q[REPORT_QUOTE_MAX];

	for (*n = 1;; ++*n) {
		if (!advance(w, b))
			return false;
		if (is_sign(w, '}')) {
			--*n;
			return true;
		}
		if (w->tok.kind != SCAN_WORD)
			return unexpected(w, b, "a value or \"}\"");
		quote_token(w, q);
		if (!advance(w, b))
			return false;
		if (is_sign(w, '}'))
			return true;
		if (is_sign(w, '=')) {
			complain(w, b, w->tok.line,
			    "%s is followed by a =: words with a = in them "
			    "need quotes",
			    q);
			return skip_to(w, b, '{', '}');
		}
		if (!is_sign(w, ','))
			return unexpected(w, b, "\",\" or \"}\"");
	}
}

/* Whether the token could be more of an unquoted expression in that line. */
static bool
continues(const struct scan_token *t, unsigned line)
{
	return t->line == line && t->kind != SCAN_END &&
	    t->kind != SCAN_FATAL && (t->kind != SCAN_SIGN || t->sign != '}');
}

/* The token is the first word of an expression without quotes. Where more
 * stands behind it, and not an option, reads on to the end of the line. */
static void
expression(struct walk *w, const struct block *b)
{
	struct scan ahead = w->scan;
	unsigned line = w->tok.line;
	struct scan_token t;
	char q[REPORT_QUOTE_MAX];

	scan_next(&ahead, &t);
	if (!continues(&t, line) ||
	    schema_find(b->schema, ahead.text + t.start, t.end - t.start))
		return;
	w->tok = t;
	complain(w, b, line,
	    "%s is not allowed here: put the whole expression in quotes",
	    quote_token(w, q));
	while (continues(&t, line)) {
		w->scan = ahead;
		scan_next(&ahead, &t);
	}
}

static bool
value(struct walk *w, const struct block *b, const struct schema_option *o)
{
	unsigned line = w->tok.line;
	bool quoted = o->type != SCHEMA_EXPRESSION;
	size_t n;

	if (!advance(w, b))
		return false;
	if (w->tok.kind == SCAN_WORD) {
		quoted |= strchr("\"'", w->scan.text[w->tok.start]) != NULL;
		if (!quoted)
			expression(w, b);
		return true;
	}
	if (!is_sign(w, '{'))
		return unexpected(w, b,
		    quoted ? "a value" : "an expression in quotes");
	if (!schema_is_list(o)) {
		complain(w, b, w->tok.line, "takes one value, not a list");
		return skip_to(w, b, '{', '}');
	}
	if (!list(w, b, &n))
		return false;
	if (n == 0 && o->type != SCHEMA_TAGS && o->type != SCHEMA_RUNGS)
		complain(w, b, line, "the list is empty");
	return true;
}

static bool
assignment(struct walk *w, const struct block *b, const struct schema_option *o)
{
	struct conf_pos *seen = &b->seen[o - b->schema->options];
	struct conf_pos pos = { w->syntax->file, w->tok.line };

	if (!advance(w, b))
		return false;
	if (w->tok.kind == SCAN_APPEND) {
		if (!schema_is_list(o))
			complain(w, b, pos.line,
			    "takes one value, which += "
			    "cannot add to");
	} else if (!is_sign(w, '=')) {
		return unexpected(w, b,
		    schema_is_list(o) ? "\"=\" or \"+=\"" : "\"=\"");
	} else if (seen->file != NULL) {
		complain(w, b, pos.line, "already set in %s:%u", seen->file,
		    seen->line);
	}
	if (seen->file == NULL)
		*seen = pos;
	return value(w, b, o);
}

/* include("pattern") */
static bool
call(struct walk *w, const struct block *b)
{
	if (!advance(w, b))
		return false;
	if (!is_sign(w, '('))
		return unexpected(w, b, "include(\"FILE\")");
	if (!advance(w, b))
		return false;
	if (w->tok.kind != SCAN_WORD)
		return unexpected(w, b, "a file name or pattern");
	if (!advance(w, b))
		return false;
	return is_sign(w, ')') || unexpected(w, b, "\")\"");
}

static bool statement(struct walk *w, const struct block *b);

static void
check_required(struct walk *w, const struct block *b)
{
	for (size_t i = 0; i < b->schema->n; i++)
		if (b->schema->options[i].required && b->seen[i].file == NULL)
			complain(w, b, b->line, "%s is missing",
			    b->schema->options[i].name);
}

/* Reads statements up to the end of the section or file. */
static bool
body(struct walk *w, const struct block *b)
{
	for (;;) {
		w->statement = w->scan.at;
		w->tainted = false;
		if (!advance(w, b))
			return false;
		if (w->tok.kind == SCAN_END && b->up == NULL)
			return true;
		if (is_sign(w, '}') && b->up != NULL) {
			note_closing(w, b);
			return true;
		}
		if (w->tok.kind != SCAN_WORD)
			return unexpected(w, b,
			    b->up == NULL ? "an option" : "an option or \"}\"");
		if (!statement(w, b))
			return false;
	}
}

/* Reads TITLE { ... }. */
static bool
section(struct walk *w, const struct block *b, const struct schema_option *o)
{
	struct conf_pos seen[SCHEMA_OPTIONS_MAX] = { { NULL, 0 } };
	struct block inner = { .up = b,
		.schema = o->section,
		.seen = seen,
		.line = w->tok.line };
	char q[REPORT_QUOTE_MAX];
	bool done, first;

	inner.indent = indent_of(w, &w->tok, &first);
	if (!advance(w, b))
		return false;
	if (is_sign(w, '{')) {
		complain(w, b, w->tok.line, "%s has no name (%s NAME { ... })",
		    o->name, o->name);
		w->syntax->incomplete = true;
		return skip_to(w, b, '{', '}');
	}
	if (w->tok.kind != SCAN_WORD)
		return unexpected(w, b, "a name");
	/* The section is read for the errors in it, whatever its name. */
	if (w->tok.fault != NULL) {
		scan_blank(&w->scan, w->tok.start, w->tok.end, '_');
		w->syntax->incomplete = true;
	}
	snprintf(inner.where, sizeof(inner.where), "%.200s%.20s %s: ", b->where,
	    o->name, quote_token(w, q));
	if (!advance(w, b))
		return false;
	if (!is_sign(w, '{'))
		return unexpected(w, b, "\"{\"");
	w->depth++;
	done = body(w, &inner);
	if (!done)
		return false;
	check_required(w, &inner);
	w->depth--;
	w->tainted = false;
	return true;
}

static bool
statement(struct walk *w, const struct block *b)
{
	const struct scan_token *t = &w->tok;
	size_t start = t->start, at = t->start, len = t->end - t->start;
	const struct schema_option *o;
	char c = w->scan.text[at];
	bool more;

	if (c == '"' || c == '\'') {
		at++;
		len -= 2;
	}
	o = schema_find(b->schema, w->scan.text + at, len);
	if (o != NULL && o->type != SCHEMA_SECTION)
		w->option = o->name;
	if (c == ';' && w->tainted)
		more = true; /* advance has said all there is to say */
	else if (o == NULL)
		more = unknown_option(w, b, w->scan.text + at, len);
	else if (o->type == SCHEMA_SECTION)
		more = section(w, b, o);
	else if (o->type == SCHEMA_INCLUDE)
		more = call(w, b);
	else
		more = assignment(w, b, o);
	w->option = NULL;
	if (more && w->tainted)
		scan_blank(&w->scan, start, w->scan.at, ' ');
	return more;
}

/* Cuts the text at the broken statement and closes what is open. */
static void
cut(struct walk *w)
{
	struct syntax *s = w->syntax;

	scan_blank(&w->scan, w->statement, s->len, ' ');
	while (w->depth-- > 0)
		s->text[s->len++] = '}';
	s->incomplete = true;
}

void
syntax_check(struct syntax *s)
{
	struct walk w = { .scan = { s->text, s->len, 0, 1 }, .syntax = s };
	struct block top = { .schema = &schema_root, .seen = s->seen };

	s->incomplete = false;
	if (s->len >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0)
		memset(s->text, ' ', 3); /* byte order mark */
	if (!body(&w, &top))
		cut(&w);
	s->text[s->len++] = '\n';
}
