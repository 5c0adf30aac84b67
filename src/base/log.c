/* SPDX-License-Identifier: ISC */
/* Messages for the operator: syslog when detached, stderr otherwise. */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/log.h"

#define LOG_MESSAGE_MAX 1024
#define LOG_LINE_MAX	2048 /* with the keys */

static const int syslog_priority[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARN] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static void
sink_stderr(enum log_level level, const char *line)
{
	static const char *const prefix[] = {
		[LOG_LEVEL_ERROR] = "error: ",
		[LOG_LEVEL_WARN] = "warning: ",
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "debug: ",
	};

	fprintf(stderr, "trafmirrord: %s%s\n", prefix[level], line);
}

static void
sink_syslog(enum log_level level, const char *line)
{
	syslog(syslog_priority[level], "%s", line);
}

static log_sink *log_out = sink_stderr;
static enum log_level log_max = LOG_LEVEL_INFO;

void
log_to_stderr(void)
{
	log_out = sink_stderr;
}

void
log_to_syslog(int facility)
{
	openlog("trafmirrord", LOG_PID | LOG_NDELAY, facility);
	log_out = sink_syslog;
}

void
log_to(log_sink *sink)
{
	log_out = sink;
}

void
log_set_level(enum log_level level)
{
	log_max = level;
}

static void __attribute__((format(printf, 3, 0)))
log_write(enum log_level level, int errnum, const char *fmt, va_list ap)
{
	int saved = errno;
	char line[LOG_MESSAGE_MAX];
	int n;

	if (level > log_max || log_out == NULL)
		return;
	n = vsnprintf(line, sizeof(line), fmt, ap);
	if (errnum != 0 && n >= 0 && (size_t)n < sizeof(line))
		snprintf(line + n, sizeof(line) - (size_t)n, ": %s",
		    strerror(errnum));
	log_out(level, line);
	errno = saved;
}

void
log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_ERROR, 0, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARN, errno, fmt, ap);
	va_end(ap);
}

void
log_warnx(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_WARN, 0, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_INFO, 0, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_write(LOG_LEVEL_DEBUG, 0, fmt, ap);
	va_end(ap);
}

/* ---- events -------------------------------------------------------------- */

struct line {
	char text[LOG_LINE_MAX];
	size_t len;
};

static void
line_add(struct line *l, char c)
{
	if (l->len < sizeof(l->text))
		l->text[l->len++] = c;
}

static void
line_add_text(struct line *l, const char *text)
{
	while (*text != '\0')
		line_add(l, *text++);
}

static void
line_add_value(struct line *l, const char *text)
{
	bool plain = text[0] != '\0' && strpbrk(text, " \"\\=") == NULL;

	if (plain) {
		line_add_text(l, text);
		return;
	}
	line_add(l, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			line_add(l, '\\');
		line_add(l, *text);
	}
	line_add(l, '"');
}

/* All of it, or nothing. */
static void
line_add_key(struct line *l, const struct log_key *key)
{
	size_t before = l->len;
	char number[24];

	snprintf(number, sizeof(number), "%ju", key->number);
	line_add(l, ' ');
	line_add_text(l, key->name);
	line_add(l, '=');
	line_add_value(l, key->text != NULL ? key->text : number);
	if (l->len == sizeof(l->text))
		l->len = before;
}

void
log_event(enum log_level level, const struct log_key *keys, const char *fmt,
    ...)
{
	int saved = errno;
	struct line l;
	va_list ap;

	if (level > log_max || log_out == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(l.text, LOG_MESSAGE_MAX, fmt, ap);
	va_end(ap);
	l.len = strlen(l.text);
	for (; keys->name != NULL; keys++)
		line_add_key(&l, keys);
	l.text[l.len] = '\0';
	log_out(level, l.text);
	errno = saved;
}
