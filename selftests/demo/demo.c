// SPDX-License-Identifier: GPL-2.0
/*
 * The programs of the demo: producers and consumers of lines.
 *
 * demo make PATH DEPTH		make a queue that anybody may send to
 * demo send PATH UID		as that user send each line of stdin, which begins
 *				with <N> as those of `dmesg -r` do; print how many
 * demo recv PATH		receive until nobody is left who could send; print
 *				priority, number, sender and text of each line
 * demo state PATH		print how many are queued, bytes, sent, received,
 *				put back, and the longest queue
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define LEVEL_DEBUG	7
#define LINE_SIZE	8192

static char line[LINE_SIZE];

static int open_channel(const char *path, int flags)
{
	int fd = open(path, flags);

	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/* Through the device, as a depth of our own needs CREATE. */
static void make(const char *path, unsigned int depth)
{
	struct kchan_create create = {
		.size = sizeof(create),
		.flags = KCHAN_CREATE_EXCL,
		.name = (uintptr_t)(strrchr(path, '/') + 1),
		.mode = 0622,
		.open_flags = O_RDONLY,
		.depth = depth,
	};
	int control = open("/dev/kchan", O_RDWR);

	if (control < 0)
		err(1, "/dev/kchan");
	umask(0);
	if (ioctl(control, KCHAN_IOC_CREATE, &create))
		err(1, "cannot make %s", path);
}

/* The more urgent, the lower the level; the facility is in the bits above. */
static int priority_of(const char *text)
{
	return LEVEL_DEBUG - (atoi(text + 1) & LEVEL_DEBUG);
}

static void send_lines(const char *path, uid_t uid)
{
	int fd, sent = 0;
	char *text;

	if (setgid(uid) || setuid(uid))
		err(1, "cannot become user %u", uid);
	fd = open_channel(path, O_WRONLY);
	while (fgets(line, sizeof(line), stdin)) {
		struct kchan_send send = { .size = sizeof(send) };

		text = strchr(line, '>');
		if (line[0] != '<' || !text)
			errx(1, "no level: %s", line);
		text++;
		send.data = (uintptr_t)text;
		send.len = strlen(text);
		send.prio = priority_of(line);
		if (ioctl(fd, KCHAN_IOC_SEND, &send))
			err(1, "cannot send to %s", path);
		sent++;
	}
	printf("%d\n", sent);
}

/* Half a millisecond of work on each line leaves the other consumer its share. */
static void work(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 500000 }, NULL);
}

static void receive_lines(const char *path)
{
	struct kchan_recv recv = {
		.size = sizeof(recv),
		.flags = KCHAN_NEED_PEER,
		.data = (uintptr_t)line,
		.capacity = sizeof(line),
	};
	int fd = open_channel(path, O_RDONLY);

	while (ioctl(fd, KCHAN_IOC_RECV, &recv) == 0) {
		printf("%u %llu %u %.*s", recv.prio,
		       (unsigned long long)recv.seq, recv.uid, (int)recv.len,
		       line);
		work();
	}
	if (errno != EPIPE)
		err(1, "cannot receive from %s", path);
}

static void print_state(const char *path)
{
	struct kchan_state state = { .size = sizeof(state) };
	int fd = open_channel(path, O_RDONLY);

	if (ioctl(fd, KCHAN_IOC_STATE, &state))
		err(1, "%s", path);
	printf("%u %llu %llu %llu %llu %u\n", state.queued,
	       (unsigned long long)state.queued_bytes,
	       (unsigned long long)state.sent,
	       (unsigned long long)state.received,
	       (unsigned long long)state.returned, state.queued_max);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (!strcmp(verb, "make") && argc == 4)
		make(argv[2], atoi(argv[3]));
	else if (!strcmp(verb, "send") && argc == 4)
		send_lines(argv[2], atoi(argv[3]));
	else if (!strcmp(verb, "recv") && argc == 3)
		receive_lines(argv[2]);
	else if (!strcmp(verb, "state") && argc == 3)
		print_state(argv[2]);
	else
		errx(2, "make PATH DEPTH | send PATH UID | recv PATH | state PATH");
	return 0;
}
