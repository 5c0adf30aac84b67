/* SPDX-License-Identifier: ISC */
/* Bars and curves of characters. */
#include "config.h"

#include <math.h>

#include "ctl/art.h"

#define STEPS 8 /* of a column */

void
art_bar(FILE *f, enum art art, double share, int width)
{
	static const char blocks[][4] = { " ", "▏", "▎", "▍", "▌", "▋", "▊",
		"▉", "█" };
	int steps = (int)(share * width * STEPS + 0.5);

	for (int i = 0; i < width; i++, steps -= STEPS) {
		int here = steps < 0 ? 0 : steps > STEPS ? STEPS : steps;

		if (art == ART_BLOCKS)
			fputs(blocks[here], f);
		else
			fputc(art == ART_ASCII && here > STEPS / 2 ? '#' : ' ',
			    f);
	}
}

/* Only what is 0, or not known, is on the ground. */
static int
level(double value, double max)
{
	int n;

	if (!(value > 0))
		return 0;
	n = 1 + (int)(value / max * (STEPS - 1));
	return n < STEPS ? n : STEPS - 1;
}

void
art_curve(FILE *f, enum art art, const double *values, size_t n, double max)
{
	static const char blocks[][4] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇",
		"█" };
	static const char ascii[] = "_.:-=+*#";

	for (size_t i = 0; i < n; i++) {
		int l = level(values[i], max);

		if (isnan(values[i]))
			fputc(' ', f);
		else if (art == ART_BLOCKS)
			fputs(blocks[l], f);
		else
			fputc(ascii[l], f);
	}
}
