// SPDX-License-Identifier: GPL-2.0
/* Messages that are held, and settings of the endpoint that holds them. */
#include "lib_test.h"

#include <poll.h>
#include <signal.h>

#define ALL UINT64_MAX
#define UNKNOWN (1U << 31)

FIXTURE(hold)
{
	struct kchan *ch;
	struct kchan *other;
};

FIXTURE_SETUP(hold)
{
	self->ch = create(NULL, NULL);
	ASSERT_TRUE(self->ch);
	self->other = another(self->ch, O_RDONLY | O_NONBLOCK);
	ASSERT_TRUE(self->other);
}

FIXTURE_TEARDOWN(hold)
{
	kchan_close(self->other);
	kchan_close(self->ch);
}

/* Send so many messages and hold them all; the first has the number 1. */
static bool hold_new(struct kchan *ch, uint64_t n)
{
	uint64_t i;

	for (i = 1; i <= n; i++) {
		if (kchan_send(ch, "hello", 5) || hold(ch) != i)
			return false;
	}
	return true;
}

static struct kchan_settings settings_of(const struct kchan *ch)
{
	struct kchan_settings settings = KCHAN_INIT(struct kchan_settings);

	if (kchan_get_settings(ch, &settings))
		memset(&settings, 0xff, sizeof(settings));
	return settings;
}

TEST_F(hold, held_message_is_out_of_the_queue_and_counted)
{
	struct kchan_state state;

	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(1, hold(self->ch));
	state = state_of(self->ch);
	EXPECT_EQ(0, state.queued);
	EXPECT_EQ(0, state.received);
	EXPECT_EQ(1, state.held);
	EXPECT_EQ(5, state.held_bytes);
	EXPECT_EQ(1, settings_of(self->ch).held);
	EXPECT_EQ(5, settings_of(self->ch).held_bytes);
	EXPECT_EQ(0, settings_of(self->other).held);
	EXPECT_EQ(0, hold(self->other));
}

TEST_F(hold, acknowledged_message_is_gone)
{
	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(0, kchan_ack(self->ch, 1));
	EXPECT_EQ(0, state_of(self->ch).held);
	EXPECT_EQ(1, state_of(self->ch).received);
	EXPECT_EQ(-ENOENT, kchan_ack(self->ch, 1));
}

TEST_F(hold, message_given_back_comes_again)
{
	struct kchan_msg_info info;

	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(0, kchan_nack(self->ch, 1, 0));
	EXPECT_EQ(1, state_of(self->ch).queued);
	EXPECT_EQ(1, state_of(self->ch).returned);
	info = take(self->other, 0);
	EXPECT_EQ(1, info.seq);
	EXPECT_EQ(2, info.deliveries);
}

TEST_F(hold, message_that_is_rejected_is_dropped)
{
	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(0, kchan_nack(self->ch, 1, KCHAN_NACK_REJECT));
	EXPECT_EQ(0, state_of(self->ch).held);
	EXPECT_EQ(0, state_of(self->ch).queued);
	EXPECT_EQ(1, state_of(self->ch).dropped[KCHAN_DEAD_REJECTED]);
}

TEST_F(hold, message_that_is_not_held_is_ENOENT)
{
	struct kchan_state before;
	uint64_t seq;

	ASSERT_TRUE(hold_new(self->ch, 1));
	ASSERT_EQ(0, kchan_send(self->ch, "queued", 6));
	before = state_of(self->ch);
	for (seq = 0; seq <= 3; seq++) {
		EXPECT_EQ(-ENOENT, kchan_ack(self->other, seq));
		EXPECT_EQ(-ENOENT, kchan_nack(self->other, seq, 0));
		EXPECT_EQ(-ENOENT, kchan_ack_many(self->other, &seq, 1));
		EXPECT_EQ(-ENOENT, kchan_nack_many(self->other, &seq, 1, 0));
	}
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
}

TEST_F(hold, endpoint_that_is_closed_gives_back_in_order)
{
	ASSERT_TRUE(hold_new(self->ch, 2));
	ASSERT_EQ(2, kchan_nack_up_to(self->ch, ALL, 0));
	ASSERT_EQ(1, hold(self->other));
	ASSERT_EQ(2, hold(self->other));
	kchan_close(self->other);
	self->other = NULL;
	EXPECT_EQ(1, take(self->ch, 0).seq);
	EXPECT_EQ(2, take(self->ch, 0).seq);
	EXPECT_EQ(4, state_of(self->ch).returned);
}

static int hold_and_die(void *arg)
{
	static struct kchan *volatile own; /* no leak, to who looks */

	own = another(arg, O_RDONLY | O_NONBLOCK);
	if (!own || hold(own) != 1)
		return -EPROTO;
	raise(SIGKILL);
	return 0;
}

