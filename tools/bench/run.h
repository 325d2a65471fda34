/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a row in processes of its own, and removes what they leave. */
#ifndef KCHAN_BENCH_RUN_H
#define KCHAN_BENCH_RUN_H

#include <sys/types.h>

#include "measure.h"
#include "rows.h"

/**
 * struct effort - how long to measure
 * @passes: each in processes of its own
 * @rounds: of each pass, up to ROUNDS_MAX
 * @steps: of a round of short messages
 */
struct effort {
	unsigned int passes;
	unsigned int rounds;
	unsigned int steps;
};

/* The process that runs the rows; it is in the names of all that is made. */
extern pid_t runner;

/* Once, before any row: SIGINT and SIGTERM are for run_row() from here on. */
void run_begin(void);
/* And after all of them. */
void run_end(void);

/*
 * Return: 0, with a row that says what it costs or why nobody knows; or the signal that
 * ended it.
 */
int run_row(struct row *row, const struct measure *measure,
	    const struct peer *peer, const struct effort *effort);

#endif /* KCHAN_BENCH_RUN_H */
