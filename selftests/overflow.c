// SPDX-License-Identifier: GPL-2.0
/* What becomes of a message that does not fit: it is refused, or others are dropped. */
#include "kchan_call.h"

#include <poll.h>

#define DEPTH 4
#define MSGSIZE 100
#define BYTES 200

static int channel(int ctl, unsigned int overflow)
{
	struct kchan_create arg = kc_create_arg(NULL);

	arg.overflow = overflow;
	arg.depth = DEPTH;
	arg.msgsize = MSGSIZE;
	arg.bytes = BYTES;
	arg.open_flags = O_RDWR;
	return kc_create_with(ctl, &arg);
}

FIXTURE(overflow)
{
	int ctl;
	int reject;	/* O_RDWR, blocking; DEPTH messages, BYTES in all */
	int drop;	/* likewise */
	char buf[128];
};

FIXTURE_SETUP(overflow)
{
	self->ctl = kc_ctl();
	self->reject = channel(self->ctl, KCHAN_OVERFLOW_REJECT);
	self->drop = channel(self->ctl, KCHAN_OVERFLOW_DROP);
	ASSERT_LE(0, self->reject);
	ASSERT_LE(0, self->drop);
}

FIXTURE_TEARDOWN(overflow)
{
	EXPECT_TRUE(kc_sums(self->reject));
	EXPECT_TRUE(kc_sums(self->drop));
	close(self->reject);
	close(self->drop);
	close(self->ctl);
}

/* Messages with these priorities, and the tags 1 to N, of LEN bytes. */
static bool send_prios(int fd, const unsigned int *prio, unsigned int n,
		       unsigned int len)
{
	char data[MSGSIZE] = "";
	unsigned int i;

	for (i = 0; i < n; i++)
		if (kc_send(fd, prio[i], i + 1, data, len))
			return false;
	return true;
}

/* Whether just these tags are received, in this order. */
static bool tags_are(int fd, const uint64_t *tag, unsigned int n)
{
	char buf[MSGSIZE];
	struct kchan_recv arg;
	unsigned int i;

	for (i = 0; i < n; i++) {
		arg = kc_recv_arg(buf, sizeof(buf));
		arg.flags = KCHAN_NONBLOCK;
		if (kc_recv(fd, &arg) || arg.tag != tag[i]) {
			ksft_print_msg("message %u has tag %llu\n", i,
				       (unsigned long long)arg.tag);
			return false;
		}
	}
	return !kc_state(fd).queued;
}

#define TAGS_ARE(fd, ...) ({						\
	static const uint64_t kc_tags[] = { __VA_ARGS__ };		\
	tags_are(fd, kc_tags, ARRAY_SIZE(kc_tags));			\
})
#define SEND_PRIOS(fd, len, ...) ({					\
	static const unsigned int kc_prios[] = { __VA_ARGS__ };		\
	send_prios(fd, kc_prios, ARRAY_SIZE(kc_prios), len);		\
})

TEST_F(overflow, policy_is_shown)
{
	EXPECT_EQ(KCHAN_OVERFLOW_REJECT, kc_state(self->reject).overflow);
	EXPECT_EQ(KCHAN_OVERFLOW_DROP, kc_state(self->drop).overflow);
}

TEST_F(overflow, unknown_policies_are_EINVAL)
{
	struct kchan_create arg = kc_create_arg(NULL), was;

	for (arg.overflow = 3; arg.overflow; arg.overflow <<= 1) {
		was = arg;
		EXPECT_EQ(-EINVAL, kc_create_with(self->ctl, &arg));
		EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	}
}

TEST_F(overflow, reject_of_full_depth_is_ENOSPC_at_once)
{
	struct kchan_send arg = kc_send_arg("x", 1), was;
	struct kchan_state before;

	ASSERT_TRUE(SEND_PRIOS(self->reject, 1, 0, 0, 0, 0));
	before = kc_state(self->reject);
	EXPECT_EQ(0, before.rejected);
	arg.prio = 9;
	was = arg;
	EXPECT_EQ(-ENOSPC, kc_ioctl(self->reject, KCHAN_IOC_SEND, &arg));
	EXPECT_EQ(0, memcmp(&was, &arg, sizeof(arg)));
	EXPECT_EQ(-ENOSPC, kc_ret(write(self->reject, "x", 1)));
	arg.flags = KCHAN_NONBLOCK;
	EXPECT_EQ(-ENOSPC, kc_ioctl(self->reject, KCHAN_IOC_SEND, &arg));
	EXPECT_TRUE(kc_unchanged(&before, self->reject));
	EXPECT_EQ(3, kc_state(self->reject).rejected);
	EXPECT_EQ(3, kc_state(self->reject).full);
	EXPECT_TRUE(TAGS_ARE(self->reject, 1, 2, 3, 4));
	EXPECT_EQ(1, write(self->reject, "x", 1));
}

