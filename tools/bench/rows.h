/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kchan bench gives: shown, kept, read again, compared, drawn. */
#ifndef KCHAN_BENCH_ROWS_H
#define KCHAN_BENCH_ROWS_H

#include <stdint.h>
#include <stdio.h>

#include "../table.h"

/* Percentiles of round trips. */
enum { P50, P99, P999, P100, PERCENTILES };

/**
 * struct row - a result
 * @measure: name of the measure
 * @peer: name of the peer
 * @size: bytes of a message; 0: there is none
 * @count: messages that are queued, or objects; 0: does not count
 * @value: what it costs, or takes; negative: not known, see @note
 * @unit: of the value: ns, instructions, bytes
 * @spread: how far passes lie apart, in percent; negative: not known
 * @trips: percentiles; 0: there are none
 * @base: the value that the row is compared with; negative: there is none
 * @kernel: where it was measured
 * @note: why there is no value; else NULL
 */
struct row {
	char *measure;
	char *peer;
	uint64_t size;
	uint64_t count;
	double value;
	char *unit;
	double spread;
	uint64_t trips[PERCENTILES];
	double base;
	char *kernel;
	char *note;
};

struct rows {
	struct row *list;
	size_t count;
};

extern const struct columns row_columns;

/* Takes what is in @row. Return: where it is now, until the next is added. */
struct row *rows_add(struct rows *rows, const struct row *row);
void row_free(struct row *row);
void rows_free(struct rows *rows);

/* As --json writes them, one on a line. */
void row_print_json(const struct row *row);
/* Reads those of a file. Return: exit status, with a line where it is not 0. */
int rows_read(struct rows *rows, const char *name);

#define PRECISION 3 /* percent: less is no difference */

/* Finds its @base. */
void row_compare(struct row *row, const struct rows *base);
/* Does it cost more than it did, and repeat well enough to say so? */
bool row_is_worse(const struct row *row, const struct rows *base);

/* Charts, as SVG and PNG. Return: exit status, with a line where it is not 0. */
int rows_plot(const struct rows *rows, const char *dir);
/* Is there what draws them? Likewise. */
int plot_check(const char *dir);

#endif /* KCHAN_BENCH_ROWS_H */
