// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Frames of 4 MiB from one process to another, none of which is copied: the sender fills
 * each where the receiver reads it. "frames 1000 touch" writes and reads every byte.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kchan.h>

#define FRAME (4 << 20)
#define WORDS (FRAME / sizeof(uint64_t))

static int failed(const char *what, int err)
{
	fprintf(stderr, "%s: %s\n", what, err ? strerror(-err) : "ended early");
	return 1;
}

/* So many words of frame n, all or just the first, are n. */
static void fill(uint64_t *frame, uint64_t n, size_t words)
{
	while (words--)
		frame[words] = n;
}

static int is_frame(const uint64_t *frame, uint64_t n, size_t words)
{
	uint64_t differ = 0;

	while (words--)
		differ |= frame[words] ^ n;
	return !differ;
}

/* Each call publishes a frame and has the slot for the next one loaned. */
static int produce(struct kchan *tx, uint64_t count, size_t words)
{
	struct kchan_send_opts opts = KCHAN_INIT(struct kchan_send_opts);
	ssize_t room;
	void *frame;
	uint64_t n;

	opts.flags = KCHAN_NEED_PEER;
	room = kchan_loan(tx, &frame);
	for (n = 0; n < count && room > 0; n++) {
		fill(frame, n, words);
		room = kchan_publish_and_loan(tx, &frame, FRAME, &opts, NULL);
	}
	return n == count && room >= 0 ? 0 : failed("publish", room);
}

/* Each call releases a frame and takes the next one, until there is no sender. */
static int consume(struct kchan *rx, uint64_t *count, size_t words)
{
	struct kchan_recv_opts opts = KCHAN_INIT(struct kchan_recv_opts);
	const void *frame = NULL;
	ssize_t len;

	opts.flags = KCHAN_NEED_PEER;
	while ((len = kchan_release_and_take(rx, &frame, &opts, NULL)) > 0)
		*count += is_frame(frame, *count, words);
	return len == -EPIPE ? 0 : failed("take", len);
}

/* In a process of its own. */
static pid_t start(struct kchan *rx, struct kchan *tx, uint64_t count,
		   size_t words)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	kchan_close(rx);
	_exit(produce(tx, count, words));
}

int main(int argc, char **argv)
{
	struct kchan_create_opts create = KCHAN_INIT(struct kchan_create_opts);
	uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
	size_t words = argc > 2 && !strcmp(argv[2], "touch") ? WORDS : 1;
	struct kchan *rx, *tx;
	uint64_t n = 0, began;
	double rate;
	pid_t pid;
	int err;

	create.slots = 8;
	create.slot_size = FRAME;
	err = kchan_create_pair(&rx, &tx, 0, &create);
	if (err)
		return failed("create", err);
	began = kchan_now();
	pid = start(rx, tx, count, words);
	if (pid < 0)
		return failed("fork", -errno);
	kchan_close(tx);
	err = consume(rx, &n, words);
	rate = n / ((kchan_now() - began) / 1e9);
	kchan_close(rx); /* which ends a sender that waits */
	waitpid(pid, NULL, 0);
	printf("%llu frames of 4 MiB, %s: %.0f frames/s, %.1f GiB/s\n",
	       (unsigned long long)n, n == count ? "in order" : "not all", rate,
	       rate * FRAME / (1 << 30));
	return err || n != count;
}
