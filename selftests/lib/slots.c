// SPDX-License-Identifier: GPL-2.0
/* Messages that are received where they were written. */
#include "slot_test.h"

#include <poll.h>

FIXTURE(slots)
{
	struct kchan *rx;
	struct kchan *tx;
	void *slot;
	const void *msg;
};

FIXTURE_SETUP(slots)
{
	ASSERT_EQ(0, make_pool(&self->rx, &self->tx));
	self->slot = KEPT;
	self->msg = KEPT;
}

FIXTURE_TEARDOWN(slots)
{
	kchan_close(self->tx);
	kchan_close(self->rx);
}

/* A call that waits in a thread of its own. */
struct call {
	struct kchan *ch;
	bool takes;
	void *slot;
	const void *msg;
	pthread_t thread;
	pid_t tid;
	ssize_t ret;
};

static void *call_thread(void *arg)
{
	struct call *call = arg;

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	if (call->takes)
		call->ret = kchan_take(call->ch, &call->msg);
	else
		call->ret = kchan_loan(call->ch, &call->slot);
	return NULL;
}

/* Returns when the call waits. */
static bool start(struct call *call)
{
	if (pthread_create(&call->thread, NULL, call_thread, call) ||
	    !KC_EVENTUALLY(__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE)))
		return false;
	return kc_asleep(call->tid);
}

static ssize_t finish(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

TEST_F(slots, message_is_received_where_it_was_written)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(3100, whose(self->rx));
	memcpy(self->slot, "hello", 5);
	EXPECT_EQ(0, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(3010, whose(self->rx));
	ASSERT_EQ(5, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(3001, whose(self->rx));
	EXPECT_EQ(0, memcmp("hello", self->msg, 5));
	memcpy(self->slot, "HELLO", 5);
	EXPECT_EQ(0, memcmp("HELLO", self->msg, 5));
	EXPECT_EQ(0, kchan_release(self->rx, self->msg));
	EXPECT_EQ(4000, whose(self->rx));
	EXPECT_EQ(1, state_of(self->rx).received);
}

TEST_F(slots, each_loan_is_another_slot)
{
	void *slots[SLOTS];
	int i;

	for (i = 0; i < SLOTS; i++) {
		ASSERT_EQ(ROOM, kchan_loan(self->tx, &slots[i]));
		memset(slots[i], 'a' + i, SLOT_SIZE);
	}
	EXPECT_EQ(-EAGAIN,
		  LOAN(self->tx, &self->slot, .flags = KCHAN_NONBLOCK));
	EXPECT_EQ(KEPT, self->slot);
	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(0, kchan_publish(self->tx, slots[i], ROOM));
	for (i = 0; i < SLOTS; i++) {
		ASSERT_EQ(ROOM, kchan_take(self->rx, &self->msg));
		EXPECT_EQ('a' + i, *(const char *)self->msg);
		EXPECT_EQ('a' + i, ((const char *)self->msg)[SLOT_SIZE - 1]);
	}
	EXPECT_EQ(4, whose(self->rx));
}

TEST_F(slots, message_that_is_too_long_stays_on_loan)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(-EMSGSIZE, kchan_publish(self->tx, self->slot, ROOM + 1));
	EXPECT_EQ(-EMSGSIZE, kchan_publish(self->tx, self->slot, SIZE_MAX));
#ifdef __LP64__
	EXPECT_EQ(-EMSGSIZE, kchan_publish(self->tx, self->slot, 1ULL << 32));
#endif
	EXPECT_EQ(3100, whose(self->rx));
	EXPECT_EQ(0, kchan_publish(self->tx, self->slot, ROOM));
}

TEST_F(slots, message_may_be_empty)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(0, kchan_publish(self->tx, self->slot, 0));
	EXPECT_EQ(0, kchan_take(self->rx, &self->msg));
	EXPECT_NE(KEPT, self->msg);
	EXPECT_EQ(0, kchan_release(self->rx, self->msg));
}

TEST_F(slots, loan_can_be_given_back_unused)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(0, kchan_release(self->tx, self->slot));
	EXPECT_EQ(4000, whose(self->rx));
	EXPECT_EQ(0, state_of(self->rx).sent);
}

