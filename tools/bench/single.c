// SPDX-License-Identifier: GPL-2.0-or-later
/* What one process does alone: it sends and receives, or fails to. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/kchan.h>

#include "measure.h"

#define FULL_SIZE 8192 /* bytes that a step may have before there are fewer */
#define LONG_ROUNDS 21
#define FILL_MAX (1U << 20) /* messages, after which it is never full */

uint64_t clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t median(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

unsigned int steps_of(const struct job *job)
{
	uint64_t bytes = job->peer->still && !job->measure->touches ? 0 :
								      job->size;
	unsigned int steps = job->steps;

	if (job->peer->batch) {
		bytes *= job->peer->batch;
		steps = steps / job->peer->batch + 1;
	}
	if (bytes > FULL_SIZE)
		steps = steps * FULL_SIZE / bytes;
	return steps ? steps : 1;
}

/* Of messages so long that there is one in a round, fewer rounds do. */
static void limit_rounds(struct job *job)
{
	if (steps_of(job) == 1 && job->rounds > LONG_ROUNDS)
		job->rounds = LONG_ROUNDS;
}

/* One process moves between CPUs for no good. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* What @round costs for each of its steps; 0 or a negative errno. */
static int time_rounds(struct job *job,
		       int (*round)(struct link *link, unsigned int steps),
		       unsigned int steps)
{
	uint64_t times[ROUNDS_MAX];
	unsigned int i;
	int err = 0;

	for (i = 0; !err && i < WARM_UP; i++)
		err = round(&job->links[0], steps);
	for (i = 0; !err && i < job->rounds; i++) {
		times[i] = clock_now();
		err = round(&job->links[0], steps);
		times[i] = clock_now() - times[i];
	}
	if (!err)
		job->value = (double)median(times, job->rounds) / steps;
	return err;
}

static int prepare(struct job *job)
{
	struct link *link = &job->links[0];
	int err;

	stay_on_this_cpu();
	limit_rounds(job);
	if (job->peer->chunk && link->chunk > job->peer->chunk)
		link->chunk = job->peer->chunk;
	err = links_make(job, 1);
	return err ? err : link_attach(link, SENDS | RECEIVES);
}

/* A message, in parts where it is longer than what one process can send at once. */
static int exchange(struct link *link)
{
	const struct peer *peer = link->peer;
	int err = 0;

	for (link->at = 0; !err && link->at < link->size;
	     link->at += link->chunk) {
		err = peer->send(link);
		if (!err)
			err = peer->receive(link);
	}
	link->at = 0;
	return err;
}

static int round_single(struct link *link, unsigned int steps)
{
	const struct peer *peer = link->peer;
	int err = 0;

	if (link->chunk < link->size) {
		for (; !err && steps; steps--)
			err = exchange(link);
		return err;
	}
	for (; !err && steps; steps--) {
		err = peer->send(link);
		if (!err)
			err = peer->receive(link);
	}
	return err;
}

int run_single(struct job *job)
{
	int err = prepare(job);

	if (err)
		return err;
	err = time_rounds(job, round_single, steps_of(job));
	if (job->peer->batch)
		job->value /= job->peer->batch;
	return err;
}

/* Kept, so that reading is not left out. */
static volatile uint64_t sum;

static void read_all(const char *bytes, size_t size)
{
	uint64_t word, all = 0;
	size_t i;

	for (i = 0; i + sizeof(word) <= size; i += sizeof(word)) {
		memcpy(&word, bytes + i, sizeof(word));
		all += word;
	}
	sum += all;
}

static int round_touched(struct link *link, unsigned int steps)
{
	int err = 0;

	for (; !err && steps; steps--) {
		memset(link->put, steps, link->size);
		err = round_single(link, 1);
		if (!err)
			read_all(link->got, link->size);
	}
	return err;
}

int run_touched(struct job *job)
{
	int err = prepare(job);

	return err ? err : time_rounds(job, round_touched, steps_of(job));
}

static int round_full(struct link *link, unsigned int steps)
{
	const struct peer *peer = link->peer;
	int err = -EAGAIN;

	for (; err == -EAGAIN && steps; steps--)
		err = peer->send(link);
	return err == -EAGAIN ? 0 : -EPROTO;
}

static int round_empty(struct link *link, unsigned int steps)
{
	const struct peer *peer = link->peer;
	int err = -EAGAIN;

	for (; err == -EAGAIN && steps; steps--)
		err = peer->receive(link);
	return err == -EAGAIN ? 0 : -EPROTO;
}

/* Messages until no more fit, or @count. Return: how many, or a negative errno. */
static int fill(struct link *link, unsigned int count)
{
	unsigned int n;
	int err = 0;

	for (n = 0; n < count; n++) {
		err = link->peer->send(link);
		if (err)
			break;
	}
	return err && err != -EAGAIN ? err : (int)n;
}

int run_full(struct job *job)
{
	struct link *link = &job->links[0];
	int err = prepare(job);

	if (!err)
		err = link_nonblock(link);
	if (!err)
		err = fill(link, FILL_MAX);
	if (err < 0)
		return err;
	if (err == FILL_MAX)
		return link_refuse(link, "is never full");
	return time_rounds(job, round_full, job->steps);
}

/* Something has been in it before. */
int run_empty(struct job *job)
{
	struct link *link = &job->links[0];
	int err = prepare(job);

	if (!err)
		err = round_single(link, 1);
	if (!err)
		err = link_nonblock(link);
	return err ? err : time_rounds(job, round_empty, job->steps);
}

/* Pseudo-random, the same in each run. */
static unsigned int any_prio(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525 + 1013904223;
	return (uint64_t)seed * (KCHAN_PRIO_MAX + 1) >> 32;
}

static int round_queued(struct link *link, unsigned int steps)
{
	const struct peer *peer = link->peer;
	int err = 0;

	for (; !err && steps; steps--) {
		link->prio = any_prio();
		err = peer->send(link);
		if (!err)
			err = peer->receive(link);
	}
	return err;
}

int run_queued(struct job *job)
{
	struct link *link = &job->links[0];
	uint64_t i;
	int err;

	link->depth = job->count + 1;
	err = prepare(job);
	for (i = 0; !err && i < job->count; i++) {
		link->prio = any_prio();
		err = link->peer->send(link);
	}
	return err ? err : time_rounds(job, round_queued, job->steps);
}
