// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../tool.h"
#include "run.h"

#define PASS_SECONDS 120 /* at most: something waits for what does not come */
#define PASSES_MAX 9

pid_t runner;
static sigset_t signals, before;

/* Signals that we were started to ignore end nothing. */
void run_begin(void)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;
	size_t i;

	runner = getpid();
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!sigaction(ends[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&signals, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &signals, &before);
}

void run_end(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Memory that children share; all 0. */
static void *share(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		report_error(NULL, -errno);
		exit(EXIT_FAILURE);
	}
	return p;
}

/* Numbered anew: what is left of others, if only for a moment, has other names. */
static void links_init(struct job *job)
{
	static unsigned int number;
	const struct link link = {
		.peer = job->peer,
		.size = job->size,
		.chunk = job->size,
		.in = -1,
		.out = -1,
		.note = job->note,
	};
	size_t i;

	for (i = 0; i < job->link_count; i++) {
		job->links[i] = link;
		job->links[i].number = number++;
	}
}

static struct job *job_new(const struct row *row, const struct measure *measure,
			   const struct peer *peer, const struct effort *effort)
{
	struct job *job = share(sizeof(*job));

	job->measure = measure;
	job->peer = peer;
	job->size = row->size;
	job->count = row->count;
	job->rounds = effort->rounds;
	job->steps = effort->steps;
	job->link_count = measure->links ? measure->links : row->count;
	job->links = share(job->link_count * sizeof(*job->links));
	return job;
}

static void job_free(struct job *job)
{
	munmap(job->links, job->link_count * sizeof(*job->links));
	munmap(job, sizeof(*job));
}

/* What the processes would have removed, had they not been ended. */
static void sweep(struct job *job)
{
	size_t i;

	if (!job->peer->outlives)
		return;
	for (i = 0; i < job->link_count; i++)
		job->peer->destroy(&job->links[i]);
}

/* Libraries tell all kinds of things, which are no rows. */
static void be_silent(void)
{
	int fd = open("/dev/null", O_RDWR);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* A group of processes, that ends with us and with this one. */
static pid_t start(struct job *job)
{
	pid_t pid = fork();

	if (pid) {
		if (pid > 0)
			setpgid(pid, pid);
		return pid;
	}
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != runner)
		_exit(EXIT_FAILURE);
	sigprocmask(SIG_SETMASK, &before, NULL);
	be_silent();
	job->error = job->measure->run(job);
	links_detach(job->links, job->link_count);
	_exit(EXIT_SUCCESS);
}

/* Return: 0 when it has ended, or the signal that somebody sent us. */
static int wait_for(pid_t pid, int *status)
{
	const struct timespec limit = { .tv_sec = PASS_SECONDS };
	int number;

	while (waitpid(pid, status, WNOHANG) == 0) {
		number = sigtimedwait(&signals, NULL, &limit);
		if (number == SIGCHLD || (number < 0 && errno == EINTR))
			continue;
		kill(-pid, SIGKILL);
		waitpid(pid, status, 0);
		return number < 0 ? 0 : number;
	}
	kill(-pid, SIGKILL); /* those that it has left */
	return 0;
}

/* Return: 0, with job.error set, or the signal that somebody sent us. */
static int run_pass(struct job *job)
{
	int number, status = 0;
	pid_t pid;

	links_init(job);
	pid = start(job);
	if (pid < 0) {
		job->error = -errno;
		return 0;
	}
	number = wait_for(pid, &status);
	if (status)
		job->error = link_refuse(
			&job->links[0],
			WIFSIGNALED(status) ? "ended by signal %d" :
					      "ended with status %d",
			WIFSIGNALED(status) ? WTERMSIG(status) :
					      WEXITSTATUS(status));
	sweep(job);
	return number;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void conclude(struct row *row, const struct job *job, double *values,
		     unsigned int count)
{
	static const double shares[] = { .5, .99, .999, 1 };
	size_t i;

	qsort(values, count, sizeof(*values), compare);
	row->value = values[count / 2];
	if (count > 1 && row->value > 0)
		row->spread =
			100 * (values[count - 1] - values[0]) / row->value;
	for (i = 0; job->trips.count && i < PERCENTILES; i++)
		row->trips[i] = hist_at(&job->trips, shares[i]);
}

int run_row(struct row *row, const struct measure *measure,
	    const struct peer *peer, const struct effort *effort)
{
	struct job *job = job_new(row, measure, peer, effort);
	double values[PASSES_MAX];
	unsigned int i;
	int number = 0;

	job->error = 0;
	for (i = 0; !number && !job->error && i < effort->passes; i++) {
		number = run_pass(job);
		values[i] = job->value;
	}
	if (number)
		row->note = xstrdup(strsignal(number));
	else if (!job->error)
		conclude(row, job, values, i);
	else
		row->note =
			xstrdup(*job->note ? job->note : strerror(-job->error));
	job_free(job);
	return number;
}
