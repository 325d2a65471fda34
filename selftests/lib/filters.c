// SPDX-License-Identifier: GPL-2.0
/* Messages that are chosen, and looked at. */
#include "lib_test.h"

FIXTURE(filters)
{
	struct kchan *ch;
	char buf[8];
};

/* Four messages: the tags are as they were sent, the priorities are not. */
FIXTURE_SETUP(filters)
{
	self->ch = create(NULL, NULL);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, SEND(self->ch, .tag = 10, .prio = 1));
	ASSERT_EQ(0, SEND(self->ch, .tag = 20, .prio = 3));
	ASSERT_EQ(0, SEND(self->ch, .tag = 30, .prio = 2));
	ASSERT_EQ(0, SEND(self->ch, .tag = 10, .prio = 2));
}

FIXTURE_TEARDOWN(filters)
{
	kchan_close(self->ch);
}

/* The number of the message that these options take; or -errno. */
static int64_t pick(struct kchan *ch, struct kchan_recv_opts opts)
{
	struct kchan_msg_info info = { .size = sizeof(info) };
	char buf[8];
	ssize_t len;

	opts.size = sizeof(opts);
	len = kchan_recv_opts(ch, buf, sizeof(buf), &opts, &info);
	return len < 0 ? len : (int64_t)info.seq;
}

#define PICK(ch, ...) pick(ch, (struct kchan_recv_opts){ __VA_ARGS__ })

TEST_F(filters, without_a_filter_the_first_is_taken)
{
	EXPECT_EQ(2, PICK(self->ch, .filter = KCHAN_FILTER_NONE));
	EXPECT_EQ(3, state_of(self->ch).queued);
}

TEST_F(filters, messages_with_the_tag_are_taken)
{
	EXPECT_EQ(4, PICK(self->ch, .filter = KCHAN_FILTER_TAG, .value = 10));
	EXPECT_EQ(1, PICK(self->ch, .filter = KCHAN_FILTER_TAG, .value = 10));
	EXPECT_EQ(-EAGAIN,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG, .value = 10));
	EXPECT_EQ(2, state_of(self->ch).queued);
}

TEST_F(filters, messages_with_the_lowest_tag_are_taken)
{
	EXPECT_EQ(-EAGAIN,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_MAX, .value = 9));
	EXPECT_EQ(4,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_MAX, .value = 25));
	EXPECT_EQ(1,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_MAX, .value = 25));
	EXPECT_EQ(2,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_MAX, .value = 25));
	EXPECT_EQ(-EAGAIN,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_MAX, .value = 25));
}

TEST_F(filters, messages_with_another_tag_are_taken)
{
	EXPECT_EQ(3,
		  PICK(self->ch, .filter = KCHAN_FILTER_TAG_NOT, .value = 20));
	EXPECT_EQ(3, state_of(self->ch).queued);
}

TEST_F(filters, messages_of_the_priority_and_above_are_taken)
{
	EXPECT_EQ(2,
		  PICK(self->ch, .filter = KCHAN_FILTER_PRIO_MIN, .value = 3));
	EXPECT_EQ(-EAGAIN,
		  PICK(self->ch, .filter = KCHAN_FILTER_PRIO_MIN, .value = 3));
	EXPECT_EQ(3,
		  PICK(self->ch, .filter = KCHAN_FILTER_PRIO_MIN, .value = 2));
}

TEST_F(filters, message_that_fits_is_held)
{
	EXPECT_EQ(3, PICK(self->ch, .flags = KCHAN_HOLD,
			  .filter = KCHAN_FILTER_TAG, .value = 30));
	EXPECT_EQ(0, kchan_ack(self->ch, 3));
}

TEST_F(filters, wait_for_what_fits_ends_at_the_deadline)
{
	struct kchan *rx = another(self->ch, O_RDONLY);

	EXPECT_EQ(-ETIMEDOUT, PICK(rx, .filter = KCHAN_FILTER_TAG, .value = 40,
				   .deadline = kchan_deadline_in(1000000)));
	EXPECT_EQ(4, state_of(self->ch).queued);
	kchan_close(rx);
}

static void *pick_forty(void *rx)
{
	return (void *)(intptr_t)PICK(rx, .filter = KCHAN_FILTER_TAG,
				      .value = 40);
}