TEST_F(hold, process_that_is_killed_gives_back)
{
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(KC_KILLED, kc_child(hold_and_die, self->ch));
	EXPECT_EQ(0, state_of(self->ch).held);
	EXPECT_EQ(2, take(self->ch, 0).deliveries);
}

static int ack_first(void *arg)
{
	return kchan_ack(arg, 1);
}

TEST_F(hold, child_with_the_same_endpoint_acknowledges)
{
	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(0, kc_child(ack_first, self->ch));
	EXPECT_EQ(0, state_of(self->ch).held);
}

TEST_F(hold, ack_many_takes_any_order)
{
	const uint64_t seqs[] = { 3, 1, 4 };

	ASSERT_TRUE(hold_new(self->ch, 4));
	EXPECT_EQ(3, kchan_ack_many(self->ch, seqs, 3));
	EXPECT_EQ(1, state_of(self->ch).held);
	EXPECT_EQ(3, state_of(self->ch).received);
	EXPECT_EQ(0, kchan_ack(self->ch, 2));
}

TEST_F(hold, ack_many_ends_at_the_first_that_is_not_held)
{
	const uint64_t seqs[] = { 2, 77, 1 };

	ASSERT_TRUE(hold_new(self->ch, 2));
	EXPECT_EQ(1, kchan_ack_many(self->ch, seqs, 3));
	EXPECT_EQ(1, state_of(self->ch).held);
	EXPECT_EQ(-ENOENT, kchan_ack_many(self->ch, seqs + 1, 2));
	EXPECT_EQ(0, kchan_ack(self->ch, 1));
}

TEST_F(hold, nack_many_gives_back_in_the_order_of_numbers)
{
	const uint64_t seqs[] = { 3, 1 };

	ASSERT_TRUE(hold_new(self->ch, 3));
	EXPECT_EQ(2, kchan_nack_many(self->ch, seqs, 2, 0));
	EXPECT_EQ(1, state_of(self->ch).held);
	EXPECT_EQ(1, take(self->ch, 0).seq);
	EXPECT_EQ(3, take(self->ch, 0).seq);
}

TEST_F(hold, nack_many_rejects)
{
	const uint64_t seqs[] = { 3, 1 };

	ASSERT_TRUE(hold_new(self->ch, 3));
	EXPECT_EQ(2, kchan_nack_many(self->ch, seqs, 2, KCHAN_NACK_REJECT));
	EXPECT_EQ(0, state_of(self->ch).queued);
	EXPECT_EQ(2, state_of(self->ch).dropped[KCHAN_DEAD_REJECTED]);
}

TEST_F(hold, as_many_as_one_call_takes_are_taken)
{
	static uint64_t seqs[KCHAN_BATCH_MAX];
	int i;

	ASSERT_TRUE(hold_new(self->ch, KCHAN_BATCH_MAX));
	for (i = 0; i < KCHAN_BATCH_MAX; i++)
		seqs[i] = KCHAN_BATCH_MAX - i;
	EXPECT_EQ(KCHAN_BATCH_MAX,
		  kchan_ack_many(self->ch, seqs, KCHAN_BATCH_MAX));
	EXPECT_EQ(0, state_of(self->ch).held);
}

TEST_F(hold, count_out_of_range_is_EINVAL)
{
	static const uint64_t seqs[KCHAN_BATCH_MAX + 1] = { 1 };
	const size_t counts[] = { 0, KCHAN_BATCH_MAX + 1, SIZE_MAX };
	struct kchan_state before;
	size_t i;

	ASSERT_TRUE(hold_new(self->ch, 1));
	before = state_of(self->ch);
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		EXPECT_EQ(-EINVAL, kchan_ack_many(self->ch, seqs, counts[i]));
		EXPECT_EQ(-EINVAL,
			  kchan_nack_many(self->ch, seqs, counts[i], 0));
	}
	EXPECT_EQ(-EINVAL, kchan_ack_many(self->ch, NULL, 0));
	EXPECT_EQ(-EINVAL, kchan_ack_many(self->ch, NULL, 1));
	EXPECT_EQ(-EINVAL, kchan_nack_many(self->ch, NULL, 0, 0));
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
}

#ifdef __LP64__
TEST_F(hold, count_that_32_bits_cannot_hold_is_EINVAL)
{
	const uint64_t seq = 1;

	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(-EINVAL, kchan_ack_many(self->ch, &seq, (1ULL << 32) + 1));
	EXPECT_EQ(-EINVAL,
		  kchan_nack_many(self->ch, &seq, (1ULL << 32) + 1, 0));
	EXPECT_EQ(1, state_of(self->ch).held);
}
#endif

