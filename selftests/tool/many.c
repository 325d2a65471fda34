// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: many N COMMAND [ARGUMENT]... [-- COMMAND [ARGUMENT]...]...
 *
 * Makes N channels and, unless that is more than there can be, N SysV message queues;
 * runs each command, and prints what it cost: where the clock counts instructions
 * (selftests/vm/run --icount), these; the output of the commands goes to /dev/null.
 * Then all is removed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define QUEUES_MAX 32000

static int make_channel(int ctl, int i)
{
	char name[32];
	struct kchan_create arg = { .size = sizeof(arg),
				    .name = (uintptr_t)name,
				    .mode = 0600,
				    .open_flags = O_RDWR };

	snprintf(name, sizeof(name), "many%05d", i);
	if (ioctl(ctl, KCHAN_IOC_CREATE, &arg))
		return -1;
	return close(arg.fd);
}

static int remove_channel(int ctl, int i)
{
	char name[32];
	struct kchan_remove arg = { .size = sizeof(arg),
				    .name = (uintptr_t)name };

	snprintf(name, sizeof(name), "many%05d", i);
	return ioctl(ctl, KCHAN_IOC_REMOVE, &arg);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000000000) + ts.tv_nsec;
}

static void run(char **argv)
{
	posix_spawn_file_actions_t actions;
	uint64_t start;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
					 O_WRONLY, 0);
	start = now();
	if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) ||
	    waitpid(pid, &status, 0) != pid || status)
		errx(1, "%s failed", argv[0]);
	printf("%llu", (unsigned long long)(now() - start));
	for (; *argv; argv++)
		printf(" %s", *argv);
	putchar('\n');
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	int ctl = open("/dev/kchan", O_RDONLY), n, i, queues, *ids;
	char **end = argv + argc;

	if (argc < 3)
		errx(1, "arguments are missing");
	n = atoi(argv[1]);
	queues = n <= QUEUES_MAX ? n : 0;
	ids = calloc(n, sizeof(*ids));
	for (i = 0; i < n; i++) {
		ids[i] = i < queues ? msgget(IPC_PRIVATE, 0600) : 0;
		if (ids[i] < 0 || make_channel(ctl, i))
			err(1, "number %d", i);
	}
	for (argv += 2; argv < end; argv++) {
		char **command = argv;

		while (argv < end && strcmp(*argv, "--") != 0)
			argv++;
		*argv = NULL;
		run(command);
	}
	for (i = 0; i < n; i++) {
		if ((i < queues && msgctl(ids[i], IPC_RMID, NULL)) ||
		    remove_channel(ctl, i))
			err(1, "removing number %d", i);
	}
	free(ids);
	return 0;
}
