// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What several processes do together: each goes through its links in their order, and
 * sends or receives a message at each, as measure.roles says. That is one step.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

/**
 * struct part - what a process has to do in a step
 * @what: at each of its links send or receive
 * @link: with that one
 * @count: of them
 */
struct part {
	struct {
		int (*what)(struct link *link);
		struct link *link;
	} calls[LINKS_MAX];
	unsigned int count;
};

/* Steps of a round: half of what is usual where each has more than one message. */
static unsigned int steps_together(const struct job *job)
{
	unsigned int steps = steps_of(job);

	return job->measure->links > 1 && steps > 1 ? steps / 2 : steps;
}

static int play(const struct part *part, unsigned int steps)
{
	unsigned int i;
	int err = 0;

	for (; !err && steps; steps--) {
		for (i = 0; !err && i < part->count; i++)
			err = part->calls[i].what(part->calls[i].link);
	}
	return err;
}

/* As many once more; one process looks at the clock after each. */
static int play_trips(struct job *job, const struct part *part,
		      unsigned int process)
{
	unsigned int steps = steps_together(job) * job->rounds;
	uint64_t before = clock_now(), now;
	int err = 0;

	if (process)
		return play(part, steps);
	for (; !err && steps; steps--) {
		err = play(part, 1);
		now = clock_now();
		hist_add(&job->trips, now - before);
		before = now;
	}
	return err;
}

/* Attached only now: some peers do not survive fork(2). */
static int prepare_part(const struct measure *measure, unsigned int process,
			struct link *links, struct part *part)
{
	const unsigned char *roles = measure->roles[process];
	const struct peer *peer = links[0].peer;
	unsigned int i;
	int err = 0;

	part->count = 0;
	for (i = 0; !err && i < measure->links; i++) {
		if (!roles[i])
			continue;
		part->calls[part->count].link = &links[i];
		part->calls[part->count++].what =
			roles[i] == SENDS ? peer->send : peer->receive;
		err = link_attach(&links[i], roles[i]);
	}
	return err;
}

static int take_part(struct job *job, unsigned int process)
{
	unsigned int steps = steps_together(job), i;
	struct link links[LINKS_MAX];
	struct part part;
	int err;

	/* What is in them from here on is this process's own. */
	for (i = 0; i < job->measure->links; i++)
		links[i] = job->links[i];
	err = prepare_part(job->measure, process, links, &part);
	if (!err)
		err = play(&part, WARM_UP * steps);
	for (i = 0; !err && i < job->rounds; i++) {
		pthread_barrier_wait(&job->barrier);
		job->times[process][i].begin = clock_now();
		err = play(&part, steps);
		job->times[process][i].end = clock_now();
	}
	if (!err && job->measure->percentiles)
		err = play_trips(job, &part, process);
	/* What a library's threads have not sent yet would go with its process. */
	if (!err)
		pthread_barrier_wait(&job->barrier);
	links_detach(links, job->measure->links);
	return err;
}

static pid_t start(struct job *job, unsigned int process)
{
	pid_t pid = fork();
	int err;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = take_part(job, process);
	if (err)
		job->error = err;
	_exit(err ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* All have to end well: who waits for one that does not would wait for ever. */
static int wait_for(struct job *job, const pid_t *pids, unsigned int count)
{
	unsigned int i, left;
	int status;

	for (left = count; left; left--) {
		if (wait(&status) < 0)
			return -errno;
		if (status)
			break; /* it has said why, unless it was killed */
	}
	for (i = 0; left && i < count; i++)
		kill(pids[i], SIGKILL);
	if (!left)
		return 0;
	return job->error ? job->error :
			    link_refuse(&job->links[0], "a process was killed");
}

/* From when the first begins until the last has ended. */
static uint64_t round_time(const struct job *job, unsigned int round)
{
	uint64_t begin = UINT64_MAX, end = 0;
	unsigned int i;

	for (i = 0; i < job->measure->processes; i++) {
		if (job->times[i][round].begin < begin)
			begin = job->times[i][round].begin;
		if (job->times[i][round].end > end)
			end = job->times[i][round].end;
	}
	return end - begin;
}

/* Messages of one step of all; a trip is one, there and back. */
static unsigned int messages_of(const struct job *job)
{
	const struct measure *m = job->measure;
	unsigned int i, j, count = 0;

	if (m->percentiles)
		return 1;
	for (i = 0; i < m->processes; i++) {
		for (j = 0; j < m->links; j++)
			count += m->roles[i][j] == SENDS;
	}
	return job->peer->batch ? count * job->peer->batch : count;
}

static int start_all(struct job *job)
{
	pid_t pids[PROCESSES_MAX];
	unsigned int i;

	for (i = 0; i < job->measure->processes; i++) {
		pids[i] = start(job, i);
		if (pids[i] < 0)
			return -errno;
	}
	return wait_for(job, pids, i);
}

static int make_barrier(struct job *job)
{
	pthread_barrierattr_t attr;
	int err;

	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	err = pthread_barrier_init(&job->barrier, &attr,
				   job->measure->processes);
	return -err;
}

int run_together(struct job *job)
{
	uint64_t times[ROUNDS_MAX];
	unsigned int i;
	int err;

	err = links_make(job, job->measure->links);
	if (!err)
		err = make_barrier(job);
	if (!err)
		err = start_all(job);
	if (err)
		return err;
	for (i = 0; i < job->rounds; i++)
		times[i] = round_time(job, i);
	job->value = (double)median(times, job->rounds) / steps_together(job) /
		     messages_of(job);
	return 0;
}