TEST_F(filters, wait_ends_with_the_message_that_fits)
{
	struct kchan *rx = another(self->ch, O_RDONLY);
	pthread_t thread;
	void *seq;

	ASSERT_TRUE(rx);
	ASSERT_EQ(0, pthread_create(&thread, NULL, pick_forty, rx));
	ASSERT_TRUE(kc_receivers_wait(kchan_fd(rx), 1));
	EXPECT_EQ(0, SEND(self->ch, .tag = 41, .prio = 9));
	EXPECT_EQ(1, state_of(self->ch).waiting_receivers);
	EXPECT_EQ(0, SEND(self->ch, .tag = 40));
	pthread_join(thread, &seq);
	EXPECT_EQ(6, (intptr_t)seq);
	EXPECT_EQ(5, state_of(self->ch).queued);
	kchan_close(rx);
}

TEST_F(filters, filter_that_is_not_known_is_EINVAL)
{
	struct kchan_state before = state_of(self->ch);

	EXPECT_EQ(-EINVAL, PICK(self->ch, .filter = KCHAN_FILTER_PRIO_MIN + 1));
	EXPECT_EQ(-EINVAL, PICK(self->ch, .filter = ~0U));
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
}

TEST_F(filters, value_or_position_without_use_is_EINVAL)
{
	struct kchan_state before = state_of(self->ch);

	EXPECT_EQ(-EINVAL, PICK(self->ch, .value = 10));
	EXPECT_EQ(-EINVAL, PICK(self->ch, .position = 1));
	EXPECT_EQ(-EINVAL, PICK(self->ch, .flags = KCHAN_PEEK, .position = 1,
				.filter = KCHAN_FILTER_TAG, .value = 10));
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
}

TEST_F(filters, peek_copies_and_leaves_all_as_it_is)
{
	struct kchan_recv_opts peek = { .size = sizeof(peek),
					.flags = KCHAN_PEEK };
	struct kchan_msg_info info = { .size = sizeof(info) };
	struct kchan_state before = state_of(self->ch);

	EXPECT_EQ(5, kchan_recv_opts(self->ch, self->buf, sizeof(self->buf),
				     &peek, &info));
	EXPECT_EQ(0, memcmp("hello", self->buf, 5));
	EXPECT_EQ(2, info.seq);
	EXPECT_EQ(20, info.tag);
	EXPECT_EQ(3, info.prio);
	EXPECT_EQ(0, info.deliveries);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
	info = take(self->ch, 0);
	EXPECT_EQ(2, info.seq);
	EXPECT_EQ(1, info.deliveries);
}

TEST_F(filters, peek_goes_by_position)
{
	EXPECT_EQ(2, PICK(self->ch, .flags = KCHAN_PEEK, .position = 0));
	EXPECT_EQ(3, PICK(self->ch, .flags = KCHAN_PEEK, .position = 1));
	EXPECT_EQ(4, PICK(self->ch, .flags = KCHAN_PEEK, .position = 2));
	EXPECT_EQ(1, PICK(self->ch, .flags = KCHAN_PEEK, .position = 3));
	EXPECT_EQ(-EAGAIN, PICK(self->ch, .flags = KCHAN_PEEK, .position = 4));
	EXPECT_EQ(-EAGAIN,
		  PICK(self->ch, .flags = KCHAN_PEEK, .position = ~0U));
}

TEST_F(filters, peek_goes_by_filter)
{
	EXPECT_EQ(3, PICK(self->ch, .flags = KCHAN_PEEK,
			  .filter = KCHAN_FILTER_TAG, .value = 30));
	EXPECT_EQ(-EAGAIN, PICK(self->ch, .flags = KCHAN_PEEK,
				.filter = KCHAN_FILTER_TAG, .value = 40));
	EXPECT_EQ(4, state_of(self->ch).queued);
}

TEST_F(filters, peek_does_not_wait)
{
	struct kchan *rx = NULL, *tx = NULL;

	ASSERT_EQ(0, make_pair(&rx, &tx));
	EXPECT_EQ(-EAGAIN, PICK(rx, .flags = KCHAN_PEEK));
	EXPECT_EQ(-EBADF, PICK(tx, .flags = KCHAN_PEEK));
	kchan_close(rx);
	kchan_close(tx);
}

TEST_F(filters, peek_tells_how_long_a_message_is)
{
	struct kchan_recv_opts peek = { .size = sizeof(peek),
					.flags = KCHAN_PEEK };
	struct kchan_msg_info info = { .size = sizeof(info) };

	EXPECT_EQ(-EMSGSIZE, kchan_recv_opts(self->ch, NULL, 0, &peek, &info));
	EXPECT_EQ(5, info.len);
	EXPECT_EQ(0, info.seq);
	EXPECT_EQ(4, state_of(self->ch).queued);
}

TEST_HARNESS_MAIN
