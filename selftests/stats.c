// SPDX-License-Identifier: GPL-2.0
/* What KCHAN_IOC_STATE counts, and what becomes of a message that cannot be given. */
#include "kchan_call.h"

#include <sys/uio.h>

FIXTURE(stats)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	char buf[64];
};

FIXTURE_SETUP(stats)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 8, 100, 250);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(stats)
{
	close(self->fd);
	close(self->ctl);
}

static uint64_t residence(const struct kchan_state *state)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < KCHAN_RESIDENCE_BUCKETS; i++)
		sum += state->residence[i];
	return sum;
}

/* A page that can be read but not written. */
static void *read_only_page(const void *content, size_t size)
{
	void *p = kc_guarded(4096);

	memcpy(p, content, size);
	if (mprotect(p, 4096, PROT_READ))
		abort();
	return p;
}

TEST_F(stats, new_channel_has_counted_nothing)
{
	struct kchan_state state = kc_state(self->fd);

	EXPECT_EQ(sizeof(state), state.size);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.queued_max);
	EXPECT_EQ(0, state.queued_bytes);
	EXPECT_EQ(0, state.queued_bytes_max);
	EXPECT_EQ(0, state.waiting_senders);
	EXPECT_EQ(0, state.waiting_receivers);
	EXPECT_EQ(0, state.send_pid);
	EXPECT_EQ(0, state.recv_pid);
	EXPECT_EQ(0, state.reserved);
	EXPECT_EQ(0, state.send_time);
	EXPECT_EQ(0, state.recv_time);
	EXPECT_EQ(0, state.sent);
	EXPECT_EQ(0, state.sent_bytes);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(0, state.received_bytes);
	EXPECT_EQ(0, state.returned);
	EXPECT_EQ(0, residence(&state));
}

TEST_F(stats, messages_and_bytes_are_counted)
{
	struct kchan_state state;

	ASSERT_EQ(10, write(self->fd, self->buf, 10));
	ASSERT_EQ(0, kc_send(self->fd, 5, 0, self->buf, 20));
	ASSERT_EQ(0, kc_send(self->fd, 0, 0, NULL, 0));
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued);
	EXPECT_EQ(30, state.queued_bytes);
	EXPECT_EQ(3, state.sent);
	EXPECT_EQ(30, state.sent_bytes);
	EXPECT_EQ(0, state.received);
	ASSERT_EQ(20, read(self->fd, self->buf, sizeof(self->buf)));
	state = kc_state(self->fd);
	EXPECT_EQ(2, state.queued);
	EXPECT_EQ(10, state.queued_bytes);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(20, state.received_bytes);
	EXPECT_EQ(3, state.sent);
	EXPECT_EQ(0, state.returned);
}

TEST_F(stats, high_water_marks_stay)
{
	struct kchan_state state;
	int i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(10, write(self->fd, self->buf, 10));
	}
	/* Those that are there count, too. */
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued_max);
	EXPECT_EQ(30, state.queued_bytes_max);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(10, read(self->fd, self->buf, sizeof(self->buf)));
	}
	ASSERT_EQ(20, write(self->fd, self->buf, 20));
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued_max);
	EXPECT_EQ(30, state.queued_bytes_max);
	ASSERT_EQ(11, write(self->fd, self->buf, 11));
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued_max);
	EXPECT_EQ(31, state.queued_bytes_max);
}

TEST_F(stats, last_sender_and_receiver_are_shown)
{
	struct kchan_state state;
	uint64_t t0 = kc_now(), t1, t2;

	ASSERT_EQ(1, write(self->fd, "x", 1));
	t1 = kc_now();
	state = kc_state(self->fd);
	EXPECT_EQ(getpid(), state.send_pid);
	EXPECT_EQ(0, state.recv_pid);
	EXPECT_LE(t0, state.send_time);
	EXPECT_GE(t1, state.send_time);
	EXPECT_EQ(0, state.recv_time);
	ASSERT_EQ(1, read(self->fd, self->buf, 1));
	t2 = kc_now();
	state = kc_state(self->fd);
	EXPECT_EQ(getpid(), state.recv_pid);
	EXPECT_LE(t1, state.recv_time);
	EXPECT_GE(t2, state.recv_time);
}

TEST_F(stats, handing_over_is_counted_as_sending_and_receiving)
{
	struct kc_call call = kc_call(KC_READ, kc_reopen(self->fd, O_RDONLY), 64);
	struct kchan_state state;

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(5, write(self->fd, "hello", 5));
	ASSERT_EQ(5, kc_join(&call));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.sent);
	EXPECT_EQ(5, state.sent_bytes);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(5, state.received_bytes);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.waiting_receivers);
	EXPECT_NE(0, state.send_time);
	EXPECT_NE(0, state.recv_time);
	EXPECT_EQ(1, residence(&state));
}

