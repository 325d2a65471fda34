// SPDX-License-Identifier: GPL-2.0
/* Calls that do two things with slots, or one with many of them. */
#include "slot_test.h"

FIXTURE(fused)
{
	struct kchan *rx;
	struct kchan *tx;
	void *slot;
	const void *msg;
};

FIXTURE_SETUP(fused)
{
	ASSERT_EQ(0, make_pool(&self->rx, &self->tx));
	self->slot = KEPT;
	self->msg = KEPT;
}

FIXTURE_TEARDOWN(fused)
{
	kchan_close(self->tx);
	kchan_close(self->rx);
}

TEST_F(fused, publish_gives_the_next_slot)
{
	struct kchan_send_opts opts = { .size = sizeof(opts), .tag = 3 };
	struct kchan_msg_info info = { .size = sizeof(info) };
	uint64_t seq = 0;
	void *next;

	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	memcpy(self->slot, "hello", 5);
	next = self->slot;
	EXPECT_EQ(ROOM,
		  kchan_publish_and_loan(self->tx, &next, 5, &opts, &seq));
	EXPECT_EQ(1, seq);
	EXPECT_NE(self->slot, next);
	EXPECT_EQ(2110, whose(self->rx));
	EXPECT_EQ(0, kchan_publish(self->tx, next, 1));
	EXPECT_EQ(5, kchan_take_opts(self->rx, &self->msg, NULL, &info));
	EXPECT_EQ(0, memcmp("hello", self->msg, 5));
	EXPECT_EQ(3, info.tag);
}

TEST_F(fused, publish_that_finds_no_next_slot_is_done_all_the_same)
{
	struct kchan_send_opts opts = { .size = sizeof(opts),
					.flags = KCHAN_NONBLOCK };
	void *slots[SLOTS];
	uint64_t seq = 0;

	ASSERT_EQ(SLOTS, kchan_loan_many(self->tx, slots, SLOTS, NULL));
	EXPECT_EQ(0,
		  kchan_publish_and_loan(self->tx, &slots[0], 5, &opts, &seq));
	EXPECT_EQ(NULL, slots[0]);
	EXPECT_EQ(1, seq);
	EXPECT_EQ(310, whose(self->rx));
}

TEST_F(fused, publish_that_fails_loans_nothing)
{
	void *kept;
	uint64_t seq = 9;

	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	kept = self->slot;
	EXPECT_EQ(-EMSGSIZE, kchan_publish_and_loan(self->tx, &self->slot,
						    ROOM + 1, NULL, &seq));
	EXPECT_EQ(kept, self->slot);
	EXPECT_EQ(9, seq);
	EXPECT_EQ(3100, whose(self->rx));
}

TEST_F(fused, release_and_take_goes_from_message_to_message)
{
	struct kchan_msg_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, publish(self->tx, "one"));
	ASSERT_EQ(0, publish(self->tx, "three"));
	self->msg = NULL;
	EXPECT_EQ(3, kchan_release_and_take(self->rx, &self->msg, NULL, NULL));
	EXPECT_EQ(2011, whose(self->rx));
	EXPECT_EQ(5, kchan_release_and_take(self->rx, &self->msg, NULL, &info));
	EXPECT_EQ(0, memcmp("three", self->msg, 5));
	EXPECT_EQ(2, info.seq);
	EXPECT_EQ(3001, whose(self->rx));
}

