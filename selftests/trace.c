// SPDX-License-Identifier: GPL-2.0
/* What can be followed from outside: tracepoints, and the lines of fdinfo. */
#include "kchan_pool.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#define TRACING "/sys/kernel/tracing"
#define SLOTS 4
#define SIZE 64

static int put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_TRUNC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -EIO;
	close(fd);
	return ret;
}

FIXTURE(trace)
{
	int ctl;
	int fd;		/* O_RDWR, of a channel with a pool */
	char text[65536];
};

FIXTURE_SETUP(trace)
{
	if (access(TRACING "/trace", W_OK))
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, put(TRACING "/trace", ""));
	ASSERT_EQ(0, put(TRACING "/events/kchan/enable", "1"));
	self->ctl = kc_ctl();
	self->fd = kp_queue(self->ctl, SLOTS, SIZE);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(trace)
{
	EXPECT_EQ(0, put(TRACING "/events/kchan/enable", "0"));
	close(self->fd);
	close(self->ctl);
}

/* The trace, without what comes before the names of the events. */
static void read_trace(FIXTURE_DATA(trace) *self)
{
	int fd = open(TRACING "/trace", O_RDONLY);
	size_t size = 0;
	ssize_t n;

	while (fd >= 0 && size < sizeof(self->text) - 1) {
		n = read(fd, self->text + size, sizeof(self->text) - 1 - size);
		if (n <= 0)
			break;
		size += n;
	}
	self->text[size] = '\0';
	close(fd);
}

/* How often an event of the channel with such fields is in the trace. */
static int times(FIXTURE_DATA(trace) *self, const char *event,
		 const char *fields)
{
	char line[256], *at;
	struct stat st;
	int n = 0;

	fstat(self->fd, &st);
	snprintf(line, sizeof(line), " %s: dev=%u:%u channel=%llu%s%s\n", event,
		 major(st.st_dev), minor(st.st_dev),
		 (unsigned long long)st.st_ino, *fields ? " " : "", fields);
	for (at = self->text; (at = strstr(at, line)); at++)
		n++;
	return n;
}

TEST_F(trace, message_is_followed_from_its_sender_to_its_receiver)
{
	char buf[SIZE];

	ASSERT_EQ(0, kc_send(self->fd, 3, 7, "hello", 5));
	ASSERT_EQ(5, read(self->fd, buf, sizeof(buf)));
	read_trace(self);
	EXPECT_EQ(1, times(self, "kchan_create",
			   "kind=0 depth=4 msgsize=64 slots=4"));
	EXPECT_EQ(1, times(self, "kchan_send",
			   "seq=1 tag=7 size=5 prio=3 deliveries=0 queued=1"));
	EXPECT_EQ(1, times(self, "kchan_recv",
			   "seq=1 tag=7 size=5 prio=3 deliveries=1 queued=0"));
}

/* Also where a loan, or a release, is a part of another call. */
TEST_F(trace, slot_is_followed_from_loan_to_release)
{
	struct kchan_take take = kp_take_arg(0);
	struct kchan_publish publish;
	char slot[3][16];
	int i;

	publish = kp_publish_arg(kp_loan(self->fd), 4);
	snprintf(slot[0], sizeof(slot[0]), "slot=%u", publish.slot);
	publish.flags = KCHAN_PUBLISH_LOAN;
	ASSERT_EQ(0, kc_ioctl(self->fd, KCHAN_IOC_PUBLISH, &publish));
	snprintf(slot[1], sizeof(slot[1]), "slot=%u", publish.next);
	ASSERT_EQ(0, kp_take(self->fd, &take));
	ASSERT_LE(0, kp_send(self->fd, 0, 1));
	take.release = take.slot;
	ASSERT_EQ(0, kp_take(self->fd, &take));
	snprintf(slot[2], sizeof(slot[2]), "slot=%u", take.slot);
	ASSERT_EQ(1, kp_release(self->fd, take.slot));
	ASSERT_EQ(1, kp_release(self->fd, publish.next));
	read_trace(self);
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(1, times(self, "kchan_loan", slot[i]));
		EXPECT_EQ(i != 1, times(self, "kchan_publish", slot[i]));
		EXPECT_EQ(i != 1, times(self, "kchan_take", slot[i]));
		EXPECT_EQ(1, times(self, "kchan_release", slot[i]));
	}
	EXPECT_EQ(1, times(self, "kchan_send",
			   "seq=2 tag=1 size=4 prio=0 deliveries=0 queued=1"));
}

/* A receiver waits until there is a message. Return: whether it was seen to be woken. */
static bool sees_wake(FIXTURE_DATA(trace) *self)
{
	int rx = kc_reopen(self->fd, O_RDONLY);
	struct kc_call call = kc_receiver(rx);
	char line[64];

	if (kc_start(&call) || !kc_receivers_wait(self->fd, 1) ||
	    kc_send(self->fd, 0, 7, "x", 1) || kc_join(&call))
		abort();
	close(rx);
	read_trace(self);
	snprintf(line, sizeof(line), " kchan_wake: pid=%d status=0\n", call.tid);
	return strstr(self->text, line);
}

TEST_F(trace, waiting_and_waking_are_followed)
{
	EXPECT_TRUE(sees_wake(self));
	EXPECT_EQ(1, times(self, "kchan_wait", "for=message"));
}

/* Messages go the short way as long as they themselves are not followed. */
TEST_F(trace, waking_is_followed_where_nothing_else_is)
{
	ASSERT_EQ(0, put(TRACING "/events/kchan/enable", "0"));
	ASSERT_EQ(0, put(TRACING "/events/kchan/kchan_wake/enable", "1"));
	EXPECT_TRUE(sees_wake(self));
	EXPECT_EQ(0, times(self, "kchan_wait", "for=message"));
}

/* The value of a line of an endpoint's fdinfo, or -1. */
static long fdinfo(int fd, const char *key)
{
	char path[64], line[128];
	long value = -1;
	size_t len = strlen(key);
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, len) && line[len] == ':')
			value = strtol(line + len + 1, NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

TEST(fdinfo_says_what_an_endpoint_has)
{
	int ctl = kc_ctl(), fd = kp_queue(ctl, SLOTS, SIZE), rx;

	rx = kc_reopen(fd, O_RDONLY);
	ASSERT_LE(0, rx);
	EXPECT_EQ((long)kc_state(fd).id, fdinfo(fd, "kchan-id"));
	ASSERT_LE(0, kp_loan(fd));
	ASSERT_LE(0, kp_send(fd, 0, 1));
	ASSERT_LE(0, kp_send(fd, 0, 2));
	ASSERT_LE(0, kp_send(fd, 0, 3));
	ASSERT_LE(0, kp_take_one(rx, KCHAN_HOLD));
	ASSERT_LE(0, kp_take_one(rx, 0));
	EXPECT_EQ(1, fdinfo(fd, "kchan-queued"));
	EXPECT_EQ(1, fdinfo(fd, "kchan-loaned"));
	EXPECT_EQ(0, fdinfo(fd, "kchan-taken"));
	EXPECT_EQ(0, fdinfo(fd, "kchan-held"));
	EXPECT_EQ(1, fdinfo(rx, "kchan-queued"));
	EXPECT_EQ(0, fdinfo(rx, "kchan-loaned"));
	EXPECT_EQ(2, fdinfo(rx, "kchan-taken"));
	EXPECT_EQ(1, fdinfo(rx, "kchan-held"));
	EXPECT_EQ(0, fdinfo(rx, "kchan-waiting"));
	close(rx);
	close(fd);
	close(ctl);
}

TEST_HARNESS_MAIN