TEST_F(overflow, reject_above_the_byte_limit_is_ENOSPC)
{
	ASSERT_TRUE(SEND_PRIOS(self->reject, 80, 0, 0));
	EXPECT_EQ(-ENOSPC, kc_ret(write(self->reject, self->buf, 41)));
	EXPECT_EQ(1, kc_state(self->reject).rejected);
	EXPECT_EQ(40, write(self->reject, self->buf, 40));
	EXPECT_EQ(1, kc_state(self->reject).rejected);
}

TEST_F(overflow, reject_with_held_messages_is_ENOSPC)
{
	ASSERT_TRUE(SEND_PRIOS(self->reject, 1, 0, 0, 0, 0));
	ASSERT_EQ(1, kc_hold(self->reject));
	EXPECT_EQ(-ENOSPC, kc_send(self->reject, 0, 9, "x", 1));
	ASSERT_EQ(1, kc_ack(self->reject, 1));
	EXPECT_EQ(0, kc_send(self->reject, 0, 9, "x", 1));
}

TEST_F(overflow, drop_takes_the_oldest)
{
	struct kchan_state state;

	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 0, 0, 0, 0, 0, 0));
	state = kc_state(self->drop);
	EXPECT_EQ(DEPTH, state.queued);
	EXPECT_EQ(DEPTH, state.queued_max);
	EXPECT_EQ(6, state.sent);
	EXPECT_EQ(2, state.dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(2, kc_total(state.dropped));
	EXPECT_EQ(0, state.rejected);
	EXPECT_TRUE(TAGS_ARE(self->drop, 3, 4, 5, 6));
}

TEST_F(overflow, drop_takes_the_lowest_priority_first)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 3, 1, 2, 1, 2, 2, 2));
	/* 2, 4; then 3, as 2 is not above 2. */
	EXPECT_EQ(3, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_TRUE(TAGS_ARE(self->drop, 1, 5, 6, 7));
}

TEST_F(overflow, message_of_lower_priority_than_all_is_dropped_itself)
{
	struct kchan_send arg = kc_send_arg("x", 1);
	struct kchan_state state;

	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 3, 3, 3, 3));
	arg.prio = 2;
	EXPECT_EQ(0, kc_ioctl(self->drop, KCHAN_IOC_SEND, &arg));
	state = kc_state(self->drop);
	EXPECT_EQ(4, state.queued);
	EXPECT_EQ(1, state.dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(5, state.sent);
	EXPECT_TRUE(TAGS_ARE(self->drop, 1, 2, 3, 4));
}

TEST_F(overflow, drop_takes_as_many_as_the_bytes_need)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 50, 0, 0, 0, 0));
	ASSERT_EQ(0, kc_send(self->drop, 0, 9, self->buf, 100));
	EXPECT_EQ(2, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(200, kc_state(self->drop).queued_bytes);
	EXPECT_TRUE(TAGS_ARE(self->drop, 3, 4, 9));
}

TEST_F(overflow, drop_takes_several_priorities_for_the_bytes)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 50, 1, 5, 2, 1));
	ASSERT_EQ(0, kc_send(self->drop, 4, 9, self->buf, 100));
	EXPECT_TRUE(TAGS_ARE(self->drop, 2, 9, 3));
}

/* 1 of 4 could be dropped, which is not enough. */
TEST_F(overflow, nothing_else_is_dropped_where_that_makes_no_room)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 50, 1, 5, 5, 5));
	ASSERT_EQ(0, kc_send(self->drop, 4, 9, self->buf, 100));
	EXPECT_EQ(1, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(4, kc_state(self->drop).queued);
	EXPECT_TRUE(TAGS_ARE(self->drop, 2, 3, 4, 1));
}

/* Full with @big bytes of a high priority, and @n messages of one byte each. */
static int full_of_small_ones(int ctl, unsigned int big, unsigned int n)
{
	struct kchan_create arg = kc_create_arg(NULL);
	char data[800] = "";
	unsigned int i;
	int fd;

	arg.overflow = KCHAN_OVERFLOW_DROP;
	arg.msgsize = sizeof(data);
	arg.bytes = big + n;
	fd = kc_create_with(ctl, &arg);
	if (big && kc_send(fd, 9, 0, data, big))
		return -EPROTO;
	for (i = 0; i < n; i++)
		if (kc_send(fd, 0, i + 1, data, 1))
			return -EPROTO;
	return fd;
}

