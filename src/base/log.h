/* SPDX-License-Identifier: ISC */
/* Messages for the operator: syslog when detached, stderr otherwise. */
#ifndef TM_LOG_H
#define TM_LOG_H

#include <stdarg.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Where messages go. line has no newline. */
typedef void log_sink(enum log_level level, const char *line);

/* Until log_to_syslog or log_to is called, messages go to stderr. */
void log_to_stderr(void);

/* facility: a LOG_* value of syslog(3). */
void log_to_syslog(int facility);

/* Any other sink, for tests and fuzzers; NULL discards. */
void log_to(log_sink *sink);

/* Messages less severe than level are not shown. Default: info. */
void log_set_level(enum log_level level);

/* "subject: action: reason", lower case, no full stop, no newline.
 * log_warn adds ": " and the text of errno; all keep errno. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What a message tells programs: text, or if that is NULL the number. */
struct log_key {
	const char *name;
	const char *text;
	uintmax_t number;
};

#define LOG_TEXT(name, text)  \
	{                     \
		name, text, 0 \
	}
#define LOG_NUMBER(name, number)   \
	{                          \
		name, NULL, number \
	}

/* The keys of an event, after a word that stands for it whatever the wording
 * of the message is: LOG_KEYS("interface-up", LOG_TEXT("interface", name)). */
#define LOG_KEYS(event, ...)                                                \
	(const struct log_key[])                                            \
	{                                                                   \
		LOG_TEXT("event", event), __VA_ARGS__, LOG_TEXT(NULL, NULL) \
	}

/* A message with " name=value" of each key at its end, in quotes where it is
 * not one plain word. Other than the message the keys are never cut off but
 * as a whole. */
void log_event(enum log_level level, const struct log_key *keys,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