TEST_F(slots, options_arrive_with_the_message)
{
	struct kchan_send_opts opts = { .size = sizeof(opts),
					.prio = 7,
					.tag = 8,
					.deadline = kchan_deadline_in(KC_NS),
					.expiry =
						kchan_deadline_in(99 * KC_NS) };
	struct kchan_msg_info info = { .size = sizeof(info), .origin = 9 };
	uint64_t before = kchan_now(), seq = 0;

	ASSERT_EQ(0, publish(self->tx, "first"));
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(0, kchan_publish_opts(self->tx, self->slot, 3, &opts, &seq));
	EXPECT_EQ(2, seq);
	EXPECT_EQ(3, kchan_take_opts(self->rx, &self->msg, NULL, &info));
	EXPECT_EQ(sizeof(info), info.size);
	EXPECT_EQ(3, info.len);
	EXPECT_EQ(8, info.tag);
	EXPECT_EQ(2, info.seq);
	EXPECT_LE(before, info.time);
	EXPECT_GE(kchan_now(), info.time);
	EXPECT_EQ(7, info.prio);
	EXPECT_EQ(1, info.deliveries);
	EXPECT_EQ(getpid(), info.pid);
	EXPECT_EQ(geteuid(), info.uid);
	EXPECT_EQ(getegid(), info.gid);
	EXPECT_EQ(0, info.reason);
	EXPECT_EQ(opts.expiry, info.expiry);
	EXPECT_EQ(0, info.origin);
}

TEST_F(slots, message_that_has_expired_frees_its_slot)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(0, PUBLISH(self->tx, self->slot, 5, .expiry = PAST));
	EXPECT_EQ(-EAGAIN, TAKE(self->rx, &self->msg, .flags = KCHAN_NONBLOCK));
	EXPECT_TRUE(KC_EVENTUALLY(whose(self->rx) == 4000));
}

TEST_F(slots, filter_chooses_the_message)
{
	const struct kchan_recv_opts opts = { .size = sizeof(opts),
					      .filter = KCHAN_FILTER_TAG,
					      .value = 2 };
	uint64_t tag;

	for (tag = 1; tag <= 3; tag++) {
		ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
		ASSERT_EQ(0, PUBLISH(self->tx, self->slot, tag, .tag = tag));
	}
	EXPECT_EQ(2, kchan_take_opts(self->rx, &self->msg, &opts, NULL));
	EXPECT_EQ(3,
		  kchan_release_and_take(self->rx, &self->msg,
					 &(struct kchan_recv_opts){
						 .size = sizeof(opts),
						 .filter = KCHAN_FILTER_TAG_NOT,
						 .value = 1 },
					 NULL));
}

TEST_F(slots, take_without_use_for_it_is_EINVAL)
{
	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .flags = KCHAN_PEEK));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .flags = UNKNOWN));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .position = 1));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .reserved = 1));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .value = 1));
	EXPECT_EQ(-EINVAL, TAKE(self->rx, &self->msg, .filter = 99));
	EXPECT_EQ(KEPT, self->msg);
	EXPECT_EQ(3010, whose(self->rx));
}

TEST_F(slots, loan_without_use_for_it_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, LOAN(self->tx, &self->slot, .flags = KCHAN_HOLD));
	EXPECT_EQ(-EINVAL, LOAN(self->tx, &self->slot, .flags = UNKNOWN));
	EXPECT_EQ(-EINVAL, LOAN(self->tx, &self->slot, .reserved = 1));
	EXPECT_EQ(KEPT, self->slot);
	EXPECT_EQ(4000, whose(self->rx));
}

TEST_F(slots, flag_of_the_fused_form_is_EINVAL_in_options)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	EXPECT_EQ(-EINVAL, PUBLISH(self->tx, self->slot, 5,
				   .flags = KCHAN_PUBLISH_LOAN));
	EXPECT_EQ(-EINVAL, PUBLISH(self->tx, self->slot, 5, .flags = UNKNOWN));
	EXPECT_EQ(-EINVAL,
		  PUBLISH(self->tx, self->slot, 5, .prio = KCHAN_PRIO_MAX + 1));
	EXPECT_EQ(3100, whose(self->rx));
}

