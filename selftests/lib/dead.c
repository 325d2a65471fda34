// SPDX-License-Identifier: GPL-2.0
/* Messages that expire, do not fit, are rejected, and where they go. */
#include "lib_test.h"

#define PAST 1 /* an expiry that has passed */
#define FAR (1000 * KC_NS)

FIXTURE(dead)
{
	struct kc_env env;
	struct kchan_create_opts opts;
	struct kchan *ch;
	struct kchan *dead;
};

/* The channel is made by each test, with @opts and what it sets there. */
FIXTURE_SETUP(dead)
{
	ASSERT_EQ(0, kc_enter(&self->env));
	self->dead = create("dead", NULL);
	ASSERT_TRUE(self->dead);
	self->opts = (struct kchan_create_opts){ .size = sizeof(self->opts),
						 .depth = 2,
						 .dead_letter = self->dead };
}

FIXTURE_TEARDOWN(dead)
{
	kchan_close(self->ch);
	kchan_close(self->dead);
	kc_leave(&self->env);
}

/* They come from a work item. */
static struct kchan_msg_info next_dead(struct kchan *dead)
{
	(void)KC_EVENTUALLY(state_of(dead).queued);
	return take(dead, 0);
}

TEST_F(dead, attributes_are_those_that_were_given)
{
	struct kchan_state state;

	self->opts.overflow = KCHAN_OVERFLOW_DROP;
	self->opts.max_deliveries = KCHAN_DELIVERIES_MAX;
	self->opts.ttl = INT64_MAX;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	state = state_of(self->ch);
	EXPECT_EQ(KCHAN_OVERFLOW_DROP, state.overflow);
	EXPECT_EQ(KCHAN_DELIVERIES_MAX, state.max_deliveries);
	EXPECT_EQ(INT64_MAX, state.ttl);
	EXPECT_EQ(state_of(self->dead).id, state.dead_letter);
}

TEST_F(dead, attributes_of_a_pair_are_those_that_were_given)
{
	struct kchan *tx = NULL;

	self->opts.overflow = KCHAN_OVERFLOW_REJECT;
	ASSERT_EQ(0, kchan_create_pair(&self->ch, &tx, 0, &self->opts));
	EXPECT_EQ(KCHAN_OVERFLOW_REJECT, state_of(tx).overflow);
	EXPECT_EQ(state_of(self->dead).id, state_of(tx).dead_letter);
	kchan_close(tx);
}

TEST_F(dead, attributes_are_off_by_default)
{
	struct kchan_state state;

	self->ch = create("a", NULL);
	ASSERT_TRUE(self->ch);
	state = state_of(self->ch);
	EXPECT_EQ(KCHAN_OVERFLOW_BLOCK, state.overflow);
	EXPECT_EQ(0, state.max_deliveries);
	EXPECT_EQ(0, state.ttl);
	EXPECT_EQ(0, state.dead_letter);
}

TEST_F(dead, overflow_that_is_not_known_is_EINVAL_and_makes_nothing)
{
	self->opts.overflow = KCHAN_OVERFLOW_DROP + 1;
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("a"), F_OK));
}

TEST_F(dead, deliveries_above_the_most_are_EINVAL_and_make_nothing)
{
	self->opts.max_deliveries = KCHAN_DELIVERIES_MAX + 1;
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("a"), F_OK));
}

TEST_F(dead, ttl_above_the_most_is_EINVAL_and_makes_nothing)
{
	self->opts.ttl = 1ULL << 63;
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("a"), F_OK));
}

TEST_F(dead, dead_letter_endpoint_that_does_not_send_is_EBADF)
{
	struct kchan *rx = open_as("dead", O_RDONLY);

	ASSERT_TRUE(rx);
	self->opts.dead_letter = rx;
	EXPECT_EQ(-EBADF, try_create("a", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("a"), F_OK));
	kchan_close(rx);
}

