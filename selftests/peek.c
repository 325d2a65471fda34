// SPDX-License-Identifier: GPL-2.0
/* Looking at messages that stay where they are. */
#include "kchan_call.h"

FIXTURE(peek)
{
	int ctl;
	int fd;		/* O_RDWR, O_NONBLOCK */
	int rx;		/* O_RDONLY, blocking */
	char buf[64];
	struct kchan_recv arg;
	struct kc_trap trap;
	struct kc_call call;
};

FIXTURE_SETUP(peek)
{
	self->ctl = kc_ctl();
	self->fd = kc_create(self->ctl, NULL, O_RDWR | O_NONBLOCK);
	self->rx = kc_reopen(self->fd, O_RDONLY);
	ASSERT_LE(0, self->rx);
	self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
	self->arg.flags = KCHAN_PEEK;
}

FIXTURE_TEARDOWN(peek)
{
	EXPECT_TRUE(kc_sums(self->fd) || kc_state(self->fd).size == UINT32_MAX);
	close(self->rx);
	close(self->fd);
	close(self->ctl);
}

TEST_F(peek, peek_copies_the_first_message_and_leaves_it)
{
	struct kchan_recv taken = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_state before;

	ASSERT_EQ(0, kc_send(self->fd, 3, 99, "first", 5));
	ASSERT_EQ(0, kc_send(self->fd, 3, 98, "second", 6));
	before = kc_state(self->fd);
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(5, self->arg.len);
	EXPECT_EQ(0, memcmp(self->buf, "first", 5));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(0, kc_recv(self->rx, &taken));
	EXPECT_EQ(taken.seq, self->arg.seq);
	EXPECT_EQ(99, self->arg.tag);
	EXPECT_EQ(3, self->arg.prio);
	EXPECT_EQ(taken.time, self->arg.time);
	EXPECT_EQ(taken.pid, self->arg.pid);
	EXPECT_EQ(taken.uid, self->arg.uid);
	EXPECT_EQ(taken.gid, self->arg.gid);
	EXPECT_EQ(taken.expiry, self->arg.expiry);
	EXPECT_EQ(0, self->arg.reason);
	EXPECT_EQ(0, self->arg.origin);
}

TEST_F(peek, peek_is_no_delivery)
{
	struct kchan_recv taken = kc_recv_arg(self->buf, sizeof(self->buf));
	int i;

	ASSERT_EQ(1, write(self->fd, "x", 1));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		EXPECT_EQ(0, self->arg.deliveries);
	}
	ASSERT_EQ(0, kc_recv(self->rx, &taken));
	EXPECT_EQ(1, taken.deliveries);
}

TEST_F(peek, message_that_was_handed_out_shows_how_often)
{
	ASSERT_EQ(1, write(self->fd, "x", 1));
	ASSERT_EQ(1, kc_hold(self->fd));
	ASSERT_EQ(1, kc_nack(self->fd, 1));
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(1, self->arg.deliveries);
}

/* Sent 1 to 8; received in this order. */
static const uint64_t order[8] = { 8, 3, 7, 1, 4, 6, 2, 5 };

static bool send_eight(int fd)
{
	static const unsigned int prio[8] = { 5, 1, 6, 5, 0, 4, 6, 32767 };
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (kc_send(fd, prio[i], i % 2, &i, sizeof(i)))
			return false;
	return true;
}

TEST_F(peek, positions_are_those_of_receiving)
{
	unsigned int i;

	ASSERT_TRUE(send_eight(self->fd));
	for (i = 0; i < 8; i++) {
		self->arg.position = i;
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		EXPECT_EQ(order[i], self->arg.seq);
	}
	for (i = 8; i; i *= 2) {
		self->arg.position = i;
		EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &self->arg));
	}
	self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		EXPECT_EQ(order[i], self->arg.seq);
	}
}

/* More than one lock hold inspects. */
TEST_F(peek, positions_far_behind_are_reached)
{
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, kc_send(self->fd, i % 3, 0, &i, sizeof(i)));
	}
	for (i = 0; i < 1000; i += 37) {
		self->arg.position = i;
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		/* 333 of priority 2, 333 of 1, 334 of 0. */
		EXPECT_EQ(i < 333 ? 2 : i < 666 ? 1 : 0, self->arg.prio);
		EXPECT_EQ(i < 333 ? i * 3 + 3 : i < 666 ? (i - 333) * 3 + 2 :
			  (i - 666) * 3 + 1, self->arg.seq);
	}
}