TEST_F(fused, release_and_take_releases_also_where_nothing_is_taken)
{
	struct kchan_recv_opts opts = { .size = sizeof(opts),
					.flags = KCHAN_NONBLOCK };
	struct kchan_msg_info info = { .size = sizeof(info), .seq = 9 };

	ASSERT_EQ(0, publish(self->tx, "hello"));
	ASSERT_EQ(5, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(-EAGAIN,
		  kchan_release_and_take(self->rx, &self->msg, &opts, &info));
	EXPECT_EQ(NULL, self->msg);
	EXPECT_EQ(9, info.seq);
	EXPECT_EQ(4000, whose(self->rx));
	EXPECT_EQ(-EAGAIN,
		  kchan_release_and_take(self->rx, &self->msg, &opts, &info));
}

TEST_F(fused, release_and_take_that_is_refused_releases_nothing)
{
	struct kchan_recv_opts opts = { .size = sizeof(opts),
					.flags = UNKNOWN };
	const void *kept;

	ASSERT_EQ(0, publish(self->tx, "hello"));
	ASSERT_EQ(5, kchan_take(self->rx, &self->msg));
	kept = self->msg;
	EXPECT_EQ(-EINVAL,
		  kchan_release_and_take(self->rx, &self->msg, &opts, NULL));
	opts.size = 0;
	EXPECT_EQ(-EINVAL,
		  kchan_release_and_take(self->rx, &self->msg, &opts, NULL));
	EXPECT_EQ(kept, self->msg);
	EXPECT_EQ(3001, whose(self->rx));
}

TEST_F(fused, loan_of_many_takes_what_is_free)
{
	void *slots[SLOTS + 1] = { [SLOTS] = KEPT };
	struct kchan_loan_opts opts = { .size = sizeof(opts),
					.flags = KCHAN_NONBLOCK };

	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(SLOTS - 1, kchan_loan_many(self->tx, slots, SLOTS + 1, NULL));
	EXPECT_EQ(KEPT, slots[SLOTS]);
	EXPECT_NE(slots[0], slots[1]);
	EXPECT_NE(self->slot, slots[0]);
	EXPECT_EQ(0, kchan_publish(self->tx, slots[SLOTS - 2], 1));
	EXPECT_EQ(310, whose(self->rx));
	EXPECT_EQ(-EAGAIN, kchan_loan_many(self->tx, slots, 1, &opts));
	opts.reserved = 1;
	EXPECT_EQ(-EINVAL, kchan_loan_many(self->tx, slots, 1, &opts));
}

TEST_F(fused, release_of_many_ends_at_the_first_that_is_not_ours)
{
	void *slots[SLOTS];
	const void *again[SLOTS + 1];
	int i;

	ASSERT_EQ(SLOTS, kchan_loan_many(self->tx, slots, SLOTS, NULL));
	for (i = 0; i < SLOTS; i++)
		again[i] = slots[i];
	ASSERT_EQ(0, kchan_release(self->tx, slots[2]));
	EXPECT_EQ(2, kchan_release_many(self->tx, again, SLOTS));
	EXPECT_EQ(3100, whose(self->rx));
	EXPECT_EQ(-EPERM, kchan_release_many(self->tx, again + 2, 2));
	again[SLOTS] = again[3];
	again[2] = slots[3];
	again[3] = "none";
	EXPECT_EQ(1, kchan_release_many(self->tx, again + 2, 3));
	EXPECT_EQ(-EINVAL, kchan_release_many(self->tx, again + 3, 2));
	EXPECT_EQ(4000, whose(self->rx));
}

TEST_F(fused, count_out_of_range_is_EINVAL)
{
	const size_t counts[] = { 0, KCHAN_BATCH_MAX + 1, SIZE_MAX };
	static void *slots[KCHAN_BATCH_MAX + 1];
	static const void *msgs[KCHAN_BATCH_MAX + 1];
	size_t i;

	ASSERT_EQ(0, publish(self->tx, "hello"));
	ASSERT_EQ(5, kchan_take(self->rx, &msgs[0]));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		EXPECT_EQ(-EINVAL,
			  kchan_loan_many(self->tx, slots, counts[i], NULL));
		EXPECT_EQ(-EINVAL,
			  kchan_release_many(self->rx, msgs, counts[i]));
	}
#ifdef __LP64__
	EXPECT_EQ(-EINVAL,
		  kchan_loan_many(self->tx, slots, (1ULL << 32) + 1, NULL));
	EXPECT_EQ(-EINVAL,
		  kchan_release_many(self->rx, msgs, (1ULL << 32) + 1));
#endif
	EXPECT_EQ(-EINVAL, kchan_loan_many(self->tx, NULL, 1, NULL));
	EXPECT_EQ(-EINVAL, kchan_release_many(self->rx, NULL, 1));
	EXPECT_EQ(3001, whose(self->rx));
	EXPECT_EQ(SLOTS - 1,
		  kchan_loan_many(self->tx, slots, KCHAN_BATCH_MAX, NULL));
}

TEST_F(fused, as_many_as_one_call_takes_are_loaned)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .slots = KCHAN_BATCH_MAX,
					  .slot_size = 1 };
	static void *slots[KCHAN_BATCH_MAX];
	struct kchan *ch = create(NULL, &opts);
	int i;

	ASSERT_TRUE(ch);
	EXPECT_EQ(KCHAN_BATCH_MAX,
		  kchan_loan_many(ch, slots, KCHAN_BATCH_MAX, NULL));
	for (i = 0; i < KCHAN_BATCH_MAX; i++)
		ASSERT_EQ(0, kchan_slot_number(ch, slots[i]) < 0);
	EXPECT_EQ(KCHAN_BATCH_MAX, kchan_release_many(ch, (const void **)slots,
						      KCHAN_BATCH_MAX));
	EXPECT_EQ(KCHAN_BATCH_MAX, state_of(ch).slots_free);
	kchan_close(ch);
}

TEST_HARNESS_MAIN