TEST_F(slots, take_waits_for_a_message)
{
	struct call call = { .ch = self->rx, .takes = true };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(5, finish(&call));
	EXPECT_EQ(0, memcmp("hello", call.msg, 5));
}

TEST_F(slots, loan_waits_for_a_slot)
{
	struct call call = { .ch = self->tx };
	int i;

	for (i = 0; i < SLOTS; i++)
		ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, kchan_release(self->tx, self->slot));
	EXPECT_EQ(ROOM, finish(&call));
	EXPECT_EQ(self->slot, call.slot);
}

TEST_F(slots, waiting_ends_as_options_say)
{
	void *slots[SLOTS];

	EXPECT_EQ(-EAGAIN, TAKE(self->rx, &self->msg, .flags = KCHAN_NONBLOCK));
	EXPECT_EQ(-ETIMEDOUT, TAKE(self->rx, &self->msg, .deadline = PAST));
	EXPECT_EQ(-ETIMEDOUT, TAKE(self->rx, &self->msg,
				   .deadline = kchan_deadline_in(1000)));
	ASSERT_EQ(SLOTS, kchan_loan_many(self->tx, slots, SLOTS, NULL));
	EXPECT_EQ(-ETIMEDOUT, LOAN(self->tx, &self->slot, .deadline = PAST));
	kchan_close(self->rx);
	self->rx = NULL;
	EXPECT_EQ(-EPIPE,
		  LOAN(self->tx, &self->slot, .flags = KCHAN_NEED_PEER));
	EXPECT_EQ(KEPT, self->msg);
	EXPECT_EQ(KEPT, self->slot);
}

TEST_F(slots, take_from_nobody_is_EPIPE)
{
	ASSERT_EQ(0, publish(self->tx, "hello"));
	kchan_close(self->tx);
	self->tx = NULL;
	EXPECT_EQ(5, TAKE(self->rx, &self->msg, .flags = KCHAN_NEED_PEER));
	EXPECT_EQ(-EPIPE, TAKE(self->rx, &self->msg, .flags = KCHAN_NEED_PEER));
	EXPECT_EQ(0, memcmp("hello", self->msg, 5));
}

