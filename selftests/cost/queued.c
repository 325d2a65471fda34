// SPDX-License-Identifier: GPL-2.0
/*
 * What a message costs where others are queued: in instructions, with few and with
 * many of random priority, and found by its tag; and in memory.
 *
 * To be run as cost.c says, which has more about the figures.
 *
 * Usage: queued [CHANNELS]
 * CHANNELS: in so many memory is measured.
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
#include <time.h>
#include <unistd.h>

#include <linux/kchan.h>

#define SIZE	64
#define STEPS	200
#define ROUNDS	101
#define BATCH	32

#define CHANNELS	100	/* unless the first argument says more */
#define EACH		1000	/* messages */
#define BYTES_MAX	192	/* memory of one */

static char data[SIZE];
static int control;
static uint32_t seed = 1;
static int results;
static int failures;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (uint64_t)seed * below >> 32;
}

static void judge(bool good, const char *what, double is, double limit)
{
	printf("%sok %d - %s: %.1f, at most %.1f\n", good ? "" : "not ",
	       ++results, what, is, limit);
	fflush(stdout);
	failures += !good;
}

static int channel(uint32_t depth)
{
	struct kchan_create arg = {
		.size = sizeof(arg), .open_flags = O_RDWR, .mode = 0600,
		.depth = depth, .bytes = (uint64_t)depth * SIZE,
		.msgsize = SIZE,
	};

	if (ioctl(control, KCHAN_IOC_CREATE, &arg))
		err(1, "KCHAN_IOC_CREATE");
	return arg.fd;
}

static void send_one(int fd, uint32_t prio, uint64_t tag)
{
	struct kchan_send arg = {
		.size = sizeof(arg), .data = (uintptr_t)data, .len = SIZE,
		.prio = prio, .tag = tag,
	};

	if (ioctl(fd, KCHAN_IOC_SEND, &arg))
		err(1, "KCHAN_IOC_SEND");
}

static void recv_one(int fd, uint32_t filter, uint64_t value)
{
	struct kchan_recv arg = {
		.size = sizeof(arg), .data = (uintptr_t)data, .capacity = SIZE,
		.filter = filter, .value = value, .flags = KCHAN_NONBLOCK,
	};

	if (ioctl(fd, KCHAN_IOC_RECV, &arg))
		err(1, "KCHAN_IOC_RECV");
}

static void step_prio(int fd, uint32_t tags)
{
	(void)tags;
	send_one(fd, any(KCHAN_PRIO_MAX + 1), 0);
	recv_one(fd, KCHAN_FILTER_NONE, 0);
}

static void step_tag(int fd, uint32_t tags)
{
	uint64_t tag = any(tags);

	send_one(fd, 0, tag);
	recv_one(fd, KCHAN_FILTER_TAG, tag);
}

static struct kchan_send sends[BATCH];
static struct kchan_recv recvs[BATCH];

static void step_batch(int fd, uint32_t tags)
{
	struct kchan_batch arg = {
		.size = sizeof(arg), .items = (uintptr_t)sends, .count = BATCH,
		.stride = sizeof(sends[0]),
	};

	(void)tags;
	if (ioctl(fd, KCHAN_IOC_SEND_BATCH, &arg) != BATCH)
		err(1, "KCHAN_IOC_SEND_BATCH");
	arg.items = (uintptr_t)recvs;
	arg.stride = sizeof(recvs[0]);
	if (ioctl(fd, KCHAN_IOC_RECV_BATCH, &arg) != BATCH)
		err(1, "KCHAN_IOC_RECV_BATCH");
}

/* @prios: how many priorities there are, one after the other. */
static void prepare_batch(int prios)
{
	int i;

	for (i = 0; i < BATCH; i++) {
		sends[i] = (struct kchan_send) {
			.size = sizeof(sends[i]), .data = (uintptr_t)data,
			.len = SIZE, .prio = i % prios,
		};
		recvs[i] = (struct kchan_recv) {
			.size = sizeof(recvs[i]), .data = (uintptr_t)data,
			.capacity = SIZE,
		};
	}
}

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

static double measure(const char *name, int fd,
		      void (*step)(int fd, uint32_t tags), uint32_t tags)
{
	uint64_t round[ROUNDS];
	double cost;
	int i, j;

	for (i = 0; i < STEPS; i++)
		step(fd, tags);
	for (i = 0; i < ROUNDS; i++) {
		round[i] = now();
		for (j = 0; j < STEPS; j++)
			step(fd, tags);
		round[i] = now() - round[i];
	}
	qsort(round, ROUNDS, sizeof(round[0]), compare);
	cost = (double)round[ROUNDS / 2] / STEPS;
	printf("# %-44s %8.0f\n", name, cost);
	fflush(stdout);
	return cost;
}

