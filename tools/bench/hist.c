// SPDX-License-Identifier: GPL-2.0-or-later
#include "hist.h"

/*
 * Values below 2 * HIST_PARTS are their own bucket. Above, the highest HIST_BITS + 1 bits
 * of a value say which it is, and how far they had to be shifted which group of them.
 */
static unsigned int bucket_of(uint64_t value)
{
	unsigned int shift = 0;

	if (value >= 2 * HIST_PARTS)
		shift = 63 - __builtin_clzll(value) - HIST_BITS;
	return shift * HIST_PARTS + (value >> shift);
}

static uint64_t highest_of(unsigned int bucket)
{
	unsigned int shift = 0;

	if (bucket >= 2 * HIST_PARTS)
		shift = bucket / HIST_PARTS - 1;
	return ((bucket - (uint64_t)shift * HIST_PARTS + 1) << shift) - 1;
}

void hist_add(struct hist *hist, uint64_t value)
{
	hist->buckets[bucket_of(value)]++;
	hist->count++;
	if (value > hist->max)
		hist->max = value;
}

uint64_t hist_at(const struct hist *hist, double share)
{
	uint64_t rank = share * hist->count, seen = 0, value;
	unsigned int i;

	if (rank < share * hist->count)
		rank++;
	for (i = 0; i < HIST_BUCKETS; i++) {
		seen += hist->buckets[i];
		if (seen && seen >= rank) {
			value = highest_of(i);
			return value < hist->max ? value : hist->max;
		}
	}
	return 0;
}
