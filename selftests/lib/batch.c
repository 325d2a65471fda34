// SPDX-License-Identifier: GPL-2.0
/* Messages that are sent and received many at a time. */
#include "lib_test.h"

#define PAST 1 /* a deadline that has passed */
#define UNKNOWN (1U << 31)
#define ROOM 4

FIXTURE(batch)
{
	struct kchan *rx;
	struct kchan *tx;
	struct kchan_send out[ROOM + 1];
	struct kchan_recv in[ROOM + 1];
	char bufs[ROOM + 1][8];
};

/* Message i is "hell", with the tag i. */
FIXTURE_SETUP(batch)
{
	struct kchan_create_opts opts = { .size = sizeof(opts),
					  .depth = ROOM,
					  .msgsize = 8 };
	int i;

	ASSERT_EQ(0, kchan_create_pair(&self->rx, &self->tx, 0, &opts));
	for (i = 0; i <= ROOM; i++) {
		self->out[i] = (struct kchan_send){
			.size = sizeof(self->out[i]),
			.data = (uintptr_t) "hello",
			.len = 4,
			.tag = i,
		};
		self->in[i] = (struct kchan_recv){
			.size = sizeof(self->in[i]),
			.data = (uintptr_t)self->bufs[i],
			.capacity = sizeof(self->bufs[i]),
		};
	}
}

FIXTURE_TEARDOWN(batch)
{
	kchan_close(self->tx);
	kchan_close(self->rx);
}

#define OPTS(...)                                                             \
	(&(struct kchan_batch_opts){ .size = sizeof(struct kchan_batch_opts), \
				     __VA_ARGS__ })

/* A batch in a thread of its own. */
struct call {
	struct kchan *ch;
	struct kchan_send *out;
	struct kchan_recv *in;
	int count;
	uint32_t min;
	pthread_t thread;
	int ret;
};

static void *call_thread(void *arg)
{
	struct call *call = arg;

	if (call->out)
		call->ret = kchan_send_batch(call->ch, call->out, call->count,
					     NULL);
	else
		call->ret = kchan_recv_batch(call->ch, call->in, call->count,
					     OPTS(.min = call->min));
	return NULL;
}

/* Returns when the call waits. */
static bool start(struct call *call)
{
	int fd = kchan_fd(call->ch);

	if (pthread_create(&call->thread, NULL, call_thread, call))
		return false;
	return call->out ? kc_senders_wait(fd, 1) : kc_receivers_wait(fd, 1);
}

static int finish(struct call *call)
{
	pthread_join(call->thread, NULL);
	return call->ret;
}

TEST_F(batch, all_messages_arrive_as_they_were_sent)
{
	uint64_t before = kchan_now();

	self->out[1].prio = 9;
	ASSERT_EQ(3, kchan_send_batch(self->tx, self->out, 3, NULL));
	EXPECT_EQ(1, self->out[0].seq);
	EXPECT_EQ(3, self->out[2].seq);
	EXPECT_EQ(0, self->out[3].seq);
	ASSERT_EQ(3, kchan_recv_batch(self->rx, self->in, 3, NULL));
	EXPECT_EQ(1, self->in[0].tag);
	EXPECT_EQ(0, self->in[1].tag);
	EXPECT_EQ(2, self->in[2].tag);
	EXPECT_EQ(4, self->in[2].len);
	EXPECT_EQ(3, self->in[2].seq);
	EXPECT_EQ(1, self->in[2].deliveries);
	EXPECT_EQ(getpid(), self->in[2].pid);
	EXPECT_LE(before, self->in[2].time);
	EXPECT_EQ(0, memcmp("hell\0", self->bufs[2], 5));
}

TEST_F(batch, items_can_be_used_again)
{
	int i;

	for (i = 0; i < 3; i++) {
		EXPECT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
		EXPECT_EQ(2, kchan_recv_batch(self->rx, self->in, 2, NULL));
		EXPECT_EQ(2 * i + 2, self->in[1].seq);
	}
}

TEST_F(batch, as_many_as_one_call_takes_are_taken)
{
	static struct kchan_send out[KCHAN_BATCH_MAX];
	static struct kchan_recv in[KCHAN_BATCH_MAX];
	struct kchan *ch = create(NULL, NULL);
	int i;

	ASSERT_TRUE(ch);
	for (i = 0; i < KCHAN_BATCH_MAX; i++) {
		out[i] =
			(struct kchan_send){ .size = sizeof(out[i]), .tag = i };
		in[i].size = sizeof(in[i]);
	}
	EXPECT_EQ(KCHAN_BATCH_MAX,
		  kchan_send_batch(ch, out, KCHAN_BATCH_MAX, NULL));
	EXPECT_EQ(KCHAN_BATCH_MAX,
		  kchan_recv_batch(ch, in, KCHAN_BATCH_MAX, NULL));
	for (i = 0; i < KCHAN_BATCH_MAX; i++)
		ASSERT_EQ(i, in[i].tag);
	kchan_close(ch);
}