/* SEND+RECV with @n messages of random priority queued. */
static double with_queued(uint32_t n)
{
	char name[64];
	double cost;
	int fd = channel(n + 1);
	uint32_t i;

	snprintf(name, sizeof(name), "SEND+RECV, %u queued of any priority", n);
	for (i = 0; i < n; i++)
		send_one(fd, any(KCHAN_PRIO_MAX + 1), 0);
	cost = measure(name, fd, step_prio, 0);
	close(fd);
	return cost;
}

/* SEND+RECV by tag with @n messages of @tags tags queued. */
static double with_tags(uint32_t n, uint32_t tags)
{
	char name[64];
	double cost;
	int fd = channel(n + 1);
	uint32_t i;

	snprintf(name, sizeof(name), "SEND+RECV by tag, %u queued of %u tags",
		 n, tags);
	for (i = 0; i < n; i++)
		send_one(fd, 0, i % tags);
	cost = measure(name, fd, step_tag, tags);
	close(fd);
	return cost;
}

/* What a message costs in a batch that is sent and received. */
static double in_batches(int prios)
{
	int fd = channel(BATCH);
	char name[64];
	double cost;

	snprintf(name, sizeof(name), "a batch of %d of %d priorities", BATCH, prios);
	prepare_batch(prios);
	cost = measure(name, fd, step_batch, 0);
	close(fd);
	return cost / BATCH;
}

static void judge_batches(double single)
{
	double plain = in_batches(1), mixed = in_batches(2);

	judge(plain <= 500, "a message in a batch costs 500 at most", plain, 500);
	judge(mixed <= single,
	      "of two priorities it costs no more than SEND+RECV", mixed, single);
}

static void judge_costs(void)
{
	double few, more, many;

	few = with_queued(10);
	more = with_queued(1000);
	many = with_queued(60000);
	judge(more <= few * 1.03 && more >= few / 1.03,
	      "1,000 queued cost what 10 cost", more, few * 1.03);
	judge(many <= few * 1.03 && many >= few / 1.03,
	      "60,000 queued cost what 10 cost", many, few * 1.03);
	judge_batches(few);
	few = with_tags(10, 1);
	many = with_tags(10000, 1000);
	judge(many <= few * 1.2, "10,000 queued of 1,000 tags cost little more",
	      many, few * 1.2);
}

/* Memory of a cache: pages that it takes. */
static uint64_t cache_bytes(const char *cache)
{
	unsigned long long objects, size, per_slab, pages, slabs;
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512], name[64];
	uint64_t bytes = 0;

	if (!file)
		err(1, "/proc/slabinfo");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %*u %llu %llu %llu %llu", name, &objects,
			   &size, &per_slab, &pages) != 5 ||
		    strcmp(name, cache))
			continue;
		slabs = per_slab ? objects / per_slab : 0;
		bytes = slabs * pages * sysconf(_SC_PAGESIZE);
	}
	fclose(file);
	return bytes;
}

static void judge_memory(int channels)
{
	int *fds = calloc(channels, sizeof(*fds));
	uint64_t before, after;
	double each;
	int i, j;

	if (!fds)
		err(1, "memory");

	before = cache_bytes("kchan_msg") + cache_bytes("kchan_qnode");
	for (i = 0; i < channels; i++) {
		fds[i] = channel(EACH);
		for (j = 0; j < EACH; j++)
			send_one(fds[i], 0, 0);
	}
	after = cache_bytes("kchan_msg") + cache_bytes("kchan_qnode");
	each = (double)(after - before) / channels / EACH;
	judge(each > SIZE && each <= BYTES_MAX,
	      "kernel memory of a queued message of 64 bytes", each, BYTES_MAX);
	for (i = 0; i < channels; i++)
		close(fds[i]);
	free(fds);
}

static void stay_on_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		warn("cannot stay on one CPU");
}

static void set_limit(const char *name, unsigned long value)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/net/kchan/%s", name);
	file = fopen(path, "w");
	if (!file || fprintf(file, "%lu\n", value) < 0 || fclose(file))
		err(1, "%s", path);
}

int main(int argc, char **argv)
{
	int channels = argc > 1 ? atoi(argv[1]) : CHANNELS;

	control = open("/dev/kchan", O_RDWR);
	if (control < 0) {
		printf("1..0 # SKIP no /dev/kchan: is the module loaded?\n");
		return 4;
	}
	stay_on_one_cpu();
	set_limit("max_channels_user", channels + 100);
	set_limit("max_depth", 100000);
	set_limit("max_bytes_user", 1UL << 30);
	judge_costs();
	judge_memory(channels);
	printf("1..%d\n", results);
	return failures != 0;
}
