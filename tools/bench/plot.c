// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Charts by gnuplot, one for each measure: lines where there are several sizes or counts,
 * else a row for each peer. Axes are logarithmic, names stand at what they name, and
 * colour only sets channels apart from what else there is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../tool.h"
#include "measure.h"
#include "plot.h"

#define MANY 300 /* times the lowest is the highest */

unsigned int plot_colour(const char *peer)
{
	if (strncmp(peer, "kchan-loan", 10) == 0)
		return COLOUR_LOAN;
	return strncmp(peer, "kchan", 5) == 0 ? COLOUR_COPY : COLOUR_OTHER;
}

static char *plot_count(uint64_t count)
{
	char digits[32], text[48], *to = text;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count), i;

	for (i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return xstrdup(text);
}

char *plot_number(double value)
{
	return value < 100 ? xprintf("%.1f", value) : plot_count(value + .5);
}

/* As 64 KiB. */
char *plot_size(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	size_t i = 0;

	for (; i + 1 < ARRAY_SIZE(units) && bytes && bytes % 1024 == 0; i++)
		bytes /= 1024;
	return xprintf("%" PRIu64 " %s", bytes, units[i]);
}

char *plot_x(const struct plot *plot, const struct row *row)
{
	return plot->by_count ? plot_count(row->count) : plot_size(row->size);
}

uint64_t plot_at(const struct plot *plot, const struct row *row)
{
	return plot->by_count ? row->count : row->size;
}

/* As 500, 20k, 1M. */
static void put_tic(FILE *out, double at)
{
	if (at < 1e3)
		fprintf(out, "'%g' %g, ", at, at);
	else if (at < 1e6)
		fprintf(out, "'%gk' %g, ", at / 1e3, at);
	else
		fprintf(out, "'%gM' %g, ", at / 1e6, at);
}

/* At 1, 2 and 5 of each power of ten if these are few: gnuplot knows only powers. */
void plot_tics(const struct plot *plot, char axis, double low, double high)
{
	bool few = high < low * MANY;
	double power;

	fprintf(plot->out, "set %ctics nomirror (", axis);
	for (power = 1; power <= high; power *= 10) {
		put_tic(plot->out, power);
		if (few) {
			put_tic(plot->out, 2 * power);
			put_tic(plot->out, 5 * power);
		}
	}
	fprintf(plot->out, "'' %g)\n", power);
}

/* In a string of gnuplot; our own names have nothing that it takes for its own. */
static void put_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc(*text, out);
	}
	fputc('\'', out);
}

static void put_output(const struct plot *plot, const char *dir,
		       const char *terminal, const char *ending)
{
	char *name = xprintf("%s/%s.%s", dir, plot->measure->name, ending);

	fprintf(plot->out,
		"reset\nset terminal %s noenhanced size %d,%d font 'DejaVu Sans,12' background rgb 'white'\n"
		"set output ",
		terminal, PLOT_WIDTH, plot->height);
	put_quoted(plot->out, name);
	fputc('\n', plot->out);
	free(name);
}

/* Two lines at the top: what is measured, and what the numbers are. */
static void put_title(const struct plot *plot)
{
	const struct row *row = plot->rows[0];
	char *of = plot->lines ? NULL : plot_x(plot, row);

	fprintf(plot->out,
		"set label 1 '%s: %s' at screen 0.02, screen 1 offset 0, -1.2 font ',15'\n"
		"set label 2 '%s for each %s%s%s%s; Linux %s; less is better' "
		"at screen 0.02, screen 1 offset 0, -2.6 textcolor rgb '#555555'\n",
		plot->measure->name, plot->measure->what, row->unit,
		plot->measure->each, of ? ", " : "", of ? of : "",
		of && plot->by_count ? " of them" : "", row->kernel);
	free(of);
}

static bool has_value(const struct row *row, const struct measure *m)
{
	return row->value > 0 && strcmp(row->measure, m->name) == 0;
}

/* The rows of a measure, as many as have a value. */
static void collect(struct plot *plot, const struct rows *rows)
{
	size_t i;

	plot->count = 0;
	plot->by_count = plot->measure->counts[USUAL];
	plot->lines = false;
	for (i = 0; i < rows->count; i++) {
		if (has_value(&rows->list[i], plot->measure))
			plot->rows[plot->count++] = &rows->list[i];
	}
	for (i = 1; i < plot->count; i++)
		plot->lines |= plot_at(plot, plot->rows[i]) !=
			       plot_at(plot, plot->rows[0]);
}

static void draw(struct plot *plot, const char *dir)
{
	static const char *const formats[][2] = { { "svg", "svg" },
						  { "pngcairo", "png" } };
	size_t i;

	plot->height = plot->lines ? LINES_HEIGHT : DOTS_HEIGHT(plot->count);
	for (i = 0; i < ARRAY_SIZE(formats); i++) {
		put_output(plot, dir, formats[i][0], formats[i][1]);
		put_title(plot);
		if (plot->lines)
			plot_lines(plot);
		else
			plot_dots(plot);
		fputs("unset output\n", plot->out);
	}
}

int plot_check(const char *dir)
{
	char *const argv[] = { "gnuplot", "--version", NULL };
	posix_spawn_file_actions_t actions;
	int err, status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	err = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err || waitpid(pid, &status, 0) != pid || status)
		return report("--plot",
			      "gnuplot is not installed (gnuplot-nox)");
	if (mkdir(dir, 0777) && errno != EEXIST)
		return report_error(dir, -errno);
	return EXIT_SUCCESS;
}

int rows_plot(const struct rows *rows, const char *dir)
{
	struct plot plot = {
		.out = popen("gnuplot", "we"),
		.rows = xrealloc(NULL, rows->count * sizeof(*plot.rows)),
	};

	if (!plot.out)
		return report_error("--plot", -errno);
	for (plot.measure = measures; plot.measure->name; plot.measure++) {
		collect(&plot, rows);
		if (plot.count)
			draw(&plot, dir);
	}
	free(plot.rows);
	if (pclose(plot.out))
		return report("--plot", "gnuplot failed");
	return EXIT_SUCCESS;
}
