// SPDX-License-Identifier: GPL-2.0
/*
 * What sending 64 bytes and receiving them again costs, in one process: through a
 * channel, and through what the kernel has already.
 *
 * To be run under `selftests/vm/run --icount`, where the clock counts
 * instructions: a nanosecond of the guest is one instruction of its only CPU, in
 * user space and in the kernel. Elsewhere the figures are nanoseconds. Nothing is
 * subtracted: the loop and the C library's wrappers are in every figure alike.
 *
 * Each figure is the median of ROUNDS rounds of STEPS send+receive each. A round
 * is short, so that most have no clock interrupt in them; each figure is rounded
 * up.
 *
 * Usage: cost [CEILING]
 * CEILING is a file with one number, beside comments: the most that write+read
 * through a channel may cost. Default: "ceiling".
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define SIZE	64
#define STEPS	200
#define ROUNDS	101
#define WARM_UP	5

struct path {
	const char *name;
	void (*open)(struct path *path);
	void (*steps)(const struct path *path);
	int in;			/* descriptors or, for SysV, the identifier */
	int out;
	ssize_t back;		/* bytes that come back */
	uint64_t cost;
};

static struct {
	long type;
	char data[SIZE];
} sysv = { .type = 1 };

static char data[SIZE];

static void check(const struct path *path, bool good)
{
	if (!good)
		err(1, "%s", path->name);
}

static void steps_fd(const struct path *path)
{
	int i;

	for (i = 0; i < STEPS; i++)
		check(path, write(path->out, data, SIZE) == SIZE &&
			    read(path->in, data, SIZE) == path->back);
}

static void steps_ioctl(const struct path *path)
{
	struct kchan_send send = {
		.size = sizeof(send), .data = (uintptr_t)data, .len = SIZE,
	};
	struct kchan_recv recv = {
		.size = sizeof(recv), .data = (uintptr_t)data, .capacity = SIZE,
	};
	int i;

	for (i = 0; i < STEPS; i++)
		check(path, ioctl(path->out, KCHAN_IOC_SEND, &send) == 0 &&
			    ioctl(path->in, KCHAN_IOC_RECV, &recv) == 0 &&
			    recv.len == SIZE);
}

static void steps_mq(const struct path *path)
{
	int i;

	for (i = 0; i < STEPS; i++)
		check(path, mq_send(path->out, data, SIZE, 0) == 0 &&
			    mq_receive(path->in, data, SIZE, NULL) == SIZE);
}

static void steps_sysv(const struct path *path)
{
	int i;

	for (i = 0; i < STEPS; i++)
		check(path, msgsnd(path->out, &sysv, SIZE, 0) == 0 &&
			    msgrcv(path->in, &sysv, SIZE, 0, 0) == SIZE);
}

static void open_null(struct path *path)
{
	path->out = open("/dev/null", O_WRONLY);
	path->in = open("/dev/null", O_RDONLY);
	check(path, path->out >= 0 && path->in >= 0);
	path->back = 0;
}

static void open_kchan(struct path *path)
{
	struct kchan_create create = {
		.size = sizeof(create), .flags = KCHAN_CREATE_PAIR,
	};
	int control = open("/dev/kchan", O_RDWR);

	check(path, control >= 0 &&
		    ioctl(control, KCHAN_IOC_CREATE, &create) == 0);
	close(control);
	path->out = create.fd_send;
	path->in = create.fd;
}

static void open_pipe(struct path *path)
{
	int fds[2];

	check(path, pipe(fds) == 0);
	path->out = fds[1];
	path->in = fds[0];
}

