/* SPDX-License-Identifier: ISC */
/* Telling the service manager, as sd_notify(3) documents the datagram. */
#ifndef TM_NOTIFY_H
#define TM_NOTIFY_H

#include <stdint.h>

/* Sends "READY=1\n..." and the like to $NOTIFY_SOCKET; nothing without. */
void notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "RELOADING=1" with the time stamp that Type=notify-reload asks for. */
void notify_reloading(void);

/* Seconds between two WATCHDOG=1, half of what the manager allows; 0 = none
 * wanted. */
double notify_watchdog_interval(void);

#endif