TEST_F(dead, dead_letter_channel_that_has_one_itself_is_EINVAL)
{
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	self->opts.dead_letter = self->ch;
	EXPECT_EQ(-EINVAL, try_create("b", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("b"), F_OK));
}

static int create_elsewhere(void *arg)
{
	if (unshare(CLONE_NEWNET))
		return -errno;
	return try_create(NULL, O_RDWR, arg);
}

TEST_F(dead, dead_letter_channel_of_another_instance_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kc_child(create_elsewhere, &self->opts));
}

/* Its descriptor is the library's to give. */
TEST_F(dead, flag_of_a_dead_letter_channel_is_EINVAL)
{
	self->opts.flags = KCHAN_CREATE_DEAD_LETTER;
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	self->opts.dead_letter = NULL;
	EXPECT_EQ(-EINVAL, try_create("a", O_RDWR, &self->opts));
	EXPECT_EQ(-1, access(PATH("a"), F_OK));
}

TEST_F(dead, full_queue_that_rejects_is_ENOSPC)
{
	struct kchan_state before;

	self->opts.overflow = KCHAN_OVERFLOW_REJECT;
	ASSERT_EQ(0, kchan_create(&self->ch, "a", O_RDWR, &self->opts));
	fill(self->ch);
	before = state_of(self->ch);
	EXPECT_EQ(-ENOSPC, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(-ENOSPC, kchan_send(self->ch, NULL, 0));
	EXPECT_EQ(before.rejected + 2, state_of(self->ch).rejected);
	EXPECT_EQ(2, state_of(self->ch).queued);
	EXPECT_EQ(2, state_of(self->ch).sent);
	EXPECT_EQ(0, state_of(self->dead).sent);
}

TEST_F(dead, full_queue_that_drops_drops_the_oldest_of_the_lowest_priority)
{
	struct kchan_msg_info info;

	self->opts.overflow = KCHAN_OVERFLOW_DROP;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, SEND(self->ch, .prio = 2, .tag = 1));
	ASSERT_EQ(0, SEND(self->ch, .prio = 1, .tag = 2));
	ASSERT_EQ(0, SEND(self->ch, .prio = 1, .tag = 3));
	info = next_dead(self->dead);
	EXPECT_EQ(2, info.tag);
	EXPECT_EQ(KCHAN_DEAD_OVERFLOW, info.reason);
	EXPECT_EQ(1, take(self->ch, 0).tag);
	EXPECT_EQ(3, take(self->ch, 0).tag);
	EXPECT_EQ(1, state_of(self->ch).dead_lettered[KCHAN_DEAD_OVERFLOW]);
}

TEST_F(dead, message_that_is_worth_less_than_all_is_what_is_dropped)
{
	uint64_t seq = 0;

	self->opts.overflow = KCHAN_OVERFLOW_DROP;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, SEND(self->ch, .prio = 1));
	ASSERT_EQ(0, SEND(self->ch, .prio = 1));
	EXPECT_EQ(0, kchan_send_opts(self->ch, "less", 4, NULL, &seq));
	EXPECT_EQ(3, seq);
	EXPECT_EQ(4, next_dead(self->dead).len);
	EXPECT_EQ(2, state_of(self->ch).queued);
	EXPECT_EQ(3, state_of(self->ch).sent);
}

TEST_F(dead, message_that_has_expired_is_not_received)
{
	char buf[8];

	self->opts.dead_letter = NULL;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, SEND(self->ch, .expiry = PAST));
	EXPECT_EQ(-EAGAIN, kchan_recv(self->ch, buf, sizeof(buf)));
	EXPECT_TRUE(KC_EVENTUALLY(
		state_of(self->ch).dropped[KCHAN_DEAD_EXPIRED] == 1));
	EXPECT_EQ(0, state_of(self->ch).queued);
}

TEST_F(dead, message_expires_with_nobody_there)
{
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, SEND(self->ch, .expiry = kchan_deadline_in(1000000)));
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, next_dead(self->dead).reason);
	EXPECT_EQ(0, state_of(self->ch).queued);
}

