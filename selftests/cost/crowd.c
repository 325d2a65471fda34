// SPDX-License-Identifier: GPL-2.0
/*
 * What a message costs that wakes one of many: with few endpoints that wait on a
 * channel and with many, in instructions; and how many are woken by it.
 *
 * To be run as cost.c says, which has more about the figures.
 *
 * Usage: crowd [MANY]
 * MANY: endpoints, each with a thread that waits; 2000 unless it says more. 10,000 take
 * 1 GiB of memory.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define FEW	10
#define MANY	2000
#define SENDS	2000
#define STACK	(16 * 1024)	/* of a thread */

static char path[64];
static int failures;

static void judge(int number, bool good, const char *what, double is, double limit)
{
	printf("%sok %d - %s: %.2f, at most %.2f\n", good ? "" : "not ", number,
	       what, is, limit);
	failures += !good;
}

/* Receives until the channel ends. */
static void *wait_here(void *arg)
{
	int fd = open(path, O_RDONLY);
	char c;

	(void)arg;
	if (fd < 0)
		err(1, "%s", path);
	while (read(fd, &c, 1) == 1)
		;
	if (errno != EIDRM)
		err(1, "read");
	close(fd);
	return NULL;
}

static struct kchan_state state_of(int fd)
{
	struct kchan_state state = { .size = sizeof(state) };

	if (ioctl(fd, KCHAN_IOC_STATE, &state))
		err(1, "KCHAN_IOC_STATE");
	return state;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* How often a thread of this process has begun to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_nvcsw;
}

static void wait_for(int fd, unsigned int waiting)
{
	while (state_of(fd).waiting_receivers < waiting)
		sched_yield();
}

/* Messages, each when all wait again. Return: what one costs; @woken: how many it woke. */
static double send_all(int fd, unsigned int waiting, double *woken)
{
	long slept = sleeps();
	uint64_t time = now();
	int i;

	for (i = 0; i < SENDS; i++) {
		if (write(fd, "x", 1) != 1)
			err(1, "write");
		wait_for(fd, waiting);
	}
	*woken = (double)(sleeps() - slept) / SENDS;
	return (double)(now() - time) / SENDS;
}

static double with_waiting(int control, unsigned int waiting, double *woken)
{
	struct kchan_create arg = {
		.size = sizeof(arg), .open_flags = O_RDWR, .mode = 0600,
	};
	pthread_t *threads = calloc(waiting, sizeof(*threads));
	pthread_attr_t attr;
	unsigned int i;
	double cost;

	if (ioctl(control, KCHAN_IOC_CREATE, &arg))
		err(1, "KCHAN_IOC_CREATE");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", arg.fd);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < waiting; i++) {
		errno = pthread_create(&threads[i], &attr, wait_here, NULL);
		if (errno)
			err(1, "thread %u", i);
	}
	wait_for(arg.fd, waiting);
	cost = send_all(arg.fd, waiting, woken);
	printf("# write, with %5u endpoints that wait: %.0f, %.2f woken\n", waiting,
	       cost, *woken);
	if (ioctl(arg.fd, KCHAN_IOC_REVOKE, 0))
		err(1, "KCHAN_IOC_REVOKE");
	for (i = 0; i < waiting; i++)
		pthread_join(threads[i], NULL);
	close(arg.fd);
	free(threads);
	return cost;
}

int main(int argc, char **argv)
{
	unsigned int many = argc > 1 ? atoi(argv[1]) : MANY;
	const struct rlimit files = { many + 100, many + 100 };
	double few, crowd, woken;
	int control = open("/dev/kchan", O_RDWR);

	if (control < 0)
		err(1, "/dev/kchan");
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "RLIMIT_NOFILE");
	few = with_waiting(control, FEW, &woken);
	crowd = with_waiting(control, many, &woken);
	judge(1, crowd <= few * 1.1, "it costs with many what it costs with few",
	      crowd, few * 1.1);
	judge(2, woken <= 1.05, "it wakes one", woken, 1.05);
	printf("1..2\n");
	return failures > 0;
}