TEST_F(hold, ack_up_to_takes_the_number_and_all_below)
{
	ASSERT_TRUE(hold_new(self->ch, 4));
	ASSERT_EQ(0, kchan_ack(self->ch, 2));
	EXPECT_EQ(2, kchan_ack_up_to(self->ch, 3));
	EXPECT_EQ(1, state_of(self->ch).held);
	EXPECT_EQ(0, kchan_ack_up_to(self->ch, 3));
	EXPECT_EQ(1, kchan_ack_up_to(self->ch, ALL));
	EXPECT_EQ(4, state_of(self->ch).received);
}

TEST_F(hold, nack_up_to_takes_the_number_and_all_below)
{
	ASSERT_TRUE(hold_new(self->ch, 3));
	EXPECT_EQ(2, kchan_nack_up_to(self->ch, 2, 0));
	EXPECT_EQ(2, state_of(self->ch).queued);
	EXPECT_EQ(0, kchan_nack_up_to(self->ch, 2, KCHAN_NACK_REJECT));
	EXPECT_EQ(1, kchan_nack_up_to(self->ch, ALL, KCHAN_NACK_REJECT));
	EXPECT_EQ(1, state_of(self->ch).dropped[KCHAN_DEAD_REJECTED]);
	EXPECT_EQ(1, take(self->ch, 0).seq);
	EXPECT_EQ(2, take(self->ch, 0).seq);
}

TEST_F(hold, flags_that_are_not_known_are_EINVAL)
{
	const uint64_t seq = 1;
	struct kchan_state before;

	ASSERT_TRUE(hold_new(self->ch, 2));
	before = state_of(self->ch);
	EXPECT_EQ(-EINVAL, kchan_nack(self->ch, 1, UNKNOWN));
	EXPECT_EQ(-EINVAL, kchan_nack(self->ch, 1, KCHAN_ACK_UP_TO));
	EXPECT_EQ(-EINVAL, kchan_nack_many(self->ch, &seq, 1, UNKNOWN));
	EXPECT_EQ(-EINVAL, kchan_nack_many(self->ch, &seq, 1, KCHAN_ACK_UP_TO));
	EXPECT_EQ(-EINVAL, kchan_nack_up_to(self->ch, ALL, UNKNOWN));
	EXPECT_EQ(-EINVAL, RECV(self->ch, (char[8]){ 0 },
				.flags = KCHAN_HOLD | KCHAN_PEEK));
	EXPECT_TRUE(kc_unchanged(&before, kchan_fd(self->ch)));
}

/* What each of the calls returns, where it is the same. */
static int each_call(struct kchan *ch)
{
	struct kchan_settings settings = KCHAN_INIT(struct kchan_settings);
	const uint64_t seq = 1;
	const int rets[] = {
		kchan_ack(ch, 1),
		kchan_ack_many(ch, &seq, 1),
		kchan_ack_up_to(ch, ALL),
		kchan_nack(ch, 1, 0),
		kchan_nack_many(ch, &seq, 1, 0),
		kchan_nack_up_to(ch, ALL, 0),
		kchan_get_settings(ch, &settings),
		kchan_set_held_max(ch, 1),
		kchan_set_urgent(ch, 1),
	};
	size_t i;

	for (i = 1; i < sizeof(rets) / sizeof(*rets); i++) {
		if (rets[i] != rets[0])
			return TOUCHED;
	}
	return settings.held_max ? TOUCHED : rets[0];
}

TEST_F(hold, endpoint_that_does_not_receive_is_EBADF)
{
	struct kchan *tx = another(self->ch, O_WRONLY);

	ASSERT_TRUE(hold_new(self->ch, 1));
	EXPECT_EQ(-EBADF, each_call(tx));
	EXPECT_EQ(1, state_of(self->ch).held);
	kchan_close(tx);
}

TEST_F(hold, revoked_channel_is_EIDRM)
{
	ASSERT_TRUE(hold_new(self->ch, 1));
	ASSERT_EQ(0, kchan_revoke(self->other));
	EXPECT_EQ(-EIDRM, each_call(self->ch));
}

TEST_F(hold, settings_are_at_first_without_limit_or_urgency)
{
	struct kchan_settings settings;

	memset(&settings, 0, sizeof(settings));
	settings.size = sizeof(settings);
	ASSERT_EQ(0, kchan_get_settings(self->ch, &settings));
	EXPECT_EQ(sizeof(settings), settings.size);
	EXPECT_EQ(0, settings.held_max);
	EXPECT_EQ(KCHAN_URGENT_NEVER, settings.urgent);
	EXPECT_EQ(0, settings.held);
	EXPECT_EQ(0, settings.held_bytes);
}