TEST_F(dead, message_expires_as_the_channel_says)
{
	self->opts.ttl = 1000000;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, next_dead(self->dead).reason);
}

TEST_F(dead, expiry_of_the_message_goes_before_that_of_the_channel)
{
	self->opts.ttl = FAR;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, SEND(self->ch, .expiry = PAST));
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, next_dead(self->dead).reason);
}

TEST_F(dead, receiver_is_told_the_expiry)
{
	uint64_t expiry = kchan_deadline_in(FAR), before, told;

	self->opts.ttl = 2 * FAR;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	before = kchan_now();
	ASSERT_EQ(0, SEND(self->ch, .expiry = expiry));
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(expiry, take(self->ch, 0).expiry);
	told = take(self->ch, 0).expiry;
	EXPECT_LE(before + 2 * FAR, told);
	EXPECT_GE(kchan_now() + 2 * FAR, told);
}

TEST_F(dead, expiry_at_the_end_of_time_does_not_come)
{
	self->ch = create("a", NULL);
	ASSERT_TRUE(self->ch);
	EXPECT_EQ(0, SEND(self->ch, .expiry = kchan_deadline_in(UINT64_MAX)));
	EXPECT_EQ(5, take(self->ch, 0).len);
}

TEST_F(dead, rejected_message_comes_as_it_was_with_reason_and_origin)
{
	struct kchan_msg_info info;
	uint64_t before;

	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, kchan_send(self->ch, "first", 5));
	ASSERT_EQ(0, SEND(self->ch, .prio = 9, .tag = 7,
			  .expiry = kchan_deadline_in(FAR)));
	ASSERT_EQ(2, hold(self->ch));
	before = kchan_now();
	ASSERT_EQ(0, kchan_nack(self->ch, 2, KCHAN_NACK_REJECT));
	info = next_dead(self->dead);
	EXPECT_EQ(KCHAN_DEAD_REJECTED, info.reason);
	EXPECT_EQ(state_of(self->ch).id, info.origin);
	EXPECT_EQ(5, info.len);
	EXPECT_EQ(9, info.prio);
	EXPECT_EQ(7, info.tag);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(0, info.expiry);
	EXPECT_EQ(1, info.seq);
	EXPECT_EQ(1, info.deliveries);
	EXPECT_LE(before, info.time);
}

TEST_F(dead, message_delivered_too_often_is_dead)
{
	self->opts.max_deliveries = 2;
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	ASSERT_EQ(1, hold(self->ch));
	EXPECT_EQ(0, kchan_nack(self->ch, 1, 0));
	EXPECT_EQ(1, hold(self->ch));
	EXPECT_EQ(0, kchan_nack(self->ch, 1, 0));
	EXPECT_EQ(KCHAN_DEAD_DELIVERIES, next_dead(self->dead).reason);
	EXPECT_EQ(0, state_of(self->ch).queued);
}

TEST_F(dead, dead_letter_handle_is_not_needed_any_more)
{
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	kchan_close(self->dead);
	self->dead = NULL;
	ASSERT_EQ(0, SEND(self->ch, .expiry = PAST));
	self->dead = open_as("dead", O_RDONLY);
	ASSERT_TRUE(self->dead);
	EXPECT_EQ(KCHAN_DEAD_EXPIRED, next_dead(self->dead).reason);
}

TEST_F(dead, message_for_a_dead_letter_channel_that_is_gone_is_dropped)
{
	self->ch = create("a", &self->opts);
	ASSERT_TRUE(self->ch);
	ASSERT_EQ(0, kchan_revoke(self->dead));
	ASSERT_EQ(0, SEND(self->ch, .expiry = PAST));
	EXPECT_TRUE(KC_EVENTUALLY(state_of(self->ch).dropped[0] == 1));
}

TEST_HARNESS_MAIN
