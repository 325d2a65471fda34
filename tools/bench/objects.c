// SPDX-License-Identifier: GPL-2.0-or-later
/* What it costs to make and remove objects, and what memory they and messages take. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "measure.h"

#define ROUND 100 /* objects */
#define OBJECTS_MAX 100000
#define RCU_USECONDS 200000
#define FEW 1000 /* messages, of which too little can be said */

static int make_room(const struct job *job)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	limit.rlim_cur = 2 * job->count + 100;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_max = limit.rlim_cur;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

/* Does it with each of them, from @first on. */
static int with_all(struct job *job, int (*what)(struct link *link),
		    uint64_t first, uint64_t count)
{
	uint64_t i;
	int err = 0;

	for (i = first; !err && i < first + count; i++)
		err = what(&job->links[i]);
	return err;
}

static int time_all(struct job *job, int (*what)(struct link *link))
{
	uint64_t times[OBJECTS_MAX / ROUND], i;
	int err = 0;

	for (i = 0; !err && i < job->count / ROUND; i++) {
		times[i] = clock_now();
		err = with_all(job, what, i * ROUND, ROUND);
		times[i] = clock_now() - times[i];
	}
	if (!err)
		job->value = (double)median(times, i) / ROUND;
	return err;
}

int run_create(struct job *job)
{
	int err = make_room(job);

	if (!err)
		err = time_all(job, job->peer->create);
	return err ? err : with_all(job, job->peer->destroy, 0, job->count);
}

int run_remove(struct job *job)
{
	int err = make_room(job);

	if (!err)
		err = with_all(job, job->peer->create, 0, job->count);
	return err ? err : time_all(job, job->peer->destroy);
}

/*
 * Memory of all caches: of the objects that are in use. Some are freed only after a time
 * in which all readers have ended (RCU).
 */
static int slab_bytes(struct job *job, uint64_t *bytes)
{
	unsigned long long objects, size;
	char line[512];
	FILE *file;

	usleep(RCU_USECONDS);
	file = fopen("/proc/slabinfo", "re");
	if (!file)
		return link_refuse(&job->links[0], "/proc/slabinfo: %s",
				   strerror(errno));
	for (*bytes = 0; fgets(line, sizeof(line), file);) {
		if (sscanf(line, "%*s %llu %*u %llu", &objects, &size) == 2)
			*bytes += objects * size;
	}
	fclose(file);
	return 0;
}

int run_idle(struct job *job)
{
	uint64_t before, after;
	int err = make_room(job);

	if (!err)
		err = slab_bytes(job, &before);
	if (!err)
		err = with_all(job, job->peer->create, 0, job->count);
	if (!err)
		err = slab_bytes(job, &after);
	if (err)
		return err;
	job->value = ((double)after - before) / job->count;
	return with_all(job, job->peer->destroy, 0, job->count);
}

int run_message(struct job *job)
{
	struct link *link = &job->links[0];
	uint64_t before, after, n;
	int err;

	link->depth = job->count;
	err = links_make(job, 1);
	if (!err)
		err = link_attach(link, SENDS | RECEIVES);
	if (!err)
		err = link_nonblock(link);
	if (!err)
		err = slab_bytes(job, &before);
	for (n = 0; !err && n < job->count; n++)
		err = job->peer->send(link);
	if (err && err != -EAGAIN)
		return err;
	if (n < FEW)
		return link_refuse(link, "no more than %d fit", (int)n);
	err = slab_bytes(job, &after);
	job->value = ((double)after - before) / n;
	return err;
}