TEST_F(hold, settings_are_changed_one_by_one_for_this_endpoint)
{
	EXPECT_EQ(0, kchan_set_held_max(self->ch, 3));
	EXPECT_EQ(0, kchan_set_urgent(self->ch, 9));
	EXPECT_EQ(3, settings_of(self->ch).held_max);
	EXPECT_EQ(9, settings_of(self->ch).urgent);
	EXPECT_EQ(0, kchan_set_held_max(self->ch, 0));
	EXPECT_EQ(0, settings_of(self->ch).held_max);
	EXPECT_EQ(9, settings_of(self->ch).urgent);
	EXPECT_EQ(KCHAN_URGENT_NEVER, settings_of(self->other).urgent);
}

TEST_F(hold, more_than_held_max_is_EBUSY)
{
	char buf[8];

	ASSERT_EQ(0, kchan_set_held_max(self->ch, 1));
	ASSERT_TRUE(hold_new(self->ch, 1));
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(-EBUSY, RECV(self->ch, buf, .flags = KCHAN_HOLD));
	EXPECT_EQ(1, state_of(self->ch).queued);
	EXPECT_EQ(5, RECV(self->ch, buf, .flags = KCHAN_PEEK));
	EXPECT_EQ(2, hold(self->other));
	EXPECT_EQ(0, kchan_nack(self->other, 2, 0));
	EXPECT_EQ(0, kchan_ack(self->ch, 1));
	EXPECT_EQ(2, hold(self->ch));
}

TEST_F(hold, held_max_leaves_what_is_held)
{
	char buf[8];

	ASSERT_TRUE(hold_new(self->ch, 2));
	EXPECT_EQ(0, kchan_set_held_max(self->ch, 1));
	EXPECT_EQ(2, settings_of(self->ch).held);
	ASSERT_EQ(0, kchan_send(self->ch, "hello", 5));
	EXPECT_EQ(0, kchan_ack(self->ch, 1));
	EXPECT_EQ(-EBUSY, RECV(self->ch, buf, .flags = KCHAN_HOLD));
	EXPECT_EQ(0, kchan_set_held_max(self->ch, 0));
	EXPECT_EQ(3, hold(self->ch));
}

TEST_F(hold, urgent_message_polls)
{
	int fd = kchan_fd(self->ch), events = POLLIN | POLLPRI;

	ASSERT_EQ(0, SEND(self->ch, .prio = 8));
	EXPECT_EQ(0, kchan_set_urgent(self->ch, 9));
	EXPECT_EQ(POLLIN, kc_poll(fd, events));
	ASSERT_EQ(0, SEND(self->ch, .prio = 9));
	EXPECT_EQ(POLLIN | POLLPRI, kc_poll(fd, events));
	EXPECT_EQ(POLLIN, kc_poll(kchan_fd(self->other), events));
	EXPECT_EQ(0, kchan_set_urgent(self->ch, KCHAN_URGENT_NEVER));
	EXPECT_EQ(POLLIN, kc_poll(fd, events));
}

TEST_F(hold, urgency_above_all_is_EINVAL)
{
	ASSERT_EQ(0, kchan_set_urgent(self->ch, 9));
	EXPECT_EQ(-EINVAL, kchan_set_urgent(self->ch, KCHAN_URGENT_NEVER + 1));
	EXPECT_EQ(9, settings_of(self->ch).urgent);
}

TEST_F(hold, get_settings_changes_none)
{
	struct kchan_settings settings = { .size = sizeof(settings),
					   .flags = KCHAN_SET_HELD_MAX,
					   .held_max = 3 };

	EXPECT_EQ(-EINVAL, kchan_get_settings(self->ch, &settings));
	EXPECT_EQ(3, settings.held_max);
	EXPECT_EQ(0, settings_of(self->ch).held_max);
}

TEST_F(hold, sizes_of_settings_follow_the_kernels_rules)
{
	struct {
		struct kchan_settings settings;
		uint64_t more;
	} newer = { .settings.size = sizeof(newer) };

	EXPECT_EQ(0, kchan_get_settings(self->ch, &newer.settings));
	EXPECT_EQ(KCHAN_URGENT_NEVER, newer.settings.urgent);
	newer.more = 1;
	EXPECT_EQ(-E2BIG, kchan_get_settings(self->ch, &newer.settings));
	newer.settings.size = 0;
	EXPECT_EQ(-EINVAL, kchan_get_settings(self->ch, &newer.settings));
}

TEST_HARNESS_MAIN