static void open_seqpacket(struct path *path)
{
	int fds[2];

	check(path, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
	path->out = fds[1];
	path->in = fds[0];
}

static void open_mq(struct path *path)
{
	struct mq_attr attr = { .mq_maxmsg = 10, .mq_msgsize = SIZE };

	path->out = mq_open("/cost", O_WRONLY | O_CREAT | O_EXCL, 0600, &attr);
	check(path, path->out >= 0);
	path->in = mq_open("/cost", O_RDONLY);
	mq_unlink("/cost");
	check(path, path->in >= 0);
}

static void open_sysv(struct path *path)
{
	path->in = msgget(IPC_PRIVATE, 0600);
	check(path, path->in >= 0);
	path->out = path->in;
}

enum { NOTHING, CHANNEL, CHANNEL_IOCTL, PIPE, MQ, SYSV, SEQPACKET, PATHS };

static struct path paths[PATHS] = {
	[NOTHING]	= { "/dev/null write+read", open_null, steps_fd },
	[CHANNEL]	= { "kchan write+read", open_kchan, steps_fd },
	[CHANNEL_IOCTL]	= { "kchan SEND+RECV", open_kchan, steps_ioctl },
	[PIPE]		= { "pipe write+read", open_pipe, steps_fd },
	[MQ]		= { "POSIX mq send+receive", open_mq, steps_mq },
	[SYSV]		= { "SysV msgsnd+msgrcv", open_sysv, steps_sysv },
	[SEQPACKET]	= { "AF_UNIX seqpacket write+read", open_seqpacket,
			    steps_fd },
};

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(struct path *path)
{
	uint64_t round[ROUNDS];
	int i;

	path->back = SIZE;
	path->open(path);
	for (i = 0; i < WARM_UP; i++)
		path->steps(path);
	for (i = 0; i < ROUNDS; i++) {
		round[i] = now();
		path->steps(path);
		round[i] = now() - round[i];
	}
	qsort(round, ROUNDS, sizeof(round[0]), compare);
	path->cost = (round[ROUNDS / 2] + STEPS - 1) / STEPS;

	printf("# %-30s %6llu\n", path->name, (unsigned long long)path->cost);
	fflush(stdout);
	if (path->steps == steps_sysv) {
		msgctl(path->in, IPC_RMID, NULL);
	} else {
		close(path->in);
		close(path->out);
	}
}

static uint64_t read_ceiling(const char *name)
{
	unsigned long long ceiling = 0;
	FILE *file = fopen(name, "r");
	char line[128];

	if (!file)
		err(1, "%s", name);
	while (fgets(line, sizeof(line), file)) {
		if (line[0] != '#' && sscanf(line, "%llu", &ceiling) == 1)
			break;
	}
	fclose(file);
	if (!ceiling)
		errx(1, "%s: no number in it", name);
	return ceiling;
}

static int results;
static int failures;

static void judge(bool good, const char *what, uint64_t limit)
{
	printf("%sok %d - %s: %llu, against %llu\n", good ? "" : "not ",
	       ++results, what, (unsigned long long)paths[CHANNEL].cost,
	       (unsigned long long)limit);
	failures += !good;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		warn("cannot stay on one CPU");
}

int main(int argc, char **argv)
{
	uint64_t ceiling = read_ceiling(argc > 1 ? argv[1] : "ceiling");
	bool present = access("/dev/kchan", F_OK) == 0;
	int i;

	stay_on_one_cpu();
	printf("# %d bytes sent and received, one process; instructions under --icount, else ns\n",
	       SIZE);
	for (i = 0; i < PATHS; i++) {
		if (present || (i != CHANNEL && i != CHANNEL_IOCTL))
			measure(&paths[i]);
	}
	if (!present) {
		printf("1..0 # SKIP no /dev/kchan: is the module loaded?\n");
		return 4;
	}

	judge(paths[CHANNEL].cost <= ceiling,
	      "write+read through a channel costs no more than the ceiling",
	      ceiling);
	judge(paths[CHANNEL].cost < paths[PIPE].cost,
	      "write+read through a channel costs less than through a pipe",
	      paths[PIPE].cost);
	judge(paths[CHANNEL].cost < paths[MQ].cost,
	      "write+read through a channel costs less than POSIX mq",
	      paths[MQ].cost);
	printf("1..%d\n", results);
	return failures != 0;
}
