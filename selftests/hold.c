// SPDX-License-Identifier: GPL-2.0
/* Messages that are held: taken with HOLD, ended with ACK, NACK or REJECT. */
#include "kchan_call.h"

#include <poll.h>
#include <sys/stat.h>

#define DEPTH 6
#define BYTES 600

FIXTURE(hold)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK; DEPTH messages, BYTES in all */
	int rx;		/* O_RDONLY, blocking */
	int tx;		/* O_WRONLY, blocking */
	char buf[128];
	struct kchan_recv arg;
};

FIXTURE_SETUP(hold)
{
	self->ctl = kc_ctl();
	self->fd = kc_queue(self->ctl, DEPTH, 100, BYTES);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	self->tx = kc_reopen(self->fd, O_WRONLY);
	ASSERT_LE(0, self->rx);
	ASSERT_LE(0, self->tx);
	memset(self->buf, KC_POISON, sizeof(self->buf));
	self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
	self->arg.flags = KCHAN_HOLD;
}

FIXTURE_TEARDOWN(hold)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->tx);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

/* Messages 1 to N, with their numbers as tags. */
static bool send_some(int fd, unsigned int n)
{
	uint64_t i;

	for (i = 1; i <= n; i++)
		if (kc_send(fd, 0, i, "message", 7))
			return false;
	return true;
}

/* Those that the endpoint is to hold now. */
static bool hold_some(int fd, unsigned int n)
{
	while (n--)
		if (!kc_hold(fd))
			return false;
	return true;
}

TEST_F(hold, held_message_is_out_of_the_queue_and_shown_as_held)
{
	struct kchan_state state;
	struct stat st;

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(7, self->arg.len);
	EXPECT_EQ(0, memcmp(self->buf, "message", 7));
	EXPECT_EQ(1, self->arg.seq);
	EXPECT_EQ(1, self->arg.deliveries);
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.queued);
	EXPECT_EQ(7, state.queued_bytes);
	EXPECT_EQ(1, state.held);
	EXPECT_EQ(7, state.held_bytes);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(0, state.received_bytes);
	EXPECT_EQ(0, state.returned);
	ASSERT_EQ(0, fstat(self->fd, &st));
	EXPECT_EQ(7, st.st_size);
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(0, kc_take_tag(self->fd));
}

TEST_F(hold, acknowledged_message_is_received)
{
	struct kchan_state state;

	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(1, kc_ack(self->rx, 1));
	state = kc_state(self->fd);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(0, state.held_bytes);
	EXPECT_EQ(1, state.received);
	EXPECT_EQ(7, state.received_bytes);
	EXPECT_EQ(0, state.returned);
	EXPECT_EQ(0, kc_take_tag(self->fd));
}