TEST_F(stats, endpoints_are_counted_by_role)
{
	int rd = kc_reopen(self->fd, O_RDONLY);
	int wr = kc_reopen(self->fd, O_WRONLY);

	EXPECT_EQ(2, kc_state(self->fd).senders);
	EXPECT_EQ(2, kc_state(self->fd).receivers);
	close(wr);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(self->fd).senders == 1));
	EXPECT_EQ(2, kc_state(self->fd).receivers);
	close(rd);
	EXPECT_TRUE(KC_EVENTUALLY(kc_state(self->fd).receivers == 1));
}

TEST_F(stats, every_endpoint_shows_the_same_state)
{
	int rd = kc_reopen(self->fd, O_RDONLY);
	int wr = kc_reopen(self->fd, O_WRONLY);
	struct kchan_state state = kc_state(rd);

	EXPECT_EQ(sizeof(state), state.size);
	EXPECT_TRUE(kc_unchanged(&state, wr));
	EXPECT_TRUE(kc_unchanged(&state, self->fd));
}

static uint64_t coarse_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * KC_NS + now.tv_nsec;
}

/* A clock tick has passed: this clock goes on with each, but a little later. */
static void next_tick(void)
{
	uint64_t was;
	int i;

	for (i = 0; i < 2; i++) {
		was = coarse_now();
		while (coarse_now() == was)
			usleep(1000);
	}
}

TEST_F(stats, time_in_queue_is_counted_once_in_a_clock_tick)
{
	uint64_t start = kc_now(), ticks;
	struct kchan_state state;
	int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(1, write(self->fd, "x", 1));
		ASSERT_EQ(1, read(self->fd, self->buf, 1));
	}
	/* CONFIG_HZ is 1000 at most. */
	ticks = (kc_now() - start) / (KC_NS / 1000) + 2;
	state = kc_state(self->fd);
	EXPECT_EQ(1000, state.received);
	EXPECT_LE(1, residence(&state));
	EXPECT_GE(ticks, residence(&state));
}

TEST_F(stats, time_in_queue_is_counted_where_it_is_the_first_in_a_clock_tick)
{
	struct kchan_state state;
	int i;

	for (i = 0; i < 5; i++) {
		next_tick();
		ASSERT_EQ(1, write(self->fd, "x", 1));
		ASSERT_EQ(1, read(self->fd, self->buf, 1));
	}
	ASSERT_EQ(1, write(self->fd, "x", 1));
	state = kc_state(self->fd);
	EXPECT_EQ(5, state.received);
	EXPECT_EQ(5, residence(&state));
}

/* [0] is below 2^10 ns, [i] below 2^(10 + i). */
static int bucket_of(uint64_t ns)
{
	int i = 0;

	while (ns >> (KCHAN_RESIDENCE_SHIFT + i))
		i++;
	return i;
}

TEST_F(stats, time_in_queue_is_counted_in_its_bucket)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));
	uint64_t stay, until, expected[KCHAN_RESIDENCE_BUCKETS] = { 0 };
	struct kchan_state state;

	for (stay = 0; stay < KC_NS / 20; stay = stay * 2 + 1000) {
		next_tick();
		ASSERT_EQ(1, write(self->fd, "x", 1));
		until = kc_now() + stay;
		while (kc_now() < until)
			;
		ASSERT_EQ(0, kc_recv(self->fd, &arg));
		state = kc_state(self->fd);
		EXPECT_LE(stay, state.recv_time - arg.time);
		expected[bucket_of(state.recv_time - arg.time)]++;
		EXPECT_EQ(0, memcmp(expected, state.residence, sizeof(expected)))
			TH_LOG("%llu ns", state.recv_time - arg.time);
	}
}

TEST_F(stats, failed_calls_count_nothing)
{
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EAGAIN, kc_ret(read(self->fd, self->buf, 10)));
	EXPECT_EQ(-EINVAL, kc_send(self->fd, KCHAN_PRIO_MAX + 1, 0, "x", 1));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(stats, send_from_bad_memory_is_EFAULT_and_sends_nothing)
{
	struct kchan_state before = kc_state(self->fd);
	char *end = (char *)kc_guarded(16) + 16;

	EXPECT_EQ(-EFAULT, kc_ret(write(self->fd, end, 8)));
	EXPECT_EQ(-EFAULT, kc_send(self->fd, 0, 0, end, 8));
	/* The first half is there, the second is not. */
	EXPECT_EQ(-EFAULT, kc_ret(write(self->fd, end - 8, 16)));
	EXPECT_EQ(-EFAULT, kc_send(self->fd, 0, 0, end - 8, 16));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

/* Two messages; a receive of the first that faults; then both, in order. */
FIXTURE(fault)
{
	int ctl;
	int fd;
	char buf[64];
	struct kchan_state before;
};

FIXTURE_SETUP(fault)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, 8, 100, 250);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, kc_send(self->fd, 1, 1, "first message", 13));
	ASSERT_EQ(0, kc_send(self->fd, 1, 2, "second", 6));
	self->before = kc_state(self->fd);
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd);
	close(self->ctl);
}