TEST_F(overflow, drop_takes_very_many_for_the_bytes)
{
	int fd = full_of_small_ones(self->ctl, 0, 800);
	char data[500] = "";

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kc_send(fd, 0, 9, data, 400));
	EXPECT_EQ(400, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(401, kc_state(fd).queued);
	EXPECT_EQ(800, kc_state(fd).queued_bytes);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

/* That it makes no room is seen after each 64 of them. */
TEST_F(overflow, very_many_are_dropped_in_lots_where_that_makes_no_room)
{
	int fd = full_of_small_ones(self->ctl, 800, 200);
	char data[500] = "";

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, kc_send(fd, 1, 9, data, 300));
	EXPECT_EQ(3 * 64 + 1, kc_state(fd).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(1 + 200 - 3 * 64, kc_state(fd).queued);
	EXPECT_TRUE(kc_sums(fd));
	close(fd);
}

TEST_F(overflow, held_messages_are_not_dropped)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 0, 0, 0, 0));
	ASSERT_EQ(1, kc_hold(self->drop));
	ASSERT_EQ(2, kc_hold(self->drop));
	ASSERT_EQ(0, kc_send(self->drop, 9, 5, "x", 1));
	ASSERT_EQ(0, kc_send(self->drop, 9, 6, "x", 1));
	EXPECT_EQ(2, kc_state(self->drop).held);
	EXPECT_EQ(2, kc_state(self->drop).queued);
	EXPECT_EQ(1, kc_nack(self->drop, 1));
	EXPECT_TRUE(TAGS_ARE(self->drop, 5, 6, 1));
	EXPECT_EQ(1, kc_ack(self->drop, 2));
}

TEST_F(overflow, message_is_dropped_itself_where_all_are_held)
{
	unsigned int i;

	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 0, 0, 0, 0));
	for (i = 0; i < DEPTH; i++) {
		ASSERT_NE(0, kc_hold(self->drop));
	}
	EXPECT_EQ(0, kc_send(self->drop, KCHAN_PRIO_MAX, 9, "x", 1));
	EXPECT_EQ(0, kc_state(self->drop).queued);
	EXPECT_EQ(DEPTH, kc_state(self->drop).held);
	EXPECT_EQ(1, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
}

TEST_F(overflow, drop_never_waits)
{
	unsigned int i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(1, write(self->drop, "x", 1));
	}
	EXPECT_EQ(96, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_EQ(0, kc_state(self->drop).waiting_senders);
}

TEST_F(overflow, receiver_that_waits_gets_what_comes)
{
	struct kc_call call = kc_receiver(self->drop);

	ASSERT_EQ(0, kc_start(&call));
	ASSERT_TRUE(kc_receivers_wait(self->drop, 1));
	ASSERT_EQ(0, kc_send(self->drop, 0, 3, "x", 1));
	EXPECT_EQ(0, kc_join(&call));
	EXPECT_EQ(3, call.recv.tag);
	EXPECT_EQ(0, kc_total(kc_state(self->drop).dropped));
}

/* What is put back has its room, and so drops nothing. */
TEST_F(overflow, put_back_drops_nothing)
{
	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 5, 5, 5, 5));
	ASSERT_EQ(1, kc_hold(self->drop));
	ASSERT_EQ(0, kc_send(self->drop, 5, 9, "x", 1));
	ASSERT_EQ(1, kc_nack(self->drop, 1));
	EXPECT_EQ(1, kc_state(self->drop).dropped[KCHAN_DEAD_OVERFLOW]);
	EXPECT_TRUE(TAGS_ARE(self->drop, 1, 3, 4, 9));
}

TEST_F(overflow, messages_that_are_too_long_are_EMSGSIZE)
{
	struct kchan_state before;

	ASSERT_TRUE(SEND_PRIOS(self->drop, 1, 0, 0, 0, 0));
	before = kc_state(self->drop);
	EXPECT_EQ(-EMSGSIZE, kc_send(self->drop, 9, 9, self->buf, 101));
	EXPECT_EQ(-EMSGSIZE, kc_send(self->reject, 9, 9, self->buf, 101));
	EXPECT_TRUE(kc_unchanged(&before, self->drop));
	EXPECT_EQ(0, kc_state(self->reject).rejected);
}

#define NEWS 20000

static void *tell_news(void *arg)
{
	int i;

	for (i = 0; i < (int)kc_scaled(NEWS); i++)
		if (write(*(int *)arg, "news", 4) != 4)
			break;
	return (void *)(long)i;
}

/* One message takes the place of another, and the queue is never empty meanwhile. */
TEST_F(overflow, only_reader_finds_what_poll_has_told_him)
{
	struct kchan_create arg = kc_create_arg(NULL);
	struct pollfd at = { .events = POLLIN };
	pthread_t teller;
	int early = 0;
	void *told;

	arg.overflow = KCHAN_OVERFLOW_DROP;
	arg.depth = 1;
	arg.open_flags = O_RDWR | O_NONBLOCK;
	at.fd = kc_create_with(self->ctl, &arg);
	ASSERT_LE(0, at.fd);
	ASSERT_EQ(0, pthread_create(&teller, NULL, tell_news, &at.fd));
	while (poll(&at, 1, 1000) == 1)
		early += read(at.fd, self->buf, sizeof(self->buf)) != 4;
	EXPECT_EQ(0, early);
	ASSERT_EQ(0, pthread_join(teller, &told));
	EXPECT_EQ(kc_scaled(NEWS), (long)told);
	EXPECT_TRUE(kc_sums(at.fd));
	close(at.fd);
}

TEST_HARNESS_MAIN
