/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A histogram of times, whose percentiles are right to one part in 128 whatever their
 * size, as HdrHistogram's are to its number of digits; that has no package of its C
 * form in Debian 12.
 */
#ifndef KCHAN_HIST_H
#define KCHAN_HIST_H

#include <stdint.h>

/* Each power of two is divided into so many. */
#define HIST_BITS 7
#define HIST_PARTS (1U << HIST_BITS)
#define HIST_BUCKETS ((65 - HIST_BITS) * HIST_PARTS)

/**
 * struct hist - a histogram; all 0 is an empty one
 * @count: values
 * @max: the highest, exactly
 * @buckets: values of each range. Below 2 * HIST_PARTS each has its own.
 */
struct hist {
	uint64_t count;
	uint64_t max;
	uint64_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *hist, uint64_t value);

/*
 * The value that @share of all, above 0 and up to 1, do not exceed: the upper end of
 * its range, and never more than the highest. 0 where there is none.
 */
uint64_t hist_at(const struct hist *hist, double share);

#endif /* KCHAN_HIST_H */
