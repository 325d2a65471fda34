// SPDX-License-Identifier: GPL-2.0
/*
 * What a message costs whose payload stays where it is: loaned, published, taken and
 * released, in four calls and in two, short and long; and against what copies, and two
 * calls that do nothing.
 *
 * To be run as cost.c says, which has more about the figures.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define SHORT	64
#define LONG	(4U << 20)
#define CHUNK	65536		/* what a pipe takes at once */
#define SLOTS	8

#define ROUNDS	21
#define STEPS	200
#define PAIR_MAX 1600		/* two calls for each message */
#define BARE	_IO(KCHAN_IOC_TYPE, 0xff)	/* a command that nobody has */

static char *in, *out;		/* where a message is written, and read */
static uint64_t sum;
static int results;
static int failures;

static void judge(bool good, const char *what, double is, double limit)
{
	printf("%sok %d - %s: %.1f, against %.1f\n", good ? "" : "not ",
	       ++results, what, is, limit);
	fflush(stdout);
	failures += !good;
}

static void check(bool good, const char *what)
{
	if (!good)
		err(1, "%s", what);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A way to move a message, and what it needs. */
struct way {
	const char *name;
	void (*steps)(const struct way *way, bool touch, int count);
	int send;
	int recv;
	uint32_t size;
};

static struct kchan_publish publish = {
	.size = sizeof(publish), .flags = KCHAN_PUBLISH_LOAN,
};

static struct kchan_take take = {
	.size = sizeof(take), .flags = KCHAN_TAKE_RELEASE | KCHAN_TAKE_BRIEF,
};

static void write_all(char *to, uint32_t size)
{
	memset(to, 1, size);
}

static void read_all(const char *from, uint32_t size)
{
	const uint64_t *p = (const uint64_t *)from;
	uint32_t i;

	for (i = 0; i < size / 8; i++)
		sum += p[i];
}

static void bare(const struct way *way, bool touch, int count)
{
	(void)touch;
	while (count--) {
		check(ioctl(way->send, BARE, &publish) < 0, "no ENOTTY");
		check(ioctl(way->recv, BARE, &take) < 0, "no ENOTTY");
	}
}

/* Each call gives a slot away and gets the next. */
static inline __attribute__((always_inline)) void pair(int send, int recv)
{
	check(!ioctl(send, KCHAN_IOC_PUBLISH, &publish), "PUBLISH");
	publish.slot = publish.next;
	check(!ioctl(recv, KCHAN_IOC_TAKE, &take), "TAKE");
	take.release = take.slot;
}

static void pair_touched(const struct way *way)
{
	write_all(in + (uint64_t)publish.slot * way->size, way->size);
	pair(way->send, way->recv);
	read_all(out + (uint64_t)take.slot * way->size, way->size);
}

static void two_calls(const struct way *way, bool touch, int count)
{
	int send = way->send, recv = way->recv;

	if (touch) {
		while (count--)
			pair_touched(way);
		return;
	}
	while (count--)
		pair(send, recv);
}

/* The same where the sender and the like are told of each message. */
static void two_calls_told(const struct way *way, bool touch, int count)
{
	take.flags &= ~KCHAN_TAKE_BRIEF;
	two_calls(way, touch, count);
	take.flags |= KCHAN_TAKE_BRIEF;
}

static void four_calls_once(const struct way *way)
{
	struct kchan_loan loan = { .size = sizeof(loan) };
	struct kchan_publish one = { .size = sizeof(one), .len = way->size };
	struct kchan_take last = { .size = sizeof(last) };
	struct kchan_release release = { .size = sizeof(release) };

	check(ioctl(way->send, KCHAN_IOC_LOAN, &loan) == 1, "LOAN");
	one.slot = loan.slot;
	check(!ioctl(way->send, KCHAN_IOC_PUBLISH, &one), "PUBLISH");
	check(!ioctl(way->recv, KCHAN_IOC_TAKE, &last), "TAKE");
	release.slot = last.slot;
	check(ioctl(way->recv, KCHAN_IOC_RELEASE, &release) == 1, "RELEASE");
}

static void four_calls(const struct way *way, bool touch, int count)
{
	(void)touch;
	while (count--)
		four_calls_once(way);
}

static void copy_once(const struct way *way, bool touch)
{
	uint32_t done, n;

	if (touch)
		write_all(in, way->size);
	for (done = 0; done < way->size; done += CHUNK) {
		check(write(way->send, in + done, CHUNK) == CHUNK, "write");
		for (n = 0; n < CHUNK; ) {
			ssize_t got = read(way->recv, out + done + n, CHUNK - n);

			check(got > 0, "read");
			n += got;
		}
	}
	if (touch)
		read_all(out, way->size);
}

static void copy(const struct way *way, bool touch, int count)
{
	while (count--)
		copy_once(way, touch);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Instructions of one step, the median. */
static double cost(const struct way *way, bool touch)
{
	int steps = touch || way->steps == copy ? 1 : STEPS;
	uint64_t round[ROUNDS];
	double is;
	int i;

	for (i = -1; i < ROUNDS; i++) {
		uint64_t start = now();

		way->steps(way, touch, steps);
		if (i >= 0)
			round[i] = now() - start;
	}
	qsort(round, ROUNDS, sizeof(round[0]), compare);
	is = (double)round[ROUNDS / 2] / steps;
	printf("# %-26s %8u bytes%-9s %12.0f\n", way->name, way->size,
	       touch ? ", touched" : "", is);
	fflush(stdout);
	return is;
}

static void *map(int fd, int prot, uint64_t size)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, 0);

	check(p != MAP_FAILED, "mmap");
	return p;
}

