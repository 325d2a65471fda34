/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of what is shown of one channel, for stat and top. */
#ifndef KCHAN_PARTS_H
#define KCHAN_PARTS_H

#include <stdio.h>

#include "rates.h"
#include "text.h"

/* What goes through it by second, and in all. */
void print_flows(FILE *out, const struct row *row);
/*
 * Bars for the times in queue that there are, by powers of two, below a heading, which
 * may be NULL; nothing where none are.
 */
void print_residence(FILE *out, const char *heading, const __u64 *counts);
/* Who has it open, after an empty line; with columns of slots if it has a @pool. */
int print_endpoints(FILE *out, const struct endpoints *endpoints, bool pool,
		    struct view *view);

#endif /* KCHAN_PARTS_H */
