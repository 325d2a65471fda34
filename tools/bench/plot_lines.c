// SPDX-License-Identifier: GPL-2.0-or-later
/* A line for each peer, with its name where it ends. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../tool.h"
#include "plot.h"

#define LABEL_PART 0.031 /* of the height: what a name takes */
#define LINES_MAX 64

/**
 * struct line - a line
 * @peer: whose
 * @x: where it ends
 * @y: likewise
 * @label: where its name is; as logarithm
 */
struct line {
	const char *peer;
	uint64_t x;
	double y;
	double label;
};

/* By where they end, from left to right, and from below. */
static int compare(const void *a, const void *b)
{
	const struct line *m = a, *n = b;

	if (m->x != n->x)
		return m->x < n->x ? -1 : 1;
	return (m->y > n->y) - (m->y < n->y);
}

static size_t find_lines(const struct plot *plot, struct line *lines)
{
	size_t i, j, count = 0;

	for (i = 0; i < plot->count; i++) {
		const struct row *row = plot->rows[i];

		for (j = 0; j < count; j++) {
			if (strcmp(lines[j].peer, row->peer) == 0)
				break;
		}
		if (j == count)
			lines[count++] = (struct line){ .peer = row->peer };
		if (plot_at(plot, row) >= lines[j].x) {
			lines[j].x = plot_at(plot, row);
			lines[j].y = row->value;
		}
	}
	qsort(lines, count, sizeof(*lines), compare);
	return count;
}

/*
 * Names of lines that end at the same place must not hide each other: they are a @step
 * apart at least, and as near to their lines as that allows. Without the steps between
 * them they need only be in order; those that are not share the middle of all of them.
 */
static void place_labels(struct line *lines, size_t count, double step)
{
	struct {
		double sum;
		size_t count;
	} heaps[LINES_MAX], *last = heaps;
	size_t i, j;

	for (i = 0; i < count; i++, last++) {
		last->sum = log10(lines[i].y) - i * step;
		last->count = 1;
		while (last > heaps && last[-1].sum / last[-1].count >
					       last->sum / last->count) {
			last--;
			last->sum += last[1].sum;
			last->count += last[1].count;
		}
	}
	for (i = 0, last = heaps; i < count; i += last->count, last++) {
		for (j = i; j < i + last->count; j++)
			lines[j].label = last->sum / last->count + j * step;
	}
}

static void place_all(struct line *lines, size_t count, double step)
{
	size_t i, first = 0;

	for (i = 1; i <= count; i++) {
		if (i < count && lines[i].x == lines[first].x)
			continue;
		place_labels(lines + first, i - first, step);
		first = i;
	}
}

/* Marks at what there is, and only at that. */
static void put_xtics(const struct plot *plot)
{
	uint64_t last = 0;
	char *text;
	size_t i;

	fputs("set xtics nomirror (", plot->out);
	for (i = 0; i < plot->count; i++) {
		if (plot_at(plot, plot->rows[i]) <= last)
			continue;
		text = plot_x(plot, plot->rows[i]);
		fprintf(plot->out, "%s'%s' %" PRIu64, last ? ", " : "", text,
			plot_at(plot, plot->rows[i]));
		last = plot_at(plot, plot->rows[i]);
		free(text);
	}
	fputs(")\n", plot->out);
}

static const char *x_label(const struct plot *plot)
{
	if (!plot->by_count)
		return "payload";
	return plot->measure->links ? "queued messages" : "objects";
}

static void put_axes(const struct plot *plot, double low, double high)
{
	plot_tics(plot, 'y', low, high);
	fprintf(plot->out,
		"set logscale xy\nset xrange [%g:]\nset yrange [%g:%g]\n"
		"set ylabel '%s' textcolor rgb '#555555'\nset xlabel '%s' textcolor rgb '#555555'\n"
		"set grid ytics xtics lc rgb '#dddddd' lt 1\n"
		"set border 3 lc rgb '#555555'\nunset key\n"
		"set rmargin 30\nset tmargin 5\n"
		"set style textbox opaque noborder margins 0.3, 0.3\n",
		plot_at(plot, plot->rows[0]) / 1.3, low, high,
		plot->rows[0]->unit, x_label(plot));
}

/* The name, with a thin line to where it belongs; at the right there is room for more. */
static void put_label(FILE *out, const struct line *line, bool right)
{
	double label = pow(10, line->label);
	char *value = right ? plot_number(line->y) : NULL;

	fprintf(out,
		"set arrow from %" PRIu64 ",%g to %" PRIu64
		",%g nohead lc rgb '#bbbbbb'\n"
		"set label '%s%s%s' at %" PRIu64
		",%g left offset 0.3,0 front boxed textcolor rgb %u\n",
		line->x, line->y, line->x * 5 / 4, label, line->peer,
		value ? "  " : "", value ? value : "", line->x * 5 / 4, label,
		plot_colour(line->peer));
	free(value);
}

static void put_line(const struct plot *plot, const char *peer, size_t number)
{
	size_t i;

	fprintf(plot->out, "$line%zu << END\n", number);
	for (i = 0; i < plot->count; i++) {
		if (strcmp(plot->rows[i]->peer, peer) == 0)
			fprintf(plot->out, "%" PRIu64 " %g\n",
				plot_at(plot, plot->rows[i]),
				plot->rows[i]->value);
	}
	fputs("END\n", plot->out);
}

void plot_lines(const struct plot *plot)
{
	double low = plot->rows[0]->value, high = low;
	struct line lines[LINES_MAX];
	size_t count, i;

	for (i = 0; i < plot->count; i++) {
		low = fmin(low, plot->rows[i]->value);
		high = fmax(high, plot->rows[i]->value);
	}
	low /= 1.3;
	high *= 1.3;
	count = find_lines(plot, lines);
	place_all(lines, count, LABEL_PART * log10(high / low));
	put_xtics(plot);
	put_axes(plot, low, high);
	for (i = 0; i < count; i++) {
		put_label(plot->out, &lines[i],
			  lines[i].x == lines[count - 1].x);
		put_line(plot, lines[i].peer, i);
	}
	for (i = 0; i < count; i++)
		fprintf(plot->out,
			"%s$line%zu with linespoints pt %zu ps 0.7 lw %d lc rgb %u",
			i ? ", " : "plot ", i, 5 + i % 9,
			plot_colour(lines[i].peer) == COLOUR_OTHER ? 1 : 2,
			plot_colour(lines[i].peer));
	fputc('\n', plot->out);
}