/* A channel with a pool, mapped, and a slot on loan. */
static void open_pool(struct way *way)
{
	struct kchan_create create = {
		.size = sizeof(create), .flags = KCHAN_CREATE_PAIR,
		.slots = SLOTS, .slot_size = way->size,
	};
	struct kchan_pool_fd pool = { .size = sizeof(pool) };
	struct kchan_loan loan = { .size = sizeof(loan) };
	int control = open("/dev/kchan", O_RDWR);

	check(control >= 0 && !ioctl(control, KCHAN_IOC_CREATE, &create),
	      "KCHAN_IOC_CREATE");
	close(control);
	way->send = create.fd_send;
	way->recv = create.fd;
	check(!ioctl(way->send, KCHAN_IOC_POOL_FD, &pool), "POOL_FD");
	in = map(pool.fd, PROT_READ | PROT_WRITE, pool.bytes);
	out = map(way->recv, PROT_READ, pool.bytes);
	close(pool.fd);
	check(ioctl(way->send, KCHAN_IOC_LOAN, &loan) == 1, "LOAN");
	publish.slot = loan.slot;
	publish.len = way->size;
	take.release = KCHAN_SLOT_NONE;
}

static void close_pool(const struct way *way)
{
	munmap(in, (uint64_t)SLOTS * way->size);
	munmap(out, (uint64_t)SLOTS * way->size);
	close(way->send);
	close(way->recv);
}

static void open_copy(struct way *way, bool local)
{
	int fds[2];

	check(local ? !socketpair(AF_UNIX, SOCK_STREAM, 0, fds) : !pipe(fds),
	      way->name);
	way->recv = fds[0];
	way->send = fds[1];
	in = malloc(way->size);
	out = malloc(way->size);
	check(in && out, "malloc");
}

int main(void)
{
	struct way small = { "kchan, two calls", two_calls, -1, -1, SHORT };
	struct way large = { "kchan, two calls", two_calls, -1, -1, LONG };
	struct way four = { "kchan, four calls", four_calls, -1, -1, SHORT };
	struct way piped = { "pipe", copy, -1, -1, LONG };
	struct way local = { "AF_UNIX stream", copy, -1, -1, LONG };
	double is_small, is_large, touched, other, other_touched;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		warn("cannot stay on one CPU");
	open_pool(&four);
	cost(&four, false);
	close_pool(&four);
	open_pool(&small);
	is_small = cost(&small, false);
	small.steps = two_calls_told;
	small.name = "kchan, two calls, all told";
	cost(&small, false);
	small.steps = bare;
	small.name = "two calls, ENOTTY";
	cost(&small, false);
	close_pool(&small);
	open_pool(&large);
	is_large = cost(&large, false);
	touched = cost(&large, true);
	close_pool(&large);

	judge(is_small <= PAIR_MAX, "loan, publish, take and release in two calls",
	      is_small, PAIR_MAX);
	judge(is_large <= is_small * 1.02 && is_small <= is_large * 1.02,
	      "4 MiB cost what 64 bytes cost, within 2%", is_large, is_small);

	open_copy(&piped, false);
	other = cost(&piped, false);
	other_touched = cost(&piped, true);
	judge(other >= 50 * is_large, "50 times less than a pipe", is_large, other);
	judge(other_touched > touched, "less than a pipe with all bytes touched",
	      touched, other_touched);
	open_copy(&local, true);
	other = cost(&local, false);
	other_touched = cost(&local, true);
	judge(other >= 50 * is_large, "50 times less than AF_UNIX", is_large,
	      other);
	judge(other_touched > touched,
	      "less than AF_UNIX with all bytes touched", touched,
	      other_touched);
	printf("1..%d\n", results);
	return failures != 0;
}