TEST_F(slots, nonblocking_endpoint_does_not_wait)
{
	ASSERT_EQ(0, fcntl(kchan_fd(self->rx), F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-EAGAIN, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(KEPT, self->msg);
}

/* Pointers to what is not where a slot of the pool begins; the last is KEPT. */
static const void *not_a_slot(const struct kchan_pool_info *pool, int i)
{
	static const char elsewhere[SLOT_SIZE];
	const char *base = pool->base;
	const void *const pointers[] = {
		NULL,
		elsewhere,
		base + 1,
		base - 1,
		base - pool->slot_size,
		base + pool->slot_size - 1,
		base + pool->bytes,
		base + pool->bytes + pool->slot_size,
		(void *)UINTPTR_MAX,
	};

	return i < (int)(sizeof(pointers) / sizeof(*pointers)) ? pointers[i] :
								 KEPT;
}

TEST_F(slots, pointer_that_is_no_slot_is_EINVAL)
{
	struct kchan_pool_info out = { .size = sizeof(out) };
	struct kchan_pool_info in = { .size = sizeof(in) };
	const void *bad, *msg;
	void *slot;
	int i = 0;

	ASSERT_EQ(0, kchan_get_pool(self->tx, &out));
	ASSERT_EQ(0, kchan_get_pool(self->rx, &in));
	ASSERT_EQ(0, publish(self->tx, "hello"));
	do {
		bad = not_a_slot(&out, i);
		slot = (void *)bad;
		EXPECT_EQ(-EINVAL, kchan_publish(self->tx, slot, 5));
		EXPECT_EQ(-EINVAL, kchan_publish_and_loan(self->tx, &slot, 5,
							  NULL, NULL));
		EXPECT_EQ(bad, slot);
		EXPECT_EQ(-EINVAL, kchan_slot_number(self->tx, bad));
		msg = bad = not_a_slot(&in, i);
		EXPECT_EQ(-EINVAL, kchan_release(self->rx, bad));
		EXPECT_EQ(-EINVAL, kchan_release_many(self->rx, &bad, 1));
		if (bad)
			EXPECT_EQ(-EINVAL, kchan_release_and_take(
						   self->rx, &msg, NULL, NULL));
		EXPECT_EQ(bad, msg);
		i++;
	} while (bad != KEPT);
	EXPECT_EQ(3010, whose(self->rx));
}

TEST_F(slots, slot_of_another_is_EPERM)
{
	struct kchan *other = another(self->tx, O_RDWR);
	const void *theirs;
	void *slot;

	ASSERT_TRUE(other);
	ASSERT_EQ(0, publish(self->tx, "hello"));
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	slot = kchan_slot_data(other, kchan_slot_number(self->tx, self->slot));
	theirs = slot;
	EXPECT_EQ(-EPERM, kchan_publish(other, slot, 5));
	EXPECT_EQ(-EPERM, kchan_publish_and_loan(other, &slot, 5, NULL, NULL));
	EXPECT_EQ(theirs, slot);
	EXPECT_EQ(-EPERM, kchan_release(other, theirs));
	EXPECT_EQ(-EPERM, kchan_release_and_take(other, &theirs, NULL, NULL));
	EXPECT_EQ(slot, theirs);
	EXPECT_EQ(2110, whose(self->rx));
	kchan_close(other);
}

TEST_F(slots, slot_that_was_given_away_is_EPERM)
{
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	ASSERT_EQ(0, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(-EPERM, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(-EPERM, kchan_release(self->tx, self->slot));
	ASSERT_EQ(5, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(-EPERM, kchan_publish(self->tx, self->slot, 5));
	ASSERT_EQ(0, kchan_release(self->rx, self->msg));
	EXPECT_EQ(-EPERM, kchan_release(self->rx, self->msg));
	EXPECT_EQ(-EPERM, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(4000, whose(self->rx));
	EXPECT_EQ(1, state_of(self->rx).sent);
}

TEST_F(slots, taken_slot_cannot_be_published)
{
	struct kchan *ch = another(self->tx, O_RDWR);

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, publish(ch, "hello"));
	ASSERT_EQ(5, kchan_take(ch, &self->msg));
	EXPECT_EQ(-EPERM, kchan_publish(ch, (void *)self->msg, 5));
	EXPECT_EQ(3001, whose(ch));
	kchan_close(ch);
}

TEST_F(slots, release_of_a_held_message_acknowledges_it)
{
	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(5, TAKE(self->rx, &self->msg, .flags = KCHAN_HOLD));
	EXPECT_EQ(1, state_of(self->rx).held);
	EXPECT_EQ(0, kchan_release(self->rx, self->msg));
	EXPECT_EQ(0, state_of(self->rx).held);
	EXPECT_EQ(-ENOENT, kchan_ack(self->rx, 1));
	EXPECT_EQ(4000, whose(self->rx));
}

TEST_F(slots, acknowledgement_releases_the_slot)
{
	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(5, TAKE(self->rx, &self->msg, .flags = KCHAN_HOLD));
	EXPECT_EQ(0, kchan_ack(self->rx, 1));
	EXPECT_EQ(-EPERM, kchan_release(self->rx, self->msg));
	EXPECT_EQ(4000, whose(self->rx));
}

TEST_F(slots, message_given_back_comes_again)
{
	struct kchan_msg_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(5, TAKE(self->rx, &self->msg, .flags = KCHAN_HOLD));
	EXPECT_EQ(0, kchan_nack(self->rx, 1, 0));
	EXPECT_EQ(-EPERM, kchan_release(self->rx, self->msg));
	EXPECT_EQ(3010, whose(self->rx));
	EXPECT_EQ(5, kchan_take_opts(self->rx, &self->msg, NULL, &info));
	EXPECT_EQ(2, info.deliveries);
}

TEST_F(slots, copied_messages_and_slots_go_together)
{
	char buf[8] = "";

	ASSERT_EQ(0, publish(self->tx, "where"));
	EXPECT_EQ(5, kchan_recv(self->rx, buf, sizeof(buf)));
	EXPECT_EQ(0, strcmp("where", buf));
	EXPECT_EQ(0, kchan_send(self->tx, "copied", 6));
	EXPECT_EQ(6, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(0, memcmp("copied", self->msg, 6));
	EXPECT_EQ(0, kchan_release(self->rx, self->msg));
	EXPECT_EQ(4000, whose(self->rx));
}

TEST_F(slots, what_a_closed_endpoint_had_is_given_back)
{
	struct kchan *ch = another(self->tx, O_RDWR);

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, publish(ch, "held"));
	ASSERT_EQ(0, publish(ch, "taken"));
	ASSERT_EQ(4, TAKE(ch, &self->msg, .flags = KCHAN_HOLD));
	ASSERT_EQ(5, kchan_take(ch, &self->msg));
	ASSERT_EQ(ROOM, kchan_loan(ch, &self->slot));
	EXPECT_EQ(1102, whose(self->rx));
	kchan_close(ch);
	EXPECT_EQ(3010, whose(self->rx));
	EXPECT_EQ(4, kchan_take(self->rx, &self->msg));
}

TEST_F(slots, dead_message_from_elsewhere_is_EXDEV)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .dead_letter = self->tx };
	struct kchan *ch = create(NULL, &opts);
	char buf[8];

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, kchan_send(ch, "dead", 4));
	ASSERT_EQ(1, hold(ch));
	ASSERT_EQ(0, kchan_nack(ch, 1, KCHAN_NACK_REJECT));
	ASSERT_TRUE(KC_EVENTUALLY(state_of(self->rx).queued == 1));
	EXPECT_EQ(-EXDEV, kchan_take(self->rx, &self->msg));
	EXPECT_EQ(KEPT, self->msg);
	EXPECT_EQ(4, kchan_recv(self->rx, buf, sizeof(buf)));
	kchan_close(ch);
}

TEST_F(slots, wrong_role_is_EBADF)
{
	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(-EBADF, kchan_loan(self->rx, &self->slot));
	EXPECT_EQ(-EBADF, kchan_loan_many(self->rx, &self->slot, 1, NULL));
	EXPECT_EQ(-EBADF,
		  kchan_publish(self->rx, kchan_slot_data(self->rx, 0), 5));
	EXPECT_EQ(-EBADF, kchan_take(self->tx, &self->msg));
	EXPECT_EQ(KEPT, self->slot);
	EXPECT_EQ(KEPT, self->msg);
	EXPECT_EQ(3010, whose(self->rx));
}

/* All functions of pools, on a channel where they fail. */
static bool all_fail(struct kchan *ch, int err)
{
	struct kchan_publish out = { .size = sizeof(out) };
	struct kchan_take in = { .size = sizeof(in),
				 .flags = KCHAN_TAKE_RELEASE,
				 .release = KCHAN_SLOT_NONE };
	struct kchan_pool_info info = { .size = sizeof(info) };
	const void *msg = KEPT;
	void *slot = KEPT;

	return kchan_loan(ch, &slot) == err &&
	       kchan_loan_opts(ch, &slot, NULL) == err &&
	       kchan_loan_many(ch, &slot, 1, NULL) == err &&
	       kchan_publish(ch, slot, 5) == err &&
	       kchan_publish_opts(ch, slot, 5, NULL, NULL) == err &&
	       kchan_publish_and_loan(ch, &slot, 5, NULL, NULL) == err &&
	       kchan_publish_batch(ch, &out, 1, NULL) == err &&
	       kchan_take(ch, &msg) == err &&
	       kchan_take_opts(ch, &msg, NULL, NULL) == err &&
	       kchan_take_batch(ch, &in, 1, NULL) == err &&
	       kchan_release_and_take(ch, &msg, NULL, NULL) == err &&
	       kchan_release(ch, msg) == err &&
	       kchan_release_many(ch, &msg, 1) == err &&
	       kchan_get_pool(ch, &info) == err &&
	       kchan_slot_number(ch, slot) == err && !kchan_slot_data(ch, 0) &&
	       slot == KEPT && msg == KEPT;
}

TEST_F(slots, channel_without_a_pool_is_EOPNOTSUPP)
{
	struct kchan *ch = create(NULL, NULL);

	ASSERT_TRUE(ch);
	ASSERT_EQ(0, kchan_send(ch, "hello", 5));
	EXPECT_TRUE(all_fail(ch, -EOPNOTSUPP));
	EXPECT_EQ(1, state_of(ch).queued);
	kchan_close(ch);
}

TEST_F(slots, revoked_channel_is_EIDRM)
{
	struct kchan *other = another(self->tx, O_RDWR);

	ASSERT_TRUE(other);
	ASSERT_EQ(ROOM, kchan_loan(self->tx, &self->slot));
	ASSERT_EQ(0, kchan_revoke(self->rx));
	EXPECT_TRUE(all_fail(other, -EIDRM));
	EXPECT_EQ(-EIDRM, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(-EIDRM, kchan_release(self->tx, self->slot));
	/* Mapped all the same. */
	memcpy(self->slot, "hello", 5);
	kchan_close(other);
}

TEST_F(slots, loan_that_is_not_to_wait_is_ENOSPC)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .overflow = KCHAN_OVERFLOW_REJECT,
					  .slots = 1,
					  .slot_size = 8 };
	struct kchan *ch = NULL;

	ASSERT_EQ(0, kchan_create(&ch, NULL, O_RDWR, &opts));
	ASSERT_EQ(KCHAN_SLOT_ALIGN, kchan_loan(ch, &self->slot));
	EXPECT_EQ(-ENOSPC, kchan_loan(ch, &self->slot));
	kchan_close(ch);
}

TEST_F(slots, poll_tells_of_messages_in_slots)
{
	struct pollfd pfd = { .fd = kchan_fd(self->rx), .events = POLLIN };

	EXPECT_EQ(0, poll(&pfd, 1, 0));
	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(1, poll(&pfd, 1, 0));
}

TEST_F(slots, options_that_are_not_known_are_refused)
{
	struct {
		struct kchan_loan_opts old;
		uint64_t more;
	} newer = { .old.size = sizeof(newer), .more = 1 };
	struct {
		struct kchan_msg_info old;
		uint64_t more;
	} info = { .old.size = sizeof(info), .more = 1 };
	const struct kchan_loan_opts unset = { 0 };
	const struct kchan_send_opts no_size = { 0 };

	EXPECT_EQ(-E2BIG, kchan_loan_opts(self->tx, &self->slot, &newer.old));
	EXPECT_EQ(-EINVAL, kchan_loan_opts(self->tx, &self->slot, &unset));
	EXPECT_EQ(-E2BIG,
		  kchan_loan_many(self->tx, &self->slot, 1, &newer.old));
	EXPECT_EQ(KEPT, self->slot);
	newer.more = 0;
	EXPECT_EQ(ROOM, kchan_loan_opts(self->tx, &self->slot, &newer.old));
	EXPECT_EQ(-EINVAL,
		  kchan_publish_opts(self->tx, self->slot, 5, &no_size, NULL));
	EXPECT_EQ(3100, whose(self->rx));
	EXPECT_EQ(0, kchan_publish(self->tx, self->slot, 5));
	EXPECT_EQ(-E2BIG,
		  kchan_take_opts(self->rx, &self->msg, NULL, &info.old));
	EXPECT_EQ(3010, whose(self->rx));
	info.more = 0;
	EXPECT_EQ(5, kchan_take_opts(self->rx, &self->msg, NULL, &info.old));
	EXPECT_EQ(sizeof(info), info.old.size);
}

/* As a program that was built with an earlier header has it. */
TEST_F(slots, older_struct_gets_what_it_has_room_for)
{
	struct kchan_msg_info info = {
		.size = offsetof(struct kchan_msg_info, seq), .seq = 9
	};

	ASSERT_EQ(0, publish(self->tx, "hello"));
	EXPECT_EQ(5, kchan_take_opts(self->rx, &self->msg, NULL, &info));
	EXPECT_EQ(5, info.len);
	EXPECT_EQ(9, info.seq);
}

TEST_HARNESS_MAIN
