/* SPDX-License-Identifier: ISC */
/* Bars and curves of characters. */
#ifndef TM_ART_H
#define TM_ART_H

#include <stddef.h>
#include <stdio.h>

/* What they are made of. */
enum art { ART_NONE, ART_ASCII, ART_BLOCKS };

/* A bar of the share, 0-1, of width columns. Blanks if there is no art. */
void art_bar(FILE *f, enum art art, double share, int width);

/* A column for each of n values, the highest of which is max; NAN is a gap. */
void art_curve(FILE *f, enum art art, const double *values, size_t n,
    double max);

#endif
