// SPDX-License-Identifier: LGPL-2.1-or-later
#include <time.h>

#include "internal.h"

#define NSEC_PER_SEC 1000000000ULL

uint64_t kchan_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* The clock has left 0 before the first program runs. */
uint64_t kchan_deadline_in(uint64_t ns)
{
	uint64_t now = kchan_now();

	return ns < UINT64_MAX - now ? now + ns : UINT64_MAX;
}
