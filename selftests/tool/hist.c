// SPDX-License-Identifier: GPL-2.0
/* The histogram of kchan bench, against values that are sorted. Prints TAP lines. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/bench/hist.h"

#define COUNT 20000

static struct hist hist;
static int failures;

static void result(bool good, const char *name)
{
	printf("%sok - hist: %s\n", good ? "" : "not ", name);
	failures += !good;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Not below it, and above by no more than a part of HIST_PARTS. */
static bool near(uint64_t got, uint64_t exact)
{
	return got >= exact && got - exact <= exact / HIST_PARTS;
}

/* Percentiles of @values, all and some between. */
static bool agree(uint64_t *values, size_t count)
{
	static const double shares[] = { .5, .9, .99, .999, 1 };
	size_t i, rank;

	memset(&hist, 0, sizeof(hist));
	for (i = 0; i < count; i++)
		hist_add(&hist, values[i]);
	qsort(values, count, sizeof(*values), compare);
	for (i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		rank = shares[i] * count;
		rank += rank < shares[i] * count;
		if (!near(hist_at(&hist, shares[i]), values[rank - 1]))
			return false;
	}
	return hist.count == count && hist.max == values[count - 1] &&
	       hist_at(&hist, 1) == hist.max;
}

static uint64_t any(void)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005 + 1442695040888963407;
	return seed;
}

/* One alone is where it is, to its precision, at each edge of a range. */
static bool edges_agree(void)
{
	uint64_t value[1];
	int shift, off;

	for (shift = 0; shift < 64; shift++) {
		for (off = -1; off <= 1; off++) {
			value[0] = (UINT64_C(1) << shift) + off;
			if (!agree(value, 1))
				return false;
		}
	}
	value[0] = UINT64_MAX;
	return agree(value, 1);
}

int main(void)
{
	static uint64_t values[COUNT];
	size_t i;

	result(hist_at(&hist, .5) == 0, "an empty one has no percentiles");
	for (i = 0; i < 2 * HIST_PARTS; i++)
		values[i] = i;
	result(agree(values, i) && hist_at(&hist, .5) == HIST_PARTS - 1,
	       "small values are exact");
	for (i = 0; i < COUNT; i++)
		values[i] = any() >> any() % 64;
	result(agree(values, COUNT), "values of all sizes are right to a part");
	for (i = 0; i < COUNT; i++)
		values[i] = 1000 + (any() % 1000 ? any() % 50 : 1000000);
	result(agree(values, COUNT), "so are few that are far away");
	result(edges_agree(), "so is each edge of a range");
	return failures != 0;
}
