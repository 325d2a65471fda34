/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kchan top shows, as lines of text; screen.h has them on a terminal. */
#ifndef KCHAN_TOP_H
#define KCHAN_TOP_H

#include <stdio.h>

#include "rates.h"
#include "text.h"

/**
 * struct top - what is looked at, and how
 * @names: channels and directories; none: all
 * @delay: nanoseconds from one sample to the next
 * @order: of rows, likewise @reverse
 * @hide_idle: without what nobody uses
 * @filter: only names that have this in them
 * @before: the sample before
 * @now: the last one
 * @rows: of what is shown, in order
 * @count: how many
 * @sum: over all of them
 */
struct top {
	char **names;
	uint64_t delay;
	enum order order;
	bool reverse;
	bool hide_idle;
	char filter[64];
	struct sample before;
	struct sample now;
	struct row *rows;
	size_t count;
	struct row sum;
};

/* Takes a sample. Return: 0 or a negative errno. */
int top_sample(struct top *top, struct netlink *nl);
/* Makes the rows anew, of the samples that there are. */
void top_arrange(struct top *top);
void top_free(struct top *top);
/* The row of that channel, or NULL. */
const struct row *top_find(const struct top *top, uint64_t id);

/* What an order is called, in capitals; ORDERS: there is none of that name. */
const char *order_name(enum order order);
enum order order_find(const char *name);

/*
 * Lines without their end. Columns that @order is one of begin at the returned place, and
 * are @width wide.
 */
void print_heading(FILE *out, int columns);
int heading_place(enum order order, int columns, int *width);
void print_totals(FILE *out, const struct top *top);
void print_row(FILE *out, const struct row *row, int columns);
/* All of one channel, and who has it open: lines. */
void print_channel(FILE *out, const struct row *row,
		   const struct endpoints *endpoints, struct view *view);

#endif /* KCHAN_TOP_H */