/* The message is back at the front, so many times, and all else as before. */
static bool put_back(const struct kchan_state *before, int fd, unsigned int times)
{
	struct kchan_state now = kc_state(fd);
	char buf[64];
	struct kchan_recv arg = kc_recv_arg(buf, sizeof(buf));

	if (now.queued != before->queued || now.received != before->received ||
	    now.queued_bytes != before->queued_bytes ||
	    now.received_bytes != before->received_bytes ||
	    now.sent != before->sent || now.sent_bytes != before->sent_bytes ||
	    now.returned != before->returned + times)
		return false;
	if (kc_recv(fd, &arg) || arg.tag != 1 || arg.seq != 1 || arg.len != 13 ||
	    arg.deliveries != times + 1 || memcmp(buf, "first message", 13))
		return false;
	arg = kc_recv_arg(buf, sizeof(buf));
	if (kc_recv(fd, &arg) || arg.tag != 2 || arg.deliveries != 1)
		return false;
	now = kc_state(fd);
	return now.received == 2 && residence(&now) &&
	       residence(&now) <= now.received + now.returned;
}

TEST_F(fault, read_into_bad_memory_puts_the_message_back)
{
	char *end = (char *)kc_guarded(16) + 16;

	EXPECT_EQ(-EFAULT, kc_ret(read(self->fd, end, 64)));
	EXPECT_TRUE(put_back(&self->before, self->fd, 1));
}

TEST_F(fault, recv_into_bad_memory_puts_the_message_back)
{
	char *end = (char *)kc_guarded(16) + 16;
	struct kchan_recv arg = kc_recv_arg(end, 64), was = arg;

	EXPECT_EQ(-EFAULT, kc_recv(self->fd, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_TRUE(put_back(&self->before, self->fd, 1));
}

TEST_F(fault, buffer_that_ends_within_the_message_puts_it_back)
{
	char *end = (char *)kc_guarded(16) + 16;
	struct kchan_recv arg = kc_recv_arg(end - 8, 64);

	EXPECT_EQ(-EFAULT, kc_ret(read(self->fd, end - 8, 64)));
	EXPECT_EQ(-EFAULT, kc_recv(self->fd, &arg));
	EXPECT_TRUE(put_back(&self->before, self->fd, 2));
}

TEST_F(fault, buffer_that_ends_after_the_message_suffices)
{
	char *end = (char *)kc_guarded(16) + 16;

	EXPECT_EQ(13, read(self->fd, end - 13, 64));
	EXPECT_EQ(0, memcmp(end - 13, "first message", 13));
}

TEST_F(fault, read_only_buffer_puts_the_message_back)
{
	void *page = read_only_page("x", 1);

	EXPECT_EQ(-EFAULT, kc_ret(read(self->fd, page, 64)));
	EXPECT_TRUE(put_back(&self->before, self->fd, 1));
}

TEST_F(fault, second_part_of_readv_puts_the_message_back)
{
	char *end = (char *)kc_guarded(16) + 16;
	struct iovec iov[] = { { self->buf, 8 }, { end, 64 } };

	EXPECT_EQ(-EFAULT, kc_ret(readv(self->fd, iov, 2)));
	EXPECT_TRUE(put_back(&self->before, self->fd, 1));
}

TEST_F(fault, recv_with_a_read_only_struct_puts_the_message_back)
{
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	EXPECT_EQ(-EFAULT, kc_recv(self->fd, read_only_page(&arg, sizeof(arg))));
	EXPECT_TRUE(put_back(&self->before, self->fd, 1));
}

TEST_F(fault, message_handed_to_a_waiter_that_faults_is_put_back)
{
	char *end = (char *)kc_guarded(16) + 16;
	struct kc_call call = kc_call(KC_READ, kc_reopen(self->fd, O_RDONLY), 64);
	struct kchan_recv arg = kc_recv_arg(self->buf, sizeof(self->buf));

	ASSERT_EQ(13, read(self->fd, self->buf, 64));
	ASSERT_EQ(6, read(self->fd, self->buf, 64));
	call.at = end;
	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->fd, 1));
	ASSERT_EQ(0, kc_send(self->fd, 0, 3, "third", 5));
	EXPECT_EQ(-EFAULT, kc_join(&call));
	EXPECT_EQ(1, kc_state(self->fd).returned);
	ASSERT_EQ(0, kc_recv(self->fd, &arg));
	EXPECT_EQ(3, arg.tag);
	EXPECT_EQ(2, arg.deliveries);
}

TEST_HARNESS_MAIN