TEST_F(batch, send_ends_where_there_is_no_room)
{
	EXPECT_EQ(ROOM, kchan_send_batch(self->tx, self->out, ROOM + 1,
					 OPTS(.flags = KCHAN_NONBLOCK)));
	EXPECT_EQ(0, self->out[ROOM].seq);
	EXPECT_EQ(-EAGAIN, kchan_send_batch(self->tx, self->out, 1,
					    OPTS(.flags = KCHAN_NONBLOCK)));
	EXPECT_EQ(-ETIMEDOUT, kchan_send_batch(self->tx, self->out, 1,
					       OPTS(.deadline = PAST)));
	EXPECT_EQ(ROOM, state_of(self->rx).sent);
}

TEST_F(batch, send_waits_for_room_for_all)
{
	struct call call = { .ch = self->tx,
			     .out = self->out,
			     .count = ROOM + 1 };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(ROOM, state_of(self->rx).queued);
	EXPECT_EQ(1, kchan_recv_batch(self->rx, self->in, 1, NULL));
	EXPECT_EQ(ROOM + 1, finish(&call));
	EXPECT_EQ(ROOM + 1, self->out[ROOM].seq);
}

TEST_F(batch, receive_takes_what_is_there)
{
	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	EXPECT_EQ(2, kchan_recv_batch(self->rx, self->in, ROOM, NULL));
	EXPECT_EQ(0, self->in[2].seq);
	EXPECT_EQ(-EAGAIN, kchan_recv_batch(self->rx, self->in, ROOM,
					    OPTS(.flags = KCHAN_NONBLOCK)));
}

TEST_F(batch, receive_waits_for_the_first)
{
	struct call call = { .ch = self->rx, .in = self->in, .count = ROOM };

	ASSERT_TRUE(start(&call));
	EXPECT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(1, finish(&call));
	EXPECT_EQ(5, self->in[0].len);
}

TEST_F(batch, receive_waits_for_as_many_as_it_needs)
{
	struct call call = {
		.ch = self->rx, .in = self->in, .count = ROOM, .min = 3
	};

	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	ASSERT_TRUE(start(&call));
	EXPECT_EQ(1, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(3, finish(&call));
	EXPECT_EQ(3, state_of(self->rx).received);
}

TEST_F(batch, deadline_ends_the_wait_with_what_has_come)
{
	EXPECT_EQ(-ETIMEDOUT,
		  kchan_recv_batch(self->rx, self->in, ROOM,
				   OPTS(.deadline = kchan_deadline_in(1000))));
	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	EXPECT_EQ(2, kchan_recv_batch(self->rx, self->in, ROOM,
				      OPTS(.min = 3, .deadline = PAST)));
	EXPECT_EQ(2, state_of(self->rx).received);
}

TEST_F(batch, waiting_for_nobody_ends_it)
{
	const struct kchan_batch_opts *opts =
		OPTS(.flags = KCHAN_NEED_PEER, .min = 3);

	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	kchan_close(self->tx);
	self->tx = NULL;
	EXPECT_EQ(2, kchan_recv_batch(self->rx, self->in, ROOM, opts));
	EXPECT_EQ(-EPIPE, kchan_recv_batch(self->rx, self->in, ROOM, opts));
}

TEST_F(batch, message_that_is_refused_ends_a_send)
{
	self->out[1].prio = KCHAN_PRIO_MAX + 1;
	EXPECT_EQ(1, kchan_send_batch(self->tx, self->out, 3, NULL));
	EXPECT_EQ(1, self->out[0].seq);
	EXPECT_EQ(0, self->out[1].seq);
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out + 1, 2, NULL));
	self->out[0].len = 9;
	EXPECT_EQ(-EMSGSIZE, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).sent);
}

TEST_F(batch, message_that_does_not_fit_ends_a_receive_and_tells_its_length)
{
	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	self->in[1].capacity = 3;
	EXPECT_EQ(1, kchan_recv_batch(self->rx, self->in, 2, NULL));
	EXPECT_EQ(4, self->in[1].len);
	EXPECT_EQ(0, self->in[1].seq);
	self->in[1].len = 0;
	EXPECT_EQ(-EMSGSIZE, kchan_recv_batch(self->rx, self->in + 1, 1, NULL));
	EXPECT_EQ(4, self->in[1].len);
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, each_item_has_its_own_expiry)
{
	self->out[1].expiry = PAST;
	EXPECT_EQ(3, kchan_send_batch(self->tx, self->out, 3, NULL));
	EXPECT_EQ(2, kchan_recv_batch(self->rx, self->in, 3, NULL));
	EXPECT_EQ(2, self->in[1].tag);
}

TEST_F(batch, each_item_has_its_own_flags_and_filter)
{
	ASSERT_EQ(3, kchan_send_batch(self->tx, self->out, 3, NULL));
	self->in[0].flags = KCHAN_PEEK;
	self->in[0].position = 2;
	self->in[1].flags = KCHAN_HOLD;
	self->in[1].filter = KCHAN_FILTER_TAG;
	self->in[1].value = 1;
	EXPECT_EQ(3, kchan_recv_batch(self->rx, self->in, 3, NULL));
	EXPECT_EQ(2, self->in[0].tag);
	EXPECT_EQ(1, self->in[1].tag);
	EXPECT_EQ(0, self->in[2].tag);
	EXPECT_EQ(1, state_of(self->rx).queued);
	EXPECT_EQ(1, state_of(self->rx).held);
	EXPECT_EQ(0, kchan_ack(self->rx, 2));
}

