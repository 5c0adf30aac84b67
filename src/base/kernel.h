/* SPDX-License-Identifier: ISC */
/* Which kernel this is, for what cannot be found out by trying. */
#ifndef TM_KERNEL_H
#define TM_KERNEL_H

#include <stdbool.h>

/* Whether this is a Linux before major.minor; false if it cannot be told. */
bool kernel_is_before(unsigned major, unsigned minor);

#endif
