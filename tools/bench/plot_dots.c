// SPDX-License-Identifier: GPL-2.0-or-later
/* A row for each peer, the best at the top, and in it a dot where its value is. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../tool.h"
#include "plot.h"

static int compare(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a;
	const struct row *y = *(const struct row *const *)b;

	return (x->value > y->value) - (x->value < y->value);
}

/* For each: name, place, value, that as text, percentiles, colour. */
static void put_data(const struct plot *plot)
{
	char *text;
	size_t i;

	fputs("$data << END\n", plot->out);
	for (i = 0; i < plot->count; i++) {
		const struct row *row = plot->rows[i];

		text = plot_number(row->value);
		fprintf(plot->out, "%s %zu %g %s %g %g %g %u\n", row->peer,
			i + 1, row->value, text, (double)row->trips[P99],
			(double)row->trips[P999], (double)row->trips[P100],
			plot_colour(row->peer));
		free(text);
	}
	fputs("END\n", plot->out);
}

/* With room for the numbers. */
static void put_axes(const struct plot *plot)
{
	double low = plot->rows[0]->value, high = 0;
	size_t i;

	for (i = 0; i < plot->count; i++) {
		const struct row *row = plot->rows[i];

		if (row->value > high)
			high = row->value;
		if (row->trips[P100] > high)
			high = row->trips[P100];
	}
	low /= plot->measure->percentiles ? 3 : 1.5;
	high *= 1.5;
	plot_tics(plot, 'x', low, high);
	fprintf(plot->out,
		"low = %g\nset xrange [low:%g]\nset yrange [%zu.6:0.4]\n"
		"set logscale x\nset xlabel '%s'\n"
		"set grid xtics lc rgb '#dddddd' lt 1\n"
		"set border 1 lc rgb '#555555'\nunset ytics\n"
		"set lmargin 20\nset rmargin 6\nset tmargin 5\nunset key\n",
		low, high, plot->count, plot->rows[0]->unit);
}

static void put_percentiles(const struct plot *plot)
{
	fputs("set key at graph 1, graph 1 right bottom horizontal samplen 0.5\n"
	      "plot $data using 3:2:($7-$3):(0) with vectors nohead lc rgb '#bbbbbb' lw 2 notitle, \\\n"
	      " '' using 3:2:8 with points pt 7 ps 1.3 lc rgb variable title 'value', \\\n"
	      " '' using 5:2:8 with points pt 9 ps 1.1 lc rgb variable title '99%', \\\n"
	      " '' using 6:2:8 with points pt 13 ps 1.1 lc rgb variable title '99.9%', \\\n"
	      " '' using 7:2:8 with points pt 2 ps 0.8 lc rgb variable title 'longest', \\\n"
	      " '' using 3:2:4:8 with labels right offset -1,0 textcolor rgb variable notitle, \\\n"
	      " '' using (low):2:1:8 with labels right offset -1,0 textcolor rgb variable notitle\n",
	      plot->out);
}

void plot_dots(const struct plot *plot)
{
	qsort(plot->rows, plot->count, sizeof(*plot->rows), compare);
	put_data(plot);
	put_axes(plot);
	if (plot->measure->percentiles) {
		put_percentiles(plot);
		return;
	}
	fputs("plot $data using (low):2:($3-low):(0) with vectors nohead lc rgb '#dddddd' lw 2, \\\n"
	      " '' using 3:2:8 with points pt 7 ps 1.3 lc rgb variable, \\\n"
	      " '' using 3:2:4:8 with labels left offset 1,0 textcolor rgb variable, \\\n"
	      " '' using (low):2:1:8 with labels right offset -1,0 textcolor rgb variable\n",
	      plot->out);
}