TEST_F(peek, filters_go_for_peek)
{
	static const struct {
		unsigned int filter;
		uint64_t value, seq;
	} cases[] = {
		{ KCHAN_FILTER_TAG, 1, 8 }, { KCHAN_FILTER_TAG, 0, 3 },
		{ KCHAN_FILTER_TAG_MAX, 5, 3 }, { KCHAN_FILTER_TAG_NOT, 1, 3 },
		{ KCHAN_FILTER_PRIO_MIN, 7, 8 },
	};
	struct kchan_state before;
	unsigned int i;

	ASSERT_TRUE(send_eight(self->fd));
	before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		self->arg.filter = cases[i].filter;
		self->arg.value = cases[i].value;
		ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
		EXPECT_EQ(cases[i].seq, self->arg.seq)
			TH_LOG("case %u", i);
	}
	self->arg.filter = KCHAN_FILTER_TAG;
	self->arg.value = 2;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &self->arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(peek, peek_never_waits)
{
	struct kchan_recv was = self->arg;
	struct kchan_state before = kc_state(self->fd);

	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	self->arg.deadline = kc_now() + 1000 * KC_NS;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &self->arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(peek, peek_into_a_small_buffer_is_EMSGSIZE)
{
	struct kchan_state before;

	ASSERT_EQ(10, write(self->fd, "0123456789", 10));
	before = kc_state(self->fd);
	self->arg.capacity = 9;
	EXPECT_EQ(-EMSGSIZE, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(10, self->arg.len);
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(peek, peek_into_memory_that_faults_changes_nothing)
{
	struct kchan_recv taken = kc_recv_arg(self->buf, sizeof(self->buf));
	struct kchan_state before;

	ASSERT_EQ(10, write(self->fd, "0123456789", 10));
	before = kc_state(self->fd);
	self->arg.data = 1;
	EXPECT_EQ(-EFAULT, kc_recv(self->rx, &self->arg));
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
	ASSERT_EQ(0, kc_recv(self->rx, &taken));
	EXPECT_EQ(1, taken.deliveries);
}

TEST_F(peek, malformed_peeks_are_EINVAL)
{
	static const struct { uint32_t flags, filter, position; } bad[] = {
		{ KCHAN_PEEK | KCHAN_HOLD, 0, 0 },
		{ 0, 0, 1 }, { KCHAN_HOLD, 0, 1 },
		{ KCHAN_PEEK, KCHAN_FILTER_TAG, 1 },
		{ KCHAN_PEEK, KCHAN_FILTER_PRIO_MIN, 1 },
	};
	struct kchan_state before;
	struct kchan_recv was;
	unsigned int i;

	ASSERT_TRUE(send_eight(self->fd));
	before = kc_state(self->fd);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		self->arg.flags = bad[i].flags;
		self->arg.filter = bad[i].filter;
		self->arg.position = bad[i].position;
		was = self->arg;
		EXPECT_EQ(-EINVAL, kc_recv(self->fd, &self->arg))
			TH_LOG("case %u", i);
		EXPECT_EQ(0, memcmp(&was, &self->arg, sizeof(was)));
	}
	EXPECT_TRUE(kc_unchanged(&before, self->fd));
}

TEST_F(peek, endpoint_that_only_sends_is_EBADF)
{
	int tx = kc_reopen(self->fd, O_WRONLY);

	ASSERT_TRUE(send_eight(self->fd));
	EXPECT_EQ(-EBADF, kc_recv(tx, &self->arg));
	close(tx);
}

TEST_F(peek, peek_of_a_revoked_channel_is_EIDRM)
{
	ASSERT_TRUE(send_eight(self->fd));
	ASSERT_EQ(0, kc_revoke(self->fd));
	EXPECT_EQ(-EIDRM, kc_recv(self->rx, &self->arg));
}

TEST_F(peek, held_messages_are_not_seen)
{
	ASSERT_TRUE(send_eight(self->fd));
	ASSERT_EQ(8, kc_hold(self->fd));
	ASSERT_EQ(0, kc_recv(self->rx, &self->arg));
	EXPECT_EQ(3, self->arg.seq);
	self->arg.position = 7;
	EXPECT_EQ(-EAGAIN, kc_recv(self->rx, &self->arg));
}

TEST_F(peek, endpoint_that_may_hold_no_more_can_peek)
{
	ASSERT_TRUE(send_eight(self->fd));
	ASSERT_EQ(0, kc_held_max(self->fd, 1));
	ASSERT_EQ(8, kc_hold(self->fd));
	EXPECT_EQ(0, kc_recv(self->fd, &self->arg));
	EXPECT_EQ(1, kc_held(self->fd));
}

/* Starts a peek that stalls while it copies. */
static bool stall(FIXTURE_DATA(peek) *self)
{
	struct kc_call *call = &self->call;

	*call = kc_call(KC_RECV, self->rx, 0);
	call->recv = kc_recv_arg(NULL, 64);
	call->recv.flags = KCHAN_PEEK;
	call->at = self->trap.page;
	return !kc_start(call) && kc_trapped(&self->trap);
}

TEST_F(peek, peek_that_stalls_keeps_nobody_from_the_message)
{
	ASSERT_EQ(5, write(self->fd, "first", 5));
	ASSERT_TRUE(kc_trap_set(&self->trap));
	ASSERT_TRUE(stall(self));
	EXPECT_EQ(1, kc_state(self->fd).queued);
	EXPECT_EQ(5, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, kc_state(self->fd).queued);
	EXPECT_EQ(0, kc_state(self->fd).queued_bytes);
	/* Memory that was its own is used again, unless somebody kept it. */
	ASSERT_EQ(5, write(self->fd, "other", 5));
	ASSERT_EQ(0, kc_trap_fill(&self->trap, "xxxxxxxxxx"));
	EXPECT_EQ(0, kc_join(&self->call));
	EXPECT_EQ(5, self->call.recv.len);
	EXPECT_EQ(1, self->call.recv.seq);
	EXPECT_EQ(0, memcmp(self->trap.page, "firstxxxxx", 10));
	EXPECT_EQ(5, read(self->fd, self->buf, sizeof(self->buf)));
	EXPECT_EQ(0, memcmp(self->buf, "other", 5));
}

TEST_F(peek, peek_that_stalls_outlives_revoke)
{
	ASSERT_EQ(5, write(self->fd, "first", 5));
	ASSERT_TRUE(kc_trap_set(&self->trap));
	ASSERT_TRUE(stall(self));
	ASSERT_EQ(0, kc_revoke(self->fd));
	ASSERT_EQ(0, kc_trap_take_away(&self->trap));
	EXPECT_GT(0, kc_join(&self->call));
}

struct churn {
	int fd;
	bool stop;
	unsigned int bad;
};

static void *send_and_take(void *arg)
{
	struct churn *c = arg;
	char buf[64];
	uint64_t i;

	for (i = 1; !__atomic_load_n(&c->stop, __ATOMIC_RELAXED); i++) {
		char text[40];

		memset(text, 'a' + i % 26, sizeof(text));
		if (kc_send(c->fd, i % 5, 'a' + i % 26, text, sizeof(text)) ||
		    read(c->fd, buf, sizeof(buf)) != sizeof(text))
			c->bad++;
	}
	return NULL;
}

/* Whether it was seen whole: its payload is one letter, which is its tag. */
static bool whole(const struct kchan_recv *arg, const char *buf)
{
	unsigned int i;

	for (i = 0; i < arg->len; i++)
		if ((uint64_t)buf[i] != arg->tag)
			return false;
	return arg->len == 40;
}

TEST_F(peek, peek_beside_senders_and_receivers_sees_whole_messages)
{
	struct churn churn = { .fd = self->fd };
	unsigned int i, seen = 0;
	pthread_t thread;
	char text[40];
	int ret;

	memset(text, 'a', sizeof(text));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, kc_send(self->fd, 0, 'a', text, sizeof(text)));
	}
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_and_take, &churn));
	for (i = 0; i < 3000; i++) {
		self->arg = kc_recv_arg(self->buf, sizeof(self->buf));
		self->arg.flags = KCHAN_PEEK;
		self->arg.position = i % 90;
		ret = kc_recv(self->rx, &self->arg);
		EXPECT_TRUE(!ret || ret == -EAGAIN);
		seen += !ret;
		EXPECT_TRUE(ret || whole(&self->arg, self->buf));
	}
	__atomic_store_n(&churn.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	EXPECT_EQ(0, churn.bad);
	EXPECT_LT(0, seen);
}

TEST_HARNESS_MAIN