TEST_F(hold, most_that_were_held_stays_in_the_state)
{
	ASSERT_TRUE(send_some(self->tx, 3));
	ASSERT_TRUE(hold_some(self->rx, 3));
	EXPECT_EQ(3, kc_state(self->fd).held_max);
	ASSERT_EQ(3, kc_settle(self->rx, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_EQ(3, kc_state(self->fd).held_max);
	EXPECT_EQ(0, kc_state(self->fd).held);
}

TEST_F(hold, messages_are_acknowledged_in_any_order)
{
	ASSERT_TRUE(send_some(self->tx, 3));
	ASSERT_TRUE(hold_some(self->rx, 3));
	EXPECT_EQ(1, kc_ack(self->rx, 2));
	EXPECT_EQ(1, kc_ack(self->rx, 3));
	EXPECT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_EQ(3, kc_state(self->fd).received);
	EXPECT_EQ(0, kc_held(self->rx));
}

TEST_F(hold, several_messages_are_acknowledged_at_once)
{
	static const uint64_t seqs[] = { 4, 1, 3 };

	ASSERT_TRUE(send_some(self->tx, 4));
	ASSERT_TRUE(hold_some(self->rx, 4));
	EXPECT_EQ(3, kc_settle_many(self->rx, KCHAN_IOC_ACK, seqs, 3, 0));
	EXPECT_EQ(1, kc_state(self->fd).held);
	EXPECT_EQ(3, kc_state(self->fd).received);
	EXPECT_EQ(1, kc_ack(self->rx, 2));
}

TEST_F(hold, all_up_to_a_number_are_acknowledged)
{
	ASSERT_TRUE(send_some(self->tx, 5));
	ASSERT_TRUE(hold_some(self->rx, 5));
	EXPECT_EQ(3, kc_settle(self->rx, KCHAN_IOC_ACK, 3, KCHAN_ACK_UP_TO));
	EXPECT_EQ(2, kc_held(self->rx));
	EXPECT_EQ(0, kc_settle(self->rx, KCHAN_IOC_ACK, 3, KCHAN_ACK_UP_TO));
	EXPECT_EQ(2, kc_settle(self->rx, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_EQ(5, kc_state(self->fd).received);
}

/* Held in the order of priorities, which is not that of the numbers. */
TEST_F(hold, up_to_goes_by_number_and_not_by_when_it_was_held)
{
	unsigned int i;

	for (i = 1; i <= 4; i++) {
		ASSERT_EQ(0, kc_send(self->tx, i, i, "x", 1));
	}
	for (i = 4; i >= 1; i--) {
		ASSERT_EQ(i, kc_hold(self->rx));
	}
	EXPECT_EQ(2, kc_settle(self->rx, KCHAN_IOC_NACK, 2, KCHAN_ACK_UP_TO));
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(1, kc_take_tag(self->fd));
	EXPECT_EQ(2, kc_held(self->rx));
}

TEST_F(hold, up_to_with_nothing_held_is_0)
{
	struct kchan_state before;

	ASSERT_TRUE(send_some(self->tx, 2));
	before = kc_state(self->fd);
	EXPECT_EQ(0, kc_settle(self->rx, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_EQ(0, kc_settle(self->rx, KCHAN_IOC_NACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_EQ(0, kc_settle(self->rx, KCHAN_IOC_NACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO | KCHAN_NACK_REJECT));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(hold, number_that_is_not_held_is_ENOENT)
{
	static const uint64_t not_held[] = { 0, 2, 3, 77, UINT64_MAX };
	struct kchan_state before;
	unsigned int i;

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_EQ(1, kc_hold(self->rx));
	before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(not_held); i++) {
		EXPECT_EQ(-ENOENT, kc_ack(self->rx, not_held[i]))
			TH_LOG("number %llu", (unsigned long long)not_held[i]);
		EXPECT_EQ(-ENOENT, kc_nack(self->rx, not_held[i]));
		EXPECT_EQ(-ENOENT, kc_reject(self->rx, not_held[i]));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	EXPECT_EQ(1, kc_held(self->rx));
}

TEST_F(hold, message_is_acknowledged_once)
{
	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_EQ(-ENOENT, kc_ack(self->rx, 1));
	EXPECT_EQ(-ENOENT, kc_nack(self->rx, 1));
	EXPECT_EQ(1, kc_state(self->fd).received);
}

TEST_F(hold, message_held_by_another_endpoint_is_ENOENT)
{
	int other = kc_reopen(self->fd, O_RDONLY);
	struct kchan_state before;

	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	before = kc_state(self->fd);
	EXPECT_EQ(-ENOENT, kc_ack(other, 1));
	EXPECT_EQ(-ENOENT, kc_nack(self->fd, 1));
	EXPECT_EQ(0, kc_settle(other, KCHAN_IOC_ACK, UINT64_MAX,
			       KCHAN_ACK_UP_TO));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	close(other);
	EXPECT_EQ(1, kc_ack(self->rx, 1));
}

TEST_F(hold, several_end_at_the_first_that_is_not_held)
{
	static const uint64_t seqs[] = { 1, 9, 2 };

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_TRUE(hold_some(self->rx, 2));
	EXPECT_EQ(1, kc_settle_many(self->rx, KCHAN_IOC_ACK, seqs, 3, 0));
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(-ENOENT, kc_settle_many(self->rx, KCHAN_IOC_ACK, seqs + 1, 2,
					  0));
	EXPECT_EQ(1, kc_ack(self->rx, 2));
}

TEST_F(hold, several_with_one_twice_end_there)
{
	static const uint64_t seqs[] = { 1, 1, 2 };

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_TRUE(hold_some(self->rx, 2));
	EXPECT_EQ(1, kc_settle_many(self->rx, KCHAN_IOC_NACK, seqs, 3, 0));
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(1, kc_state(self->fd).queued);
}

TEST_F(hold, numbers_that_cannot_be_read_are_EFAULT_or_end_the_call)
{
	uint64_t *seqs = kc_guarded(2 * sizeof(*seqs));
	struct kchan_state before;

	ASSERT_TRUE(send_some(self->tx, 3));
	ASSERT_TRUE(hold_some(self->rx, 3));
	before = kc_state(self->fd);
	EXPECT_EQ(-EFAULT, kc_settle_many(self->rx, KCHAN_IOC_ACK, seqs + 2, 3,
					  0));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	seqs[0] = 3;
	seqs[1] = 1;
	EXPECT_EQ(2, kc_settle_many(self->rx, KCHAN_IOC_ACK, seqs, 3, 0));
	EXPECT_EQ(1, kc_held(self->rx));
	EXPECT_EQ(1, kc_ack(self->rx, 2));
}

TEST_F(hold, nack_puts_a_message_back_before_the_others)
{
	struct kchan_state state;

	ASSERT_TRUE(send_some(self->tx, 3));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	state = kc_state(self->fd);
	EXPECT_EQ(3, state.queued);
	EXPECT_EQ(21, state.queued_bytes);
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(0, state.held_bytes);
	EXPECT_EQ(1, state.returned);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(1, kc_take_tag(self->fd));
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(3, kc_take_tag(self->fd));
}

TEST_F(hold, messages_put_back_one_by_one_are_in_order)
{
	static const uint64_t seqs[] = { 2, 3, 1 };
	uint64_t i;

	ASSERT_TRUE(send_some(self->tx, 4));
	ASSERT_TRUE(hold_some(self->rx, 3));
	EXPECT_EQ(3, kc_settle_many(self->rx, KCHAN_IOC_NACK, seqs, 3, 0));
	for (i = 1; i <= 4; i++)
		EXPECT_EQ(i, kc_take_tag(self->fd));
}

/* Taken with a filter, and so before its turn. */
TEST_F(hold, what_is_put_back_goes_before_earlier_ones)
{
	ASSERT_TRUE(send_some(self->tx, 4));
	self->arg.filter = KCHAN_FILTER_TAG;
	self->arg.value = 3;
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	self->arg.value = 2;
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(1, kc_nack(self->rx, 3));
	EXPECT_EQ(1, kc_nack(self->rx, 2));
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(3, kc_take_tag(self->fd));
	EXPECT_EQ(1, kc_take_tag(self->fd));
	EXPECT_EQ(4, kc_take_tag(self->fd));
}

TEST_F(hold, message_put_back_keeps_its_priority)
{
	ASSERT_EQ(0, kc_send(self->tx, 5, 1, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 5, 2, "x", 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	ASSERT_EQ(0, kc_send(self->tx, 9, 3, "x", 1));
	ASSERT_EQ(0, kc_send(self->tx, 1, 4, "x", 1));
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_EQ(3, kc_take_tag(self->fd));
	EXPECT_EQ(1, kc_take_tag(self->fd));
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(4, kc_take_tag(self->fd));
}

TEST_F(hold, deliveries_count_each_time_that_it_was_handed_out)
{
	struct kchan_recv first;
	unsigned int i;

	ASSERT_EQ(0, kc_send(self->tx, 7, 99, "text", 4));
	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		EXPECT_EQ(i, self->arg.deliveries);
		if (i == 1)
			first = self->arg;
		EXPECT_EQ(first.seq, self->arg.seq);
		EXPECT_EQ(first.time, self->arg.time);
		EXPECT_EQ(99, self->arg.tag);
		EXPECT_EQ(7, self->arg.prio);
		ASSERT_EQ(1, kc_nack(self->rx, 1));
		EXPECT_EQ(i, kc_state(self->fd).returned);
	}
	self->arg.flags = 0;
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(6, self->arg.deliveries);
}

TEST_F(hold, rejected_message_is_dropped_and_counted)
{
	struct kchan_state state;

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(1, kc_reject(self->rx, 1));
	state = kc_state(self->fd);
	EXPECT_EQ(1, state.dropped[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(1, kc_total(state.dropped));
	EXPECT_EQ(0, kc_total(state.dead_lettered));
	EXPECT_EQ(0, state.held);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(0, state.returned);
	EXPECT_EQ(2, kc_take_tag(self->fd));
	EXPECT_EQ(0, kc_take_tag(self->fd));
}

TEST_F(hold, all_up_to_a_number_are_rejected)
{
	ASSERT_TRUE(send_some(self->tx, 3));
	ASSERT_TRUE(hold_some(self->rx, 3));
	EXPECT_EQ(2, kc_settle(self->rx, KCHAN_IOC_NACK, 2,
			       KCHAN_ACK_UP_TO | KCHAN_NACK_REJECT));
	EXPECT_EQ(2, kc_state(self->fd).dropped[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(1, kc_held(self->rx));
}

TEST_F(hold, held_messages_count_against_depth)
{
	struct kchan_state before;

	ASSERT_TRUE(send_some(self->tx, DEPTH));
	ASSERT_TRUE(hold_some(self->rx, DEPTH));
	before = kc_state(self->fd);
	EXPECT_EQ(0, before.queued);
	EXPECT_EQ(-EAGAIN, kc_send(self->fd, 0, 0, "x", 1));
	EXPECT_EQ(0, kc_poll(self->tx, POLLOUT));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(1, kc_ack(self->rx, 3));
	EXPECT_EQ(POLLOUT, kc_poll(self->tx, POLLOUT));
	EXPECT_EQ(0, kc_send(self->fd, 0, 0, "x", 1));
	EXPECT_EQ(-EAGAIN, kc_send(self->fd, 0, 0, "x", 1));
}

TEST_F(hold, held_messages_count_against_bytes)
{
	int fd = kc_queue(self->ctl, DEPTH, 100, 200);

	ASSERT_EQ(100, write(fd, self->buf, 100));
	ASSERT_EQ(100, write(fd, self->buf, 100));
	ASSERT_EQ(1, kc_hold(fd));
	ASSERT_EQ(2, kc_hold(fd));
	EXPECT_EQ(200, kc_state(fd).held_bytes);
	EXPECT_EQ(-EAGAIN, kc_ret(write(fd, self->buf, 1)));
	ASSERT_EQ(1, kc_reject(fd, 1));
	EXPECT_EQ(100, write(fd, self->buf, 100));
	EXPECT_EQ(-EAGAIN, kc_ret(write(fd, self->buf, 1)));
	close(fd);
}

TEST_F(hold, endpoint_that_holds_as_many_as_it_may_is_EBUSY)
{
	struct kchan_recv was;
	struct kchan_state before;

	ASSERT_EQ(0, kc_held_max(self->rx, 2));
	ASSERT_TRUE(send_some(self->tx, 4));
	ASSERT_TRUE(hold_some(self->rx, 2));
	before = kc_state(self->fd);
	was = self->arg;
	EXPECT_EQ(-EBUSY, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(3, self->arg.seq);
}

TEST_F(hold, endpoint_that_holds_as_many_as_it_may_is_EBUSY_where_none_is_queued)
{
	ASSERT_EQ(0, kc_held_max(self->rx, 1));
	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_TRUE(hold_some(self->rx, 1));
	EXPECT_EQ(-EBUSY, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(0, kc_state(self->fd).waiting_receivers);
}

TEST_F(hold, limit_of_one_endpoint_is_not_that_of_others)
{
	ASSERT_EQ(0, kc_held_max(self->rx, 1));
	ASSERT_TRUE(send_some(self->tx, 4));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(2, kc_hold(self->fd));
	EXPECT_EQ(3, kc_hold(self->fd));
	/* What is not held is not limited. */
	EXPECT_EQ(4, kc_take_tag(self->rx));
}

TEST_F(hold, lowered_limit_leaves_what_is_held)
{
	ASSERT_TRUE(send_some(self->tx, 4));
	ASSERT_TRUE(hold_some(self->rx, 3));
	ASSERT_EQ(0, kc_held_max(self->rx, 2));
	EXPECT_EQ(3, kc_held(self->rx));
	EXPECT_EQ(-EBUSY, kc_recv(self->rx, &self->arg));
	ASSERT_EQ(1, kc_ack(self->rx, 1));
	EXPECT_EQ(-EBUSY, kc_recv(self->rx, &self->arg));
	ASSERT_EQ(1, kc_ack(self->rx, 2));
	EXPECT_EQ(0, kc_recv(self->rx, &self->arg));
	ASSERT_EQ(0, kc_held_max(self->rx, 0));
	ASSERT_TRUE(send_some(self->tx, 1));
	EXPECT_EQ(0, kc_recv(self->rx, &self->arg));
}

TEST_F(hold, settings_are_read_and_changed_one_by_one)
{
	struct kchan_settings set;

	memset(&set, KC_POISON, sizeof(set));
	ASSERT_EQ(0, kc_settings(self->rx, &set, 0));
	EXPECT_EQ(0, set.held_max);
	EXPECT_EQ(KCHAN_URGENT_NEVER, set.urgent);
	EXPECT_EQ(0, set.held);
	EXPECT_EQ(0, set.held_bytes);
	set.held_max = 5;
	set.urgent = 3;
	ASSERT_EQ(0, kc_settings(self->rx, &set, KCHAN_SET_HELD_MAX));
	EXPECT_EQ(5, set.held_max);
	EXPECT_EQ(KCHAN_URGENT_NEVER, set.urgent);
	set.held_max = 9;
	set.urgent = 3;
	ASSERT_EQ(0, kc_settings(self->rx, &set, KCHAN_SET_URGENT));
	EXPECT_EQ(5, set.held_max);
	EXPECT_EQ(3, set.urgent);
	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_TRUE(hold_some(self->rx, 2));
	ASSERT_EQ(0, kc_settings(self->rx, &set, 0));
	EXPECT_EQ(2, set.held);
	EXPECT_EQ(14, set.held_bytes);
}

/* A put-back may overfill the queue; holding all of that undoes no limit. */
TEST_F(hold, limits_hold_though_more_is_held_than_fits)
{
	int fd = kc_queue(self->ctl, 1, 8, 8), rx, i;
	struct kchan_recv arg = kc_recv_arg((void *)1, 64);
	struct kc_call sender = kc_sender(fd, 2, 8);

	ASSERT_LE(0, fd);
	rx = kc_reopen(fd, O_RDONLY | O_NONBLOCK);
	sender.fd = kc_reopen(fd, O_WRONLY);
	ASSERT_EQ(0, kc_send(fd, 0, 1, "12345678", 8));
	ASSERT_EQ(0, kc_start(&sender));
	ASSERT_TRUE(kc_senders_wait(fd, 1));
	ASSERT_EQ(-EFAULT, kc_recv(rx, &arg));
	ASSERT_EQ(0, kc_join(&sender));
	ASSERT_EQ(2, kc_state(fd).queued);
	for (i = 1; i <= 2; i++)
		ASSERT_EQ(i, kc_hold(rx));
	EXPECT_EQ(-EAGAIN, kc_send(fd, 0, 3, "x", 1));
	EXPECT_EQ(-EAGAIN, kc_send(fd, 0, 3, "", 0));
	EXPECT_EQ(0, kc_poll(fd, POLLOUT));
	ASSERT_EQ(1, kc_ack(rx, 1));
	EXPECT_EQ(-EAGAIN, kc_send(fd, 0, 3, "x", 1));
	ASSERT_EQ(1, kc_ack(rx, 2));
	EXPECT_EQ(0, kc_send(fd, 0, 3, "x", 1));
	close(sender.fd);
	close(rx);
	close(fd);
}

TEST_F(hold, malformed_settings_are_EINVAL)
{
	struct kchan_settings set = { .size = sizeof(set) }, was;
	unsigned int bit;

	for (bit = 2; bit < 32; bit++) {
		was = set;
		EXPECT_EQ(-EINVAL, kc_settings(self->rx, &set, 1U << bit));
		was.flags = 1U << bit;
		EXPECT_EQ(0, memcmp(&was, &set, sizeof(set)));
	}
	set.flags = KCHAN_SET_URGENT | KCHAN_SET_HELD_MAX;
	set.held_max = 1;
	set.urgent = KCHAN_URGENT_NEVER + 1;
	EXPECT_EQ(-EINVAL, kc_ioctl(self->rx, KCHAN_IOC_SETTINGS, &set));
	set.urgent = 0;
	set.reserved = 1;
	EXPECT_EQ(-EINVAL, kc_ioctl(self->rx, KCHAN_IOC_SETTINGS, &set));
	ASSERT_EQ(0, kc_settings(self->rx, &set, 0));
	EXPECT_EQ(0, set.held_max);
	EXPECT_EQ(KCHAN_URGENT_NEVER, set.urgent);
}

TEST_F(hold, endpoint_that_only_sends_is_EBADF)
{
	struct kchan_settings set = { 0 };

	EXPECT_EQ(-EBADF, kc_recv(self->tx, &self->arg));
	EXPECT_EQ(-EBADF, kc_ack(self->tx, 1));
	EXPECT_EQ(-EBADF, kc_nack(self->tx, 1));
	EXPECT_EQ(-EBADF, kc_settle(self->tx, KCHAN_IOC_ACK, 1,
				    KCHAN_ACK_UP_TO));
	EXPECT_EQ(-EBADF, kc_settings(self->tx, &set, 0));
}

struct bad_ack {
	unsigned int cmd;
	struct kchan_ack arg;
};

TEST_F(hold, arguments_that_do_not_go_together_are_EINVAL)
{
	uint64_t seqs[2] = { 1, 2 };
	const uintptr_t p = (uintptr_t)seqs;
	const struct bad_ack bad[] = {
		{ KCHAN_IOC_ACK, { .flags = KCHAN_NACK_REJECT, .seq = 1 } },
		{ KCHAN_IOC_ACK, { .flags = 4, .seq = 1 } },
		{ KCHAN_IOC_NACK, { .flags = 4, .seq = 1 } },
		{ KCHAN_IOC_ACK, { .flags = 1U << 31, .seq = 1 } },
		{ KCHAN_IOC_ACK, { .seq = 1, .reserved = 1 } },
		{ KCHAN_IOC_NACK, { .seq = 1, .reserved = 1U << 31 } },
		{ KCHAN_IOC_ACK, { .seq = 1, .count = 1 } },
		{ KCHAN_IOC_ACK, { .seqs = p, .count = 0 } },
		{ KCHAN_IOC_ACK, { .seqs = p, .count = KCHAN_BATCH_MAX + 1 } },
		{ KCHAN_IOC_ACK, { .seqs = p, .count = UINT32_MAX } },
		{ KCHAN_IOC_NACK, { .seqs = p, .count = 2, .seq = 1 } },
		{ KCHAN_IOC_NACK, { .flags = KCHAN_ACK_UP_TO, .seqs = p,
			.count = 2 } },
	};
	struct kchan_state before;
	struct kchan_ack arg;
	unsigned int i;

	ASSERT_TRUE(send_some(self->tx, 2));
	ASSERT_TRUE(hold_some(self->rx, 2));
	before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		arg = bad[i].arg;
		arg.size = sizeof(arg);
		EXPECT_EQ(-EINVAL, kc_ioctl(self->rx, bad[i].cmd, &arg))
			TH_LOG("argument %u", i);
		EXPECT_TRUE(kc_unchanged(&before, self->fd));
	}
	EXPECT_EQ(2, kc_held(self->rx));
}

TEST_F(hold, acknowledging_writes_nothing_back)
{
	struct kchan_ack arg = { .size = sizeof(arg), .seq = 1 }, was = arg;

	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_TRUE(hold_some(self->rx, 1));
	EXPECT_EQ(1, kc_ioctl(self->rx, KCHAN_IOC_ACK, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
}

TEST_F(hold, hold_with_a_buffer_that_is_too_small_is_EMSGSIZE)
{
	struct kchan_state before;

	ASSERT_TRUE(send_some(self->tx, 1));
	before = kc_state(self->fd);
	self->arg.capacity = 6;
	EXPECT_EQ(-EMSGSIZE, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(7, self->arg.len);
	EXPECT_EQ(0, kc_held(self->rx));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(hold, hold_into_memory_that_faults_puts_it_back)
{
	ASSERT_TRUE(send_some(self->tx, 2));
	self->arg.data = 1;
	EXPECT_EQ(-EFAULT, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(0, kc_held(self->rx));
	EXPECT_EQ(0, kc_state(self->fd).held);
	EXPECT_EQ(2, kc_state(self->fd).queued);
	self->arg.data = (uintptr_t)self->buf;
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(1, self->arg.seq);
	EXPECT_EQ(2, self->arg.deliveries);
}

TEST_F(hold, empty_message_can_be_held)
{
	ASSERT_EQ(0, kc_send(self->tx, 0, 1, NULL, 0));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(1, kc_state(self->fd).held);
	EXPECT_EQ(0, kc_state(self->fd).held_bytes);
	EXPECT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_EQ(1, kc_take_tag(self->fd));
}

TEST_F(hold, poll_shows_what_is_put_back)
{
	ASSERT_TRUE(send_some(self->tx, 1));
	ASSERT_EQ(1, kc_hold(self->rx));
	EXPECT_EQ(0, kc_poll(self->rx, POLLIN));
	ASSERT_EQ(1, kc_nack(self->rx, 1));
	EXPECT_EQ(POLLIN, kc_poll(self->rx, POLLIN));
}

/* The memory of what is held stays the sender's, until it is acknowledged. */
TEST_F(hold, held_message_stays_charged_to_its_sender)
{
	struct kc_env env;
	int fd;

	ASSERT_EQ(0, kc_enter(&env));
	fd = kc_create(env.ctl, NULL, O_RDWR | O_NONBLOCK);
	ASSERT_EQ(0, kc_sysctl_set(-1, "max_bytes_user", 4096));
	while (kc_send(fd, 0, 0, self->buf, 100) == 0)
		;
	EXPECT_EQ(-EDQUOT, kc_send(fd, 0, 0, self->buf, 100));
	ASSERT_EQ(1, kc_hold(fd));
	EXPECT_EQ(-EDQUOT, kc_send(fd, 0, 0, self->buf, 100));
	ASSERT_EQ(1, kc_ack(fd, 1));
	EXPECT_EQ(0, kc_send(fd, 0, 0, self->buf, 100));
	close(fd);
	kc_leave(&env);
}

TEST_HARNESS_MAIN
