/* SPDX-License-Identifier: ISC */
/* The effective configuration in canonical form. */
#ifndef TM_PRINT_H
#define TM_PRINT_H

#include <stdio.h>

struct conf;

/* Writes every option with its effective value. Reading that text gives the
 * same configuration, and printing it again the same text. */
void conf_print(const struct conf *c, FILE *f);

#endif
