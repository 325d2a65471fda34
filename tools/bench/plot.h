/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What charts share. Functions that return text return memory to be freed. */
#ifndef KCHAN_BENCH_PLOT_H
#define KCHAN_BENCH_PLOT_H

#include <stdint.h>
#include <stdio.h>

#include "measure.h"
#include "rows.h"

#define PLOT_WIDTH 1000 /* pixels; likewise the next two */
#define LINES_HEIGHT 680
#define DOTS_HEIGHT(rows) (130 + 26 * (int)(rows))

/**
 * struct plot - a chart
 * @out: gnuplot's input
 * @measure: what is shown
 * @rows: of it, those that have a value
 * @count: how many
 * @by_count: goes by the count, not by the size
 * @lines: has lines, as there are several sizes or counts
 * @height: in pixels
 */
struct plot {
	FILE *out;
	const struct measure *measure;
	const struct row **rows;
	size_t count;
	bool by_count;
	bool lines;
	int height;
};

/* Colours that all can tell apart, after Okabe and Ito. */
#define COLOUR_COPY 0xd55e00
#define COLOUR_LOAN 0x0072b2
#define COLOUR_OTHER 0x777777

unsigned int plot_colour(const char *peer);
/* As 1,234,567. */
char *plot_number(double value);
/* As 64 KiB. */
char *plot_size(uint64_t bytes);
/* Where a row is, and how that is written. */
uint64_t plot_at(const struct plot *plot, const struct row *row);
char *plot_x(const struct plot *plot, const struct row *row);
/* Marks of a logarithmic axis, @axis being x or y. */
void plot_tics(const struct plot *plot, char axis, double low, double high);

void plot_lines(const struct plot *plot);
void plot_dots(const struct plot *plot);

#endif /* KCHAN_BENCH_PLOT_H */