TEST_F(batch, held_max_ends_a_receive)
{
	ASSERT_EQ(2, kchan_send_batch(self->tx, self->out, 2, NULL));
	ASSERT_EQ(0, kchan_set_held_max(self->rx, 1));
	self->in[0].flags = self->in[1].flags = KCHAN_HOLD;
	EXPECT_EQ(1, kchan_recv_batch(self->rx, self->in, 2, NULL));
	EXPECT_EQ(-EBUSY, kchan_recv_batch(self->rx, self->in, 2, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, item_that_says_how_to_wait_is_EINVAL)
{
	self->out[0].flags = KCHAN_NONBLOCK;
	self->out[1].deadline = PAST;
	self->in[0].flags = KCHAN_NEED_PEER;
	self->in[1].deadline = PAST;
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out + 1, 1, NULL));
	EXPECT_EQ(0, state_of(self->rx).sent);
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, self->in, 1, NULL));
	EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, self->in + 1, 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, count_out_of_range_is_EINVAL)
{
	const size_t counts[] = { 0, KCHAN_BATCH_MAX + 1, SIZE_MAX };
	size_t i;

	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	for (i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out,
						    counts[i], NULL));
		EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, self->in,
						    counts[i], NULL));
	}
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, NULL, 1, NULL));
	EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, NULL, 0, NULL));
	EXPECT_EQ(1, state_of(self->rx).sent);
	EXPECT_EQ(1, state_of(self->rx).queued);
}

#ifdef __LP64__
TEST_F(batch, count_that_32_bits_cannot_hold_is_EINVAL)
{
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out,
					    (1ULL << 32) + 1, NULL));
	EXPECT_EQ(0, state_of(self->rx).sent);
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EINVAL,
		  kchan_recv_batch(self->rx, self->in, (1ULL << 32) + 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}
#endif

TEST_F(batch, minimum_that_cannot_be_is_EINVAL)
{
	EXPECT_EQ(-EINVAL,
		  kchan_send_batch(self->tx, self->out, 2, OPTS(.min = 1)));
	EXPECT_EQ(0, state_of(self->rx).sent);
	ASSERT_EQ(1, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(-EINVAL,
		  kchan_recv_batch(self->rx, self->in, 2, OPTS(.min = 3)));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, options_that_are_not_known_are_refused)
{
	struct {
		struct kchan_batch_opts old;
		uint64_t more;
	} newer = { .old.size = sizeof(newer), .more = 1 };
	const struct kchan_batch_opts unset = { 0 };

	EXPECT_EQ(-E2BIG, kchan_send_batch(self->tx, self->out, 1, &newer.old));
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out, 1, &unset));
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out, 1,
					    OPTS(.flags = UNKNOWN)));
	EXPECT_EQ(0, state_of(self->rx).sent);
	newer.more = 0;
	EXPECT_EQ(1, kchan_send_batch(self->tx, self->out, 1, &newer.old));
	EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, self->in, 1,
					    OPTS(.flags = KCHAN_HOLD)));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

/* As a program that was built with a later header has them. */
TEST_F(batch, newer_items_are_taken_if_what_is_new_is_not_used)
{
	struct {
		struct kchan_send old;
		uint64_t more;
	} newer[2] = { { self->out[0], 0 }, { self->out[1], 0 } };

	newer[0].old.size = newer[1].old.size = sizeof(newer[0]);
	EXPECT_EQ(2, kchan_send_batch(self->tx, &newer[0].old, 2, NULL));
	EXPECT_EQ(2, newer[1].old.seq);
	newer[0].more = 1;
	EXPECT_EQ(-E2BIG, kchan_send_batch(self->tx, &newer[0].old, 2, NULL));
	EXPECT_EQ(2, state_of(self->rx).sent);
}

TEST_F(batch, size_that_was_not_set_is_EINVAL)
{
	self->out[0].size = self->in[0].size = 0;
	EXPECT_EQ(-EINVAL, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(0, state_of(self->rx).sent);
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EINVAL, kchan_recv_batch(self->rx, self->in, 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, wrong_role_is_EBADF)
{
	ASSERT_EQ(0, kchan_send(self->tx, "hello", 5));
	EXPECT_EQ(-EBADF, kchan_send_batch(self->rx, self->out, 1, NULL));
	EXPECT_EQ(-EBADF, kchan_recv_batch(self->tx, self->in, 1, NULL));
	EXPECT_EQ(1, state_of(self->rx).queued);
}

TEST_F(batch, revoked_channel_is_EIDRM)
{
	ASSERT_EQ(0, kchan_revoke(self->rx));
	EXPECT_EQ(-EIDRM, kchan_send_batch(self->tx, self->out, 1, NULL));
	EXPECT_EQ(-EIDRM, kchan_recv_batch(self->rx, self->in, 1, NULL));
}

TEST_HARNESS_MAIN
